"""The execution layer: Geth nodes in a full mesh, two that can produce blocks and one that follows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from plumbline.components.base import HelmComponent, Release, Site, Workload
from plumbline.components.chain import transactions
from plumbline.components.chain.answers import Answers
from plumbline.components.chain.client import Client, Identity
from plumbline.components.chain.forks import Schedule
from plumbline.components.chain.nodes import Nodes
from plumbline.components.chain.slots import BLOCK_DUE_S, SlotClock
from plumbline.components.chain.transactions import AccountState, Receipt
from plumbline.components.devnet import MEMBERS, NAMESPACE, Devnet
from plumbline.core import wait
from plumbline.core.config import Config
from plumbline.core.errors import PlumblineError
from plumbline.core.patience import settle
from plumbline.kube import api as k8s
from plumbline.kube import metrics, rpc, usage
from plumbline.kube.api import Kube, Object
from plumbline.kube.rpc import Direct
from plumbline.kube.usage import Usage

_RESUMED = re.compile(r"(?:Loaded most recent local block|Rewound to block with (?:available )?state) +number=([\d,]+)")
CONTAINER, RPC_PORT, ENGINE_PORT, METRICS_PORT = "geth", "8545", 8551, "6060"
LATE, SERVICE = "geth-late-0", "geth"
# Blocks; of what they are the sum, the configuration says.
CRASH_LOSES_AT_MOST = Config.rpo_crash_blocks
_OF_SERVICE = f"kubernetes.io/service-name={SERVICE}"


@dataclass(frozen=True)
class Geth(Client):
    """One Geth node, spoken to through the API server (so it needs no address of its own)."""

    kube: Kube
    namespace: str = NAMESPACE

    def rpc(self, method: str, *params: Any) -> Any:
        """Call a JSON-RPC method on this very node and return the result.

        Raises:
            rpc.RpcError: the node answered with an error.
            OSError: it does not answer.
        """
        return rpc.call(self.kube, self.namespace, self.name, RPC_PORT, method, params)

    def repeat(self, method: str, times: int) -> None:
        """Call a method without parameters many times at once."""
        rpc.repeat(self.kube, NAMESPACE, self.name, RPC_PORT, method, times)

    def direct(self) -> AbstractContextManager[Direct]:
        """Open a way for large answers."""
        return rpc.direct(self.kube, self.namespace, self.name, RPC_PORT)

    @property
    def usage(self) -> Usage:
        """What it uses of its node."""
        return usage.of_pod(self.kube, self.namespace, self.name)

    @property
    def image(self) -> str:
        """The image that its pod runs."""
        containers = self.kube.get("Pod", self.name, self.namespace)["spec"]["containers"]
        return next(str(c["image"]) for c in containers if c["name"] == CONTAINER)

    def metrics(self) -> dict[str, float]:
        """Return the metrics without labels, by name.

        Not for what Prometheus scrapes at the same time: Geth's timers are reset by each reader.
        """
        return metrics.of_pod(self.kube, self.namespace, self.name, METRICS_PORT, "/debug/metrics/prometheus")

    def resumed_at(self) -> int:
        """Return the number of the block that it had when its process started, as its log says.

        Raises:
            LookupError: the log does not say.
        """
        found = _RESUMED.findall(self.log())
        if not found:
            raise LookupError(f"the log of {self.name} does not say from which block it started")
        return int(found[-1].replace(",", ""))

    def log(self, *, previous: bool = False) -> str:
        """Return the container's log, or that of the container before it."""
        return self.kube.logs(self.namespace, self.name, container=CONTAINER, previous=previous, tail=5000)


class Execution(HelmComponent, Nodes[Geth]):
    """Geth by the chart ``geth-node``: release ``geth`` (two producers) and ``geth-follower`` (snap sync)."""

    name: ClassVar[str] = "execution"
    needs: ClassVar[tuple[str, ...]] = ("storage", "network-policy", "devnet", "monitor-definitions")
    uses: ClassVar[tuple[str, ...]] = ("consensus",)
    within_s: ClassVar[float] = 180.0
    brought_images: ClassVar[tuple[str, ...]] = ("geth",)
    releases: ClassVar[tuple[Release, ...]] = (
        Release("geth", "geth-node", NAMESPACE, asks_api_server=True),
        Release(
            "geth-follower", "geth-node", NAMESPACE, values_file="values.local-follower.yaml", asks_api_server=True
        ),
    )
    workloads: ClassVar[tuple[Workload, ...]] = (
        Workload("StatefulSet", "geth", NAMESPACE),
        Workload("StatefulSet", "geth-follower", NAMESPACE),
    )
    asked: ClassVar[tuple[str, ...]] = (RPC_PORT, METRICS_PORT)

    def __init__(self, site: Site) -> None:
        """Bind to the place."""
        super().__init__(site)
        self.devnet = Devnet(site)

    def values(self, release: Release) -> Mapping[str, Any]:
        """Return the mesh: every member's enode, so that each dials each."""
        return {"p2p": {"staticNodes": self._enodes}}

    def prepare(self) -> None:
        """Load what computes the nodes' identities from their keys: it takes half a second."""
        import eth_keys.datatypes  # noqa: F401, PLC0415

    @cached_property
    def _enodes(self) -> list[str]:
        return list(self.devnet.enodes().values())

    def ready(self) -> wait.Condition[Any]:
        """Hold when every node has rolled out and is connected to each other one."""
        return wait.every(super().ready(), wait.poll(self._meshed, every_s=0.25))

    def _meshed(self) -> wait.Observation[None]:
        alone = self.peers().where_not(lambda peers: peers >= self.mesh)
        return wait.Observation(not alone, None, alone.line(f"{self.mesh} peers"))

    # -- its releases ---------------------------------------------------------------------------------------------

    def revision(self, release: str) -> int:
        """Return the number of a release's last revision."""
        return next(int(each["revision"]) for each in self.site.helm.releases() if each["name"] == release)

    def refusal(self, release: str, change: Mapping[str, Any]) -> str:
        """Upgrade a release with values that are wrong, and return why they were refused, empty where they were taken."""
        try:
            self.upgrade(release, change)
        except PlumblineError as error:
            return str(error)
        return ""

    def roll_back(self, release: str) -> None:
        """Put a release back to the revision before; does not wait."""
        self.site.helm.rollback(release, NAMESPACE)

    def rolled_out(self, release: str) -> wait.Condition[Any]:
        """Return the condition that a release's nodes run as it says now, and serve."""
        return self.kube.rolled_out("StatefulSet", release, NAMESPACE)

    # -- what can be asked of the nodes --------------------------------------------------------------------------

    @property
    def nodes(self) -> list[Geth]:
        """The standing nodes: the producers, then the follower."""
        return [self.node(pod) for pod in MEMBERS if pod != LATE]

    def node(self, name: str) -> Geth:
        """Return one node by its pod's name."""
        return Geth(name, self.kube)

    @property
    def mesh(self) -> int:
        """How many peers each node of the full mesh has."""
        return len(self.nodes) - 1

    @property
    def oldest_head_s(self) -> float:
        """How old a node's head may grow: two slots, in seconds."""
        return SlotClock.seconds(2)

    def behind_service(self) -> set[str]:
        """Return the pods that clients are sent to: the ready endpoints of the Service for JSON-RPC."""
        return _ready_endpoints(self.kube.objects("EndpointSlice", NAMESPACE, selector=_OF_SERVICE))

    def in_service(self, pod: str, wanted: bool) -> wait.Condition[None]:
        """Return the condition that clients are sent to a pod, or are not."""

        def judge(slices: dict[str, Object]) -> wait.Observation[None]:
            inside = pod in _ready_endpoints(slices.values())
            return wait.Observation(
                inside == wanted, None, f"{pod} is {'in' if inside else 'out of'} Service {SERVICE}"
            )

        return self.kube.watch("EndpointSlice", NAMESPACE, judge, selector=_OF_SERVICE)

    def restarts_of(self, pod: str) -> int:
        """Return how often the containers of a node's pod were restarted."""
        return k8s.restarts(self.kube.get("Pod", pod, NAMESPACE))

    def volume_of(self, pod: str) -> str:
        """Return the name of the volume that a node keeps its chain on."""
        return str(self.kube.get("PersistentVolumeClaim", claim_of(pod), NAMESPACE)["spec"]["volumeName"])

    def expected_identity(self) -> Identity:
        """Return the network that the devnet's genesis makes."""
        genesis, genesis_hash = self.devnet.genesis, self.devnet.genesis_hash
        head = self.nodes[0].block("latest")
        schedule = Schedule.asked_for(genesis, genesis_hash, int(head["timestamp"], 16))
        return Identity(genesis["config"]["chainId"], genesis["config"]["chainId"], genesis_hash, schedule)

    def version_drift(self) -> Answers[str]:
        """Return the nodes that run another version than the tag of their image names."""
        tags = {node.name: node.image.rpartition(":")[2] for node in self.nodes}
        return Answers({n: a for n, a in self.versions().by_node.items() if f"/{tags[n]}-" not in (a.value or "")})

    def receipts(self, *sent: str, within_s: float) -> Answers[tuple[Receipt | None, ...]]:
        """Return the receipts of transactions on each node.

        Args:
            sent: hashes of the transactions.
            within_s: how long the first node may take to have all of them, in seconds; the others have the third of a slot
                more, in which a block must be everywhere.
        """

        def look(enough: Callable[[Iterable[bool]], bool]) -> wait.Observation[Answers[tuple[Receipt | None, ...]]]:
            seen = self.ask(lambda node: tuple(transactions.receipt(node, one) for one in sent), within_s=3)
            lacking = seen.where_not(all)
            return wait.Observation(enough(node not in lacking for node in seen), seen, lacking.line("all receipts"))

        settle(wait.poll(lambda: look(any), every_s=0.5), named="the receipts on a node", within_s=within_s)
        everywhere = wait.poll(lambda: look(all), every_s=0.5)
        settled = settle(everywhere, named="the receipts on every node", within_s=BLOCK_DUE_S)
        assert settled.value is not None, settled.summary
        return settled.value

    def accounts(self, address: str, at: int) -> Answers[AccountState]:
        """Return an account at a height, as each node has it."""
        return self.ask(lambda node: transactions.account(node, address, at))


def claim_of(pod: str) -> str:
    """Return the name of the claim that a node keeps its chain on."""
    return f"data-{pod}"


def _ready_endpoints(slices: Iterable[Object]) -> set[str]:
    """Return the pods of endpoints that are ready, which is what the Service's clients are sent to."""
    endpoints = (each for one in slices for each in one.get("endpoints") or ())
    return {str(each["targetRef"]["name"]) for each in endpoints if each["conditions"].get("ready")}
