"""A node that joins late: it downloads a recent state instead of executing history, guided by its own beacon light client."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from plumbline_beacon.genesis import FILLER_ACCOUNTS, filler_address, filler_balance

from plumbline.components.base import Release
from plumbline.components.chain.further_node import FurtherNode
from plumbline.components.consensus import Consensus
from plumbline.components.devnet import NAMESPACE
from plumbline.components.execution import LATE, SERVICE, Execution, Geth
from plumbline.core import wait
from plumbline.core.errors import PlumblineError
from plumbline.core.patience import Settled, settle
from plumbline.kube.rpc import RpcError

_RELEASE = Release("geth-late", "geth-node", NAMESPACE, values_file="values.local-late.yaml", asks_api_server=True)
JOINED_WITHIN_S = 40.0
_SIGNS = ("snap-sync", "State sync phase", "Syncing: state", "pivot", "light client", "WARN", "ERROR")
_PIVOT = re.compile(r"Disabled snap-sync after pivot commitment +number=([\d,]+)")


@dataclass(frozen=True)
class SnapSync:
    """What a late joiner did, as it was seen from outside.

    Attributes:
        peers: its peers.
        head: its head.
        network_head: the head of the others at that moment.
        accounts: accounts that it downloaded (metric eth_protocols_snap_sync_accounts).
        log: the lines of its log that speak of its synchronisation.
        seconds: from the start of the release to the end of the observation.
    """

    peers: int = 0
    head: int = 0
    network_head: int = 0
    accounts: int = 0
    log: Sequence[str] = ()
    seconds: float = 0.0

    @property
    def at_head(self) -> bool:
        """Whether it has caught up: a light client learns of a block with the next one, so it may be one behind."""
        return 0 < self.network_head <= self.head + 1

    @property
    def pivot(self) -> int | None:
        """The block whose state it downloaded, or None where it downloaded none."""
        found = [match.group(1) for line in self.log if (match := _PIVOT.search(line))]
        return int(found[-1].replace(",", "")) if found else None

    @property
    def downloaded_state(self) -> bool:
        """Whether its log tells of a state download from beginning to end, and its counter of all the accounts."""
        begun = any("Enabled snap-sync" in line for line in self.log)
        done = any("State sync phase is completed" in line for line in self.log)
        return begun and done and self.pivot is not None and self.accounts >= FILLER_ACCOUNTS

    def timeline(self) -> str:
        """Say how far it came, and what its log says of it."""
        reached = f"{LATE}: block {self.head} of {self.network_head} after {self.seconds:.1f} s, {self.peers} peers"
        return "\n".join([f"{reached}, {self.accounts} accounts downloaded, pivot {self.pivot}", *self.log[-40:]])


@dataclass(frozen=True)
class Joined:
    """What was seen of a late joiner from its start until it was at the head and got clients, or the time was over.

    Whose state it has is asked of one that is at the head only.

    Attributes:
        name: its pod.
        synced: how it synchronised.
        admitted: whether clients were sent to it; the value is how many blocks it was behind at that moment.
        below: a height whose state it had no need of: just below the block whose state it downloaded.
        has_below: whether it has that state all the same.
        others_have_below: whether the node that it joined has it: else that the late one has not would prove nothing.
        wrong_balances: accounts of the genesis whose balance at its head it does not know, or has wrong.
    """

    name: str
    synced: SnapSync
    admitted: Settled[int]
    below: int = 0
    has_below: bool = False
    others_have_below: bool = False
    wrong_balances: Sequence[str] = ()


class LateJoiner(FurtherNode):
    """The release ``geth-late``."""

    def __init__(self, execution: Execution, consensus: Consensus) -> None:
        """Bind to the nodes it joins, and to the beacon node that its light client asks."""
        super().__init__(_RELEASE, execution, consensus)
        self._joined_at = 0.0

    def join(self, **values: Any) -> None:
        """Start it, and note when; does not wait for it."""
        self._joined_at = time.monotonic()
        super().join(**values)

    def watched(self, within_s: float) -> Joined:
        """Watch it until it is at the head and gets clients, or the time (seconds) is over, and ask it whose state it has."""
        with ThreadPoolExecutor(1) as pool:
            gets_clients = f"{self.name} gets clients"
            admitting = pool.submit(settle, self._admitted(), named=gets_clients, within_s=within_s)
            synced = self._follow(within_s)
            joined = Joined(self.name, synced, admitting.result())
        if not (synced.at_head and synced.pivot):
            return joined
        below = synced.pivot - 1
        has, others_have = (self._has_state_at(node, below) for node in (self.node, self.execution.nodes[0]))
        wrong = self._wrong_balances(synced.head)
        return replace(joined, below=below, has_below=has, others_have_below=others_have, wrong_balances=wrong)

    def _follow(self, within_s: float) -> SnapSync:
        settled = settle(wait.poll(self._look, every_s=0.25), named=f"{LATE} at the head", within_s=within_s)
        seen = settled.value or SnapSync(log=(settled.summary,))
        return replace(
            seen, log=self._signs() or seen.log, accounts=self._accounts(), seconds=time.monotonic() - self._joined_at
        )

    def _look(self) -> wait.Observation[SnapSync]:
        network_head = self.execution.nodes[0].head
        seen = SnapSync(self.node.peers, self.node.head, network_head)
        return wait.Observation(seen.at_head, seen, f"block {seen.head} of {network_head}, {seen.peers} peers")

    def _signs(self) -> tuple[str, ...]:
        try:
            return tuple(line for line in self.node.log().splitlines() if any(sign in line for sign in _SIGNS))
        except (PlumblineError, OSError) as error:
            return (f"(no log: {error})",)

    def _accounts(self) -> int:
        try:
            return int(self.node.metrics().get("eth_protocols_snap_sync_accounts", 0))
        except (PlumblineError, OSError, ValueError):
            return 0

    def _admitted(self) -> wait.Condition[int]:

        def look() -> wait.Observation[int]:
            inside, network_head = self.name in self.execution.behind_service(), self.execution.nodes[0].head
            try:
                head = self.node.head
            except (PlumblineError, OSError):  # it does not even answer
                head = 0
            where = "in" if inside else "out of"
            told = f"{self.name} is {where} Service {SERVICE}, at block {head} of {network_head}"
            return wait.Observation(inside, network_head - head, told)

        return wait.poll(look, every_s=0.1)

    # -- whose state it has ---------------------------------------------------------------------------------------

    def _wrong_balances(self, at: int) -> list[str]:
        indices = range(0, FILLER_ACCOUNTS, FILLER_ACCOUNTS // 8)
        return [filler_address(i) for i in indices if self._balance(self.node, i, at) != filler_balance(i)]

    def _has_state_at(self, node: Geth, number: int) -> bool:
        return self._balance(node, 0, number) is not None

    @staticmethod
    def _balance(node: Geth, index: int, at: int) -> int | None:
        try:
            return int(node.rpc("eth_getBalance", filler_address(index), hex(at)), 16)
        except RpcError:
            return None
