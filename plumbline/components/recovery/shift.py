"""Clients sent to one node or not: by the label that the Service selects, at once and without a restart."""

from __future__ import annotations

from plumbline.components.devnet import NAMESPACE
from plumbline.components.execution import Execution
from plumbline.core import wait

_LABEL = "plumbline.dev/rpc"
_WITHIN_S = 30.0


def to(execution: Execution, pod: str) -> None:
    """Have clients sent to a node, and wait until they are: it must be ready to serve.

    Raises:
        wait.Timeout: it is not.
    """
    _label(execution, pod, "true")
    wait.until(execution.in_service(pod, True), named=f"{pod} gets clients", within_s=_WITHIN_S)


def away_from(execution: Execution, pod: str) -> None:
    """Have no more clients sent to a node, and wait until none is; what it was asked before is still answered."""
    _label(execution, pod, None)
    wait.until(execution.in_service(pod, False), named=f"{pod} gets no clients", within_s=_WITHIN_S)


def _label(execution: Execution, pod: str, value: str | None) -> None:
    execution.kube.patch("Pod", pod, NAMESPACE, {"metadata": {"labels": {_LABEL: value}}})
