"""What a snapshot of a node's volume says of the chain in it: which one, how far, and by which client it was written.

The schedule of the chart ``geth-node`` puts the same marks on what it takes.
"""

from __future__ import annotations

from dataclasses import dataclass

from plumbline.components.execution import Geth
from plumbline.components.volumes.snapshots import Snapshot
from plumbline.core.errors import UsageError

CHAIN_ID, MODE, SCHEDULE = "plumbline.dev/chain-id", "plumbline.dev/mode", "plumbline.dev/schedule"  # labels
GENESIS, CLIENT = "plumbline.dev/genesis-hash", "plumbline.dev/client-version"  # annotations, as the next two
HEAD_BLOCK, HEAD_HASH = "plumbline.dev/head-block", "plumbline.dev/head-hash"


class MarksMissing(UsageError):
    """A snapshot does not say what chain is in it."""

    def __init__(self, snapshot: Snapshot, key: str) -> None:
        """Keep the snapshot, and the label or annotation that is missing or makes no sense."""
        self.snapshot, self.key = snapshot, key
        super().__init__(
            f"snapshot {snapshot.namespace}/{snapshot.name} does not say {key}: it was not taken by the schedule or by "
            "plumbline; take one that was, or write the annotation"
        )


@dataclass(frozen=True)
class ChainMarks:
    """The chain in a snapshot.

    Attributes:
        chain_id: its chain id, which the devnet shares with Sepolia.
        genesis_hash: what tells those apart.
        head_block: newest block that the node had when the snapshot was asked for.
        head_hash: that block's hash.
        client_version: name and version of the client (``web3_clientVersion``).
    """

    chain_id: int
    genesis_hash: str
    head_block: int
    head_hash: str
    client_version: str

    @classmethod
    def of(cls, node: Geth) -> ChainMarks:
        """Ask a node."""
        head = node.block("latest")
        return cls(
            chain_id=int(node.rpc("eth_chainId"), 16),
            genesis_hash=str(node.block(0)["hash"]),
            head_block=int(head["number"], 16),
            head_hash=str(head["hash"]),
            client_version=node.version,
        )

    @classmethod
    def on(cls, snapshot: Snapshot) -> ChainMarks:
        """Read what a snapshot says.

        Raises:
            MarksMissing: it does not.
        """
        said = {**snapshot.annotations, **snapshot.labels}
        for key in (CHAIN_ID, GENESIS, HEAD_BLOCK, HEAD_HASH, CLIENT):
            if not said.get(key) or (key in (CHAIN_ID, HEAD_BLOCK) and not said[key].isdecimal()):
                raise MarksMissing(snapshot, key)
        return cls(int(said[CHAIN_ID]), said[GENESIS], int(said[HEAD_BLOCK]), said[HEAD_HASH], said[CLIENT])

    @property
    def labels(self) -> dict[str, str]:
        """What a snapshot is found by."""
        return {CHAIN_ID: str(self.chain_id)}

    @property
    def annotations(self) -> dict[str, str]:
        """What else it says; a hash is too long for a label."""
        return {
            GENESIS: self.genesis_hash,
            HEAD_BLOCK: str(self.head_block),
            HEAD_HASH: self.head_hash,
            CLIENT: self.client_version,
        }
