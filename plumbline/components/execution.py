"""The execution layer: Geth nodes in a full mesh, two that can produce blocks and one that follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from plumbline.components.base import HelmComponent, Release, Site, Workload
from plumbline.components.devnet import MEMBERS, NAMESPACE, Devnet
from plumbline.components.kube import Kube
from plumbline.core.errors import PlumblineError

RPC_PORT = "8545"


class RpcError(PlumblineError):
    """A node answered with a JSON-RPC error."""

    def __init__(self, node: str, method: str, error: Mapping[str, Any]) -> None:
        """Keep the node, the method, and the error object (JSON-RPC 2.0, section 5.1)."""
        self.node, self.method, self.error = node, method, error
        super().__init__(f"{node} refuses {method}: {error.get('code')} {error.get('message')}")


@dataclass(frozen=True)
class Geth:
    """One Geth node, spoken to through the API server (so it needs no address of its own)."""

    name: str
    kube: Kube

    def rpc(self, method: str, *params: Any) -> Any:
        """Call a JSON-RPC method on this very node and return the result.

        Raises:
            RpcError: the node answered with an error.
            OSError: it does not answer.
        """
        call = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
        answer = self.kube.request("POST", self.kube.pod_url(NAMESPACE, self.name, RPC_PORT) + "/", body=call)
        if "error" in answer:
            raise RpcError(self.name, method, answer["error"])
        return answer["result"]

    @property
    def head(self) -> int:
        """Number of the head block."""
        return int(self.rpc("eth_blockNumber"), 16)

    @property
    def peers(self) -> int:
        """Number of connected peers."""
        return int(self.rpc("net_peerCount"), 16)

    def block(self, number: int | str) -> dict[str, Any]:
        """Return a block by number or tag (``latest``, ``safe``, ``finalized``), without its transactions' bodies."""
        return self.rpc("eth_getBlockByNumber", number if isinstance(number, str) else hex(number), False)  # type: ignore[no-any-return]


class Execution(HelmComponent):
    """Geth by the chart ``geth-node``: release ``geth`` (two producers) and ``geth-follower`` (snap sync)."""

    name: ClassVar[str] = "execution"
    needs: ClassVar[tuple[str, ...]] = ("storage", "network-policy", "devnet")
    uses: ClassVar[tuple[str, ...]] = ("consensus",)
    within_s: ClassVar[float] = 180.0
    releases: ClassVar[tuple[Release, ...]] = (
        Release("geth", "geth-node", NAMESPACE),
        Release("geth-follower", "geth-node", NAMESPACE, values_file="values.local-follower.yaml"),
    )
    workloads: ClassVar[tuple[Workload, ...]] = (
        Workload("StatefulSet", "geth", NAMESPACE),
        Workload("StatefulSet", "geth-follower", NAMESPACE),
    )

    def __init__(self, site: Site) -> None:
        """Bind to the place."""
        super().__init__(site)
        self.devnet = Devnet(site)

    def values(self, release: Release) -> Mapping[str, Any]:
        """Return the mesh: every member's enode, so that each dials each."""
        del release
        return {"p2p": {"staticNodes": self._enodes}}

    @cached_property
    def _enodes(self) -> list[str]:
        return list(self.devnet.enodes().values())

    @property
    def nodes(self) -> list[Geth]:
        """The standing nodes: the producers, then the follower."""
        return [self.node(pod) for pod in MEMBERS if pod != "geth-late-0"]

    def node(self, name: str) -> Geth:
        """Return one node by its pod's name."""
        return Geth(name, self.kube)
