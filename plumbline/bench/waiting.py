"""How long after a condition became true a wait for it returns: ours, which watches, beside ``kubectl wait``."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from plumbline.bench.figures import RETURNED, Figure, quantile
from plumbline.core import wait
from plumbline.kube.api import Kube, Object
from plumbline.kube.ours import meta

_NAME, _NAMESPACE = "plumbline-bench", "default"
_WITHIN_S = 30.0
_STANDING_S = 1.0  # both wait by then: kubectl takes a few tenths of a second to start


@dataclass(frozen=True)
class Return:
    """One change of an object, and when each wait for it returned, in seconds after it was sent to the API server."""

    ours_s: float
    kubectl_s: float


def measure(kube: Kube, changes: int) -> Iterator[Return]:
    """Change an object again and again, at moments that nobody can foresee, and yield when the waits for it returned.

    The moment at which the API server has the change is not seen from outside. Counting begins when it is sent, which is
    before that: its own work is part of what is measured, in both ways alike.
    """
    with _object(kube), ThreadPoolExecutor(max_workers=2) as pool:
        for turn in range(1, changes + 1):
            ours, kubectl = pool.submit(_ours, kube, str(turn)), pool.submit(_kubectl, kube, str(turn))
            wait.pause(_STANDING_S * (1 + random.random()), wait.Deadline(_WITHIN_S))  # noqa: S311
            sent = time.monotonic()
            kube.patch("ConfigMap", _NAME, _NAMESPACE, {"data": {"turn": str(turn)}})
            yield Return(ours.result() - sent, kubectl.result() - sent)


def figures(returns: list[Return]) -> list[Figure]:
    """Return median and 95th percentile of both."""
    ours, kubectl = [one.ours_s for one in returns], [one.kubectl_s for one in returns]
    return [
        Figure("condition true to return of a watched wait (p50)", quantile(ours, 0.5), "s"),
        Figure("condition true to return of a watched wait (p95)", quantile(ours, 0.95), "s", RETURNED),
        Figure("the same of kubectl wait (p50)", quantile(kubectl, 0.5), "s"),
        Figure("the same of kubectl wait (p95)", quantile(kubectl, 0.95), "s"),
    ]


def _ours(kube: Kube, turn: str) -> float:
    def judge(found: dict[str, Object]) -> wait.Observation[None]:
        seen = found[_NAME].get("data", {}).get("turn", "") if _NAME in found else ""
        return wait.Observation(seen == turn, None, f"turn {seen or '(none)'}")

    condition = kube.watch("ConfigMap", _NAMESPACE, judge, name=_NAME)
    wait.until(condition, named=f"turn {turn}", within_s=_WITHIN_S)
    return time.monotonic()


def _kubectl(kube: Kube, turn: str) -> float:
    until = f"--for=jsonpath={{.data.turn}}={turn}"
    words = ("wait", f"configmap/{_NAME}", "--namespace", _NAMESPACE, until, f"--timeout={_WITHIN_S:.0f}s")
    kube.kubectl(*words, within_s=_WITHIN_S + 5)
    return time.monotonic()


@contextmanager
def _object(kube: Kube) -> Iterator[None]:
    """Have the object that is changed, while the block runs."""
    turn = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta(_NAME, _NAMESPACE), "data": {"turn": "0"}}
    kube.apply([turn])
    try:
        yield
    finally:
        kube.delete("ConfigMap", _NAME, _NAMESPACE)
