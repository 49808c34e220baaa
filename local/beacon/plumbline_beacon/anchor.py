"""The chain's first state and block: as if it had been running up to the first slot of an epoch, with everything finalized before it."""

from __future__ import annotations

from typing import Any, Final

from plumbline_beacon import keys, network
from plumbline_beacon.encoding import from_hex
from plumbline_beacon.payloads import payload_of_genesis
from plumbline_beacon.spec import GENESIS_VALIDATORS_ROOT, NO_ROOT, BeaconState, SignedBeaconBlock, root_of, spec

_BEFORE_ANCHOR: Final = b"plumbline root before the anchor"


def build_anchor(el_genesis: dict[str, Any], epoch: int) -> tuple[BeaconState, SignedBeaconBlock]:
    """Return a Fulu state at the first slot of `epoch` and its block, whose payload is the execution layer's genesis block.

    That payload makes light-client bootstraps of the anchor verify, execution branch included. Justified and finalized is a synthetic
    checkpoint one epoch earlier (epoch 0 would mean an inactivity leak since then). The validators compound and hold 2048 ETH
    (EIP-7251): each passes the effective-balance lottery of proposer and sync-committee selection at once, which makes epochs cheap.
    """
    slot = network.epoch_start(epoch)
    payload = payload_of_genesis(el_genesis)
    body = spec.BeaconBlockBody(execution_payload=payload)
    before = spec.Checkpoint(epoch=epoch - 1, root=root_of(spec.Bytes32(_BEFORE_ANCHOR)))
    balance = int(spec.MAX_EFFECTIVE_BALANCE_ELECTRA)
    state = spec.BeaconState(
        genesis_time=network.GENESIS_TIME,
        genesis_validators_root=GENESIS_VALIDATORS_ROOT,
        slot=slot,
        fork=spec.Fork(
            previous_version=spec.config.ELECTRA_FORK_VERSION,
            current_version=spec.config.FULU_FORK_VERSION,
            epoch=spec.config.FULU_FORK_EPOCH,
        ),
        latest_block_header=spec.BeaconBlockHeader(
            slot=slot, proposer_index=0, parent_root=before.root, body_root=root_of(body)
        ),
        eth1_data=spec.Eth1Data(deposit_root=NO_ROOT, deposit_count=keys.VALIDATORS, block_hash=payload.block_hash),
        eth1_deposit_index=keys.VALIDATORS,
        randao_mixes=spec.RandaoMixes(data=[bytes(payload.block_hash)] * int(spec.EPOCHS_PER_HISTORICAL_VECTOR)),
        validators=spec.Validators(data=[_validator(index, balance) for index in range(keys.VALIDATORS)]),
        balances=spec.Balances(data=[balance] * keys.VALIDATORS),
        previous_epoch_participation=spec.EpochParticipation(data=[0] * keys.VALIDATORS),
        current_epoch_participation=spec.EpochParticipation(data=[0] * keys.VALIDATORS),
        inactivity_scores=spec.InactivityScores(data=[0] * keys.VALIDATORS),
        previous_justified_checkpoint=before,
        current_justified_checkpoint=before.copy(),
        finalized_checkpoint=before.copy(),
        deposit_requests_start_index=keys.VALIDATORS,
        earliest_exit_epoch=epoch + 5,
        earliest_consolidation_epoch=epoch + 5,
    )
    block = spec.BeaconBlock(slot=slot, proposer_index=0, parent_root=before.root, body=body)
    header = spec.block_to_light_client_header(spec.SignedBeaconBlock(message=block))
    state.latest_execution_payload_header = header.execution
    state.current_sync_committee = spec.get_next_sync_committee(state)
    state.next_sync_committee = state.current_sync_committee.copy()
    state.proposer_lookahead = spec.initialize_proposer_lookahead(state)
    block.state_root = root_of(state)
    return state, spec.SignedBeaconBlock(message=block)


def _validator(index: int, balance: int) -> Any:
    return spec.Validator(
        pubkey=keys.public_key(index),
        withdrawal_credentials=b"\x02" + b"\x00" * 11 + from_hex(network.VALIDATOR_ACCOUNT.address),
        effective_balance=balance,
        activation_eligibility_epoch=0,
        activation_epoch=0,
        exit_epoch=spec.FAR_FUTURE_EPOCH,
        withdrawable_epoch=spec.FAR_FUTURE_EPOCH,
    )
