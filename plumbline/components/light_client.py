"""The light client: Helios, which verifies by the sync committee and by proofs what the execution nodes answer."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, ClassVar

import yaml

from plumbline.components.base import HelmComponent, Release, Workload
from plumbline.components.chain import answers, heads
from plumbline.components.chain.answers import Answers
from plumbline.components.chain.heads import Heads
from plumbline.components.chain.slots import Window
from plumbline.core import wait
from plumbline.kube import rpc, usage
from plumbline.kube.api import Kube, Object
from plumbline.kube.rpc import Direct
from plumbline.kube.transport import ApiError
from plumbline.kube.usage import Usage

NAMESPACE, HOST = "helios", "helios.oumla.local"
RPC_PORT, METRICS_PORT = "8545", "8008"
IMAGE = "plumbline.local/helios:0.1.0"
# Of its own (local/helios): the execution node's answer does not agree with the verified chain.
UNVERIFIED = -32010


@dataclass(frozen=True)
class Helios:
    """One light client, spoken to through the API server."""

    name: str
    kube: Kube

    def rpc(self, method: str, *params: Any) -> Any:
        """Call a JSON-RPC method on this very client and return the result.

        Raises:
            rpc.RpcError: it answered with an error.
            OSError: it does not answer.
        """
        return rpc.call(self.kube, NAMESPACE, self.name, RPC_PORT, method, params)

    def direct(self) -> AbstractContextManager[Direct]:
        """Open a way for large answers."""
        return rpc.direct(self.kube, NAMESPACE, self.name, RPC_PORT)

    @property
    def head(self) -> int:
        """Number of the newest block that it verified."""
        return int(self.rpc("eth_blockNumber"), 16)

    @property
    def chain_id(self) -> int:
        """The chain that it is on."""
        return int(self.rpc("eth_chainId"), 16)

    @property
    def version(self) -> str:
        """Name and version of the package, such as "helios/0.11.1"."""
        return str(self.rpc("web3_clientVersion")).replace("-", "/", 1)

    @property
    def checkpoint(self) -> str:
        """Root of the finalized beacon block that it would start from again."""
        return str(self.rpc("helios_getCurrentCheckpoint"))

    def hindrance(self) -> str:
        """Say why it does not serve, in its own words; empty when it does."""
        try:
            self.kube.request("GET", self.kube.pod_url(NAMESPACE, self.name, METRICS_PORT) + "/readyz")
        except (ApiError, OSError) as error:
            return str(error.message if isinstance(error, ApiError) else error)
        return ""

    @property
    def usage(self) -> Usage:
        """What it uses of its node."""
        return usage.of_pod(self.kube, NAMESPACE, self.name)

    def block(self, number: int | str) -> dict[str, Any]:
        """Return a block by number or tag (``latest``, ``finalized``), without its transactions' bodies.

        Raises:
            LookupError: there is no such block.
        """
        found = self.rpc("eth_getBlockByNumber", number if isinstance(number, str) else hex(number), False)
        if found is None:
            raise LookupError(f"{self.name} has no block {number}")
        return found  # type: ignore[no-any-return]


class LightClient(HelmComponent):
    """Helios (local/helios: the npm package ``@a16z/helios``, unmodified) by the chart ``helios``.

    Its pod starts early and waits by itself until the beacon node has caught up.
    """

    name: ClassVar[str] = "light-client"
    needs: ClassVar[tuple[str, ...]] = ("network-policy", "monitor-definitions")
    uses: ClassVar[tuple[str, ...]] = ("execution", "consensus", "ingress")
    within_s: ClassVar[float] = 180.0
    brought_images: ClassVar[tuple[str, ...]] = ("helios-base",)
    releases: ClassVar[tuple[Release, ...]] = (Release("helios", "helios", NAMESPACE),)
    workloads: ClassVar[tuple[Workload, ...]] = (Workload("Deployment", "helios", NAMESPACE),)
    asked: ClassVar[tuple[str, ...]] = (RPC_PORT, METRICS_PORT)
    own_images: ClassVar[tuple[str, ...]] = (IMAGE,)

    @property
    def clients(self) -> list[Helios]:
        """The pods that its Service sends clients to, whoever made them."""
        return behind(self.kube, "helios")

    @property
    def flows(self) -> list[Object]:
        """The flows to the nodes that it asks (the chart's networkPolicy.egress)."""
        values = yaml.safe_load((self.site.paths.charts / "helios" / "values.yaml").read_text())
        return values["networkPolicy"]["egress"]  # type: ignore[no-any-return]

    def watch_heads(self, window: Window) -> Heads:
        """Watch the clients' heads until the last block of some slots is due."""
        return heads.watch(self.clients, window)

    def verified(self, transaction: str) -> wait.Condition[Answers[str]]:
        """Hold when every client has verified the block of a transaction."""

        def block_of(client: Helios) -> str:
            return str((client.rpc("eth_getTransactionReceipt", transaction) or {})["blockNumber"])

        def look() -> wait.Observation[Answers[str]]:
            seen = answers.ask(self.clients, block_of, within_s=3)
            lacking = seen.where_not(bool)
            return wait.Observation(not lacking, seen, lacking.line(f"a receipt of {transaction}"))

        return wait.poll(look, every_s=0.5)

    def usage(self) -> Answers[Usage]:
        """Return what each client uses of its node."""
        return answers.ask(self.clients, lambda client: client.usage)


def behind(kube: Kube, service: str) -> list[Helios]:
    """Return the pods that a Service of the namespace selects, but for those that are ending."""
    selector = kube.get("Service", service, NAMESPACE)["spec"]["selector"]
    pods = kube.objects("Pod", NAMESPACE, selector=",".join(f"{key}={value}" for key, value in selector.items()))
    return [Helios(pod["metadata"]["name"], kube) for pod in pods if "deletionTimestamp" not in pod["metadata"]]
