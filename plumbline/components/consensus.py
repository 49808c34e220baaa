"""The consensus layer of the devnet: one beacon node on the executable specification."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

from plumbline_beacon import network

from plumbline.components.base import HelmComponent, Release, Workload
from plumbline.components.chain import forks
from plumbline.components.chain.beacon_control import BeaconControl
from plumbline.components.chain.finality import Checkpoint, Checkpoints, FinalityHistory
from plumbline.components.chain.sightings import Sightings
from plumbline.components.devnet import CONTROL_SECRET, NAMESPACE, Devnet
from plumbline.core import wait
from plumbline.kube.transport import NotFound

POD, CONTAINER, HTTP_PORT, CONTROL_PORT = "beacon-0", "beacon", "3500", 3999
_V1, _V2 = "/eth/v1/beacon", "/eth/v2/beacon"


@dataclass(frozen=True)
class Votes:
    """What the newest blocks tell of the validators' votes.

    Attributes:
        head_slot: slot of the head block.
        share: the share of a slot's committee whose votes are in a block, by slot.
        signed: the share of the sync committee that signed the parent of the head.
    """

    head_slot: int
    share: Mapping[int, float]
    signed: float

    def lacking(self) -> dict[int, float]:
        """Return those of the two slots before the head of whose committee no more than two thirds voted."""
        newest = {slot: self.share.get(slot, 0.0) for slot in (self.head_slot - 2, self.head_slot - 1)}
        return {slot: share for slot, share in newest.items() if share <= 2 / 3}


@dataclass(frozen=True)
class ServedFinality:
    """What the beacon node serves as final.

    Attributes:
        root: root of the block that it calls finalized.
        slot: slot of that block.
        proved: whether the finality update proves that very block to light clients.
    """

    root: str
    slot: int
    proved: bool


@dataclass(frozen=True)
class ServedUpdate:
    """The newest update that a light client is served.

    Attributes:
        block: number of the block whose header it tells of.
        signed: the share of the sync committee that signed it.
    """

    block: int
    signed: float


class Consensus(HelmComponent):
    """The beacon node (local/beacon): ready when the chain finalizes and followers can safely snap-sync."""

    name: ClassVar[str] = "consensus"
    needs: ClassVar[tuple[str, ...]] = ("storage", "network-policy", "devnet", "monitor-definitions")
    uses: ClassVar[tuple[str, ...]] = ("execution",)
    within_s: ClassVar[float] = 180.0
    brought_images: ClassVar[tuple[str, ...]] = ("beacon-base",)
    releases: ClassVar[tuple[Release, ...]] = (Release("beacon", "beacon", NAMESPACE),)
    workloads: ClassVar[tuple[Workload, ...]] = (Workload("StatefulSet", "beacon", NAMESPACE),)
    own_images: ClassVar[tuple[str, ...]] = ("plumbline.local/beacon:0.1.0",)
    asked: ClassVar[tuple[str, ...]] = (HTTP_PORT,)

    # -- the Beacon API (https://ethereum.github.io/beacon-APIs) --------------------------------------------------

    def api(self, path: str, **query: Any) -> Any:
        """Return the decoded answer of a Beacon API path.

        Raises:
            NotFound: the node has no such thing.
            OSError: it does not answer.
        """
        return self.kube.request("GET", self.kube.pod_url(NAMESPACE, POD, HTTP_PORT) + path, **query)

    @property
    def version(self) -> str:
        """Name and version of the program."""
        return str(self.api("/eth/v1/node/version")["data"]["version"])

    @property
    def spec(self) -> Mapping[str, Any]:
        """The configuration of its chain."""
        return self.api("/eth/v1/config/spec")["data"]  # type: ignore[no-any-return]

    @property
    def forks(self) -> tuple[network.Fork, ...]:
        """The forks of its configuration."""
        return forks.schedule_of(self.spec)

    @property
    def max_blobs(self) -> int:
        """How many blobs a block of the head's epoch may have (EIP-7892)."""
        epoch = network.epoch_of(self.head_slot)
        limits = {int(entry["EPOCH"]): int(entry["MAX_BLOBS_PER_BLOCK"]) for entry in self.spec["BLOB_SCHEDULE"]}
        return limits[max(start for start in limits if start <= epoch)]

    def checkpoints(self) -> Checkpoints:
        """Return the head state's finality checkpoints."""
        return Checkpoints.of(self.api(f"{_V1}/states/head/finality_checkpoints")["data"])

    def header(self, block: str | int) -> Mapping[str, Any]:
        """Return a block's header with its root, by slot, root or ``head``.

        Raises:
            NotFound: there is none.
        """
        return self.api(f"{_V1}/headers/{block}")["data"]  # type: ignore[no-any-return]

    def block(self, block: str | int) -> Mapping[str, Any]:
        """Return a block's message, by slot, root or ``head``.

        Raises:
            NotFound: there is none.
        """
        return self.api(f"{_V2}/blocks/{block}")["data"]["message"]  # type: ignore[no-any-return]

    @property
    def head_slot(self) -> int:
        """Slot of the head block."""
        return int(self.header("head")["header"]["message"]["slot"])

    def payload_of(self, checkpoint: Checkpoint) -> tuple[int, str]:
        """Return number and hash of the execution block of a checkpoint."""
        payload = self.block(checkpoint.root)["body"]["execution_payload"]
        return int(payload["block_number"]), str(payload["block_hash"])

    # -- what the harness asks beyond it --------------------------------------------------------------------------

    def finality_history(self) -> FinalityHistory:
        """Return what each epoch's first block said about finality, from the back-fill on."""
        return FinalityHistory.of(self.api("/plumbline/v1/finality_history"))

    def chain(self, slots: Sequence[int]) -> Sightings:
        """Return the canonical blocks of some slots."""
        return Sightings({slot: self._seen(slot) for slot in slots})

    def _seen(self, slot: int) -> frozenset[str]:
        try:
            return frozenset({str(self.header(slot)["root"])})
        except NotFound:
            return frozenset()

    def votes(self, blocks: int) -> Votes:
        """Return the votes (attestations) in the newest ``blocks`` blocks."""
        block = self.block("head")
        head, shares = int(block["slot"]), dict[int, float]()
        signed = _share_signed(block["body"])
        for remaining in reversed(range(blocks)):
            for vote in block["body"]["attestations"]:
                slot = int(vote["data"]["slot"])
                shares[slot] = max(shares.get(slot, 0.0), _share(vote["aggregation_bits"]))
            if remaining:
                block = self.block(block["parent_root"])
        return Votes(head, shares, signed)

    def at_slot(self, slot: int) -> wait.Condition[int]:
        """Hold when the head is of a slot, or of a later one."""

        def look() -> wait.Observation[int]:
            head = self.head_slot
            return wait.Observation(head >= slot, head, f"{POD} is at slot {head}, not {slot}")

        return wait.poll(look, every_s=0.5)

    def served_finality(self) -> ServedFinality:
        """Return what clients are served as final: the named block, and the header in the finality update."""
        named = self.header("finalized")
        proved = self.api(f"{_V1}/light_client/finality_update")["data"]["finalized_header"]["beacon"]
        return ServedFinality(
            str(named["root"]), int(named["header"]["message"]["slot"]), named["header"]["message"] == proved
        )

    @staticmethod
    def way_for(client: str) -> str:
        """Return the Beacon API's URL for one client: what is served there can be spoilt for it alone."""
        return f"http://beacon.{NAMESPACE}.svc.cluster.local:{HTTP_PORT}{_alone(client)}"

    def update_for(self, client: str) -> ServedUpdate:
        """Return the newest update that one client is served."""
        update = self.api(f"{_alone(client)}{_V1}/light_client/optimistic_update")["data"]
        return ServedUpdate(int(update["attested_header"]["execution"]["block_number"]), _share_signed(update))

    @contextmanager
    def misleading(self, client: str, fault: str, **parameters: Any) -> Iterator[None]:
        """Have one client see a fault while the block runs."""
        with self.control() as control:
            control.mislead(client, fault, **parameters)
        try:
            yield
        finally:
            with self.control() as control:
                control.enlighten(client)

    @contextmanager
    def control(self, pod: str = POD) -> Iterator[BeaconControl]:
        """Open the way to a beacon node's control port, which listens on the pod's loopback only."""
        token = Devnet(self.site).secret(CONTROL_SECRET)["token"]
        with (
            self.kube.forward(NAMESPACE, f"pod/{pod}", CONTROL_PORT) as address,
            BeaconControl.at(address, token) as control,
        ):
            yield control


def _share(aggregation_bits: str) -> float:
    """Return the share of bits that are set in an SSZ bit list (its highest bit marks the length)."""
    bits = int.from_bytes(bytes.fromhex(aggregation_bits.removeprefix("0x")), "little")
    length = bits.bit_length() - 1
    return (bits.bit_count() - 1) / length if length > 0 else 0.0


def _alone(client: str) -> str:
    return f"/for/{client}"


def _share_signed(signed: Mapping[str, Any]) -> float:
    """Return the share of the sync committee (an SSZ bit vector) whose signature is in a block's body, or in an update."""
    octets = bytes.fromhex(signed["sync_aggregate"]["sync_committee_bits"].removeprefix("0x"))
    return int.from_bytes(octets, "little").bit_count() / (8 * len(octets))
