"""The executable consensus specification (Fulu, mainnet preset), configured for the devnet.

Source: ethereum/consensus-specs as packaged in eth-consensus-specs. Its functions are generated code without useful static types, so
the module and its containers are `Any` here; at run time its SSZ types are strict.
"""

from __future__ import annotations

from typing import Any, Final

from eth_consensus_specs.fulu import mainnet as _mainnet
from frozendict import frozendict

from plumbline_beacon import accelerate, network
from plumbline_beacon.encoding import from_hex

type BeaconState = Any
type SignedBeaconBlock = Any
type BeaconBlock = Any
type Attestation = Any
type LightClientUpdate = Any
type LightClientBootstrap = Any

spec: Any = _mainnet

NO_ROOT: Final = b"\x00" * 32
GENESIS_VALIDATORS_ROOT: Final = from_hex(network.GENESIS_VALIDATORS_ROOT)


def _configured() -> Any:
    """Return the specification's configuration with Sepolia's values.

    The specification's functions read the module's global `config`, so that replacing it is enough.
    """
    changed: dict[str, Any] = {
        "MIN_GENESIS_TIME": spec.Uint64(network.GENESIS_TIME),
        "GENESIS_DELAY": spec.Uint64(0),
        "DEPOSIT_CHAIN_ID": spec.Uint64(network.CHAIN_ID),
        "DEPOSIT_NETWORK_ID": spec.Uint64(network.CHAIN_ID),
        "DEPOSIT_CONTRACT_ADDRESS": spec.ExecutionAddress(network.DEPOSIT_CONTRACT),
        "TERMINAL_TOTAL_DIFFICULTY": spec.Uint256(network.TERMINAL_TOTAL_DIFFICULTY),
        "BLOB_SCHEDULE": tuple(
            frozendict({"EPOCH": limit.epoch, "MAX_BLOBS_PER_BLOCK": limit.max_blobs})
            for limit in network.BLOB_SCHEDULE
        ),
    }
    for fork in network.FORKS:
        changed[f"{fork.name}_FORK_VERSION"] = spec.Version(fork.version)
        if fork.name != "GENESIS":
            changed[f"{fork.name}_FORK_EPOCH"] = spec.Epoch(fork.epoch)
    return spec.config._replace(**changed)


spec.config = _configured()
accelerate.install(spec)


def root_of(value: Any) -> bytes:
    """Return the hash tree root of a value as plain bytes."""
    return bytes(spec.hash_tree_root(value))


def advance(state: BeaconState, slot: int) -> None:
    """Bring a state up to a slot, empty slots included (``process_slots``); no-op when it is there."""
    if int(state.slot) < slot:
        spec.process_slots(state, slot)
