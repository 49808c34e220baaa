"""JSON-RPC to a port of a pod, through the API server: it needs no address and no Service of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from plumbline.core.errors import PlumblineError
from plumbline.kube.api import Kube

if TYPE_CHECKING:
    import httpx

_WITHIN_S = 10.0


class RpcError(PlumblineError):
    """A node answered with a JSON-RPC error."""

    def __init__(self, node: str, method: str, error: Mapping[str, Any]) -> None:
        """Keep the node, the method, and the error object (JSON-RPC 2.0, section 5.1)."""
        self.node, self.method, self.error = node, method, error
        super().__init__(f"{node} refuses {method}: {error.get('code')} {error.get('message')}")


def call(kube: Kube, namespace: str, pod: str, port: str, method: str, params: Sequence[Any]) -> Any:
    """Call a JSON-RPC method on a pod and return the result.

    Raises:
        RpcError: the pod answered with an error.
        OSError: it does not answer.
    """
    url = kube.pod_url(namespace, pod, port) + "/"
    return _result(pod, method, kube.request("POST", url, body=_request(method, params)))


def repeat(kube: Kube, namespace: str, pod: str, port: str, method: str, times: int) -> None:
    """Call a JSON-RPC method without parameters on a pod many times at once, as a batch; whatever it answers.

    Raises:
        OSError: it does not answer.
    """
    kube.request("POST", kube.pod_url(namespace, pod, port) + "/", body=[_request(method, ())] * times)


@dataclass(frozen=True)
class Direct:
    """An open way to a pod that the API server only carries.

    Attributes:
        name: the pod.
    """

    name: str
    _client: httpx.Client

    def rpc(self, method: str, *params: Any) -> Any:
        """Call a JSON-RPC method and return the result.

        Raises:
            RpcError: the pod answered with an error.
            httpx.TransportError: it does not answer.
        """
        return _result(self.name, method, self._client.post("/", json=_request(method, params)).json())


@contextmanager
def direct(kube: Kube, namespace: str, pod: str, port: str) -> Iterator[Direct]:
    """Open a way for large answers: the API server's proxy now and then cuts short what comes in more than one piece."""
    import httpx  # noqa: PLC0415

    with (
        kube.forward(namespace, f"pod/{pod}", int(port)) as address,
        httpx.Client(base_url=f"http://{address}", timeout=_WITHIN_S, trust_env=False) as client,
    ):
        yield Direct(pod, client)


def _request(method: str, params: Sequence[Any]) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}


def _result(node: str, method: str, answer: Mapping[str, Any]) -> Any:
    if "error" in answer:
        raise RpcError(node, method, answer["error"])
    return answer["result"]
