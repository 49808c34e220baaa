"""What faults do to the ways of alerts; Alertmanager runs with it while they act."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from plumbline.components.monitoring import NAMESPACE, RELEASE
from plumbline.core import wait
from plumbline.faults.injuries.changes import changed, read

if TYPE_CHECKING:
    from plumbline.stack import Stack

_KIND: Final = "alertmanagerconfigs.monitoring.coreos.com"
_LEARNED_WITHIN_S: Final = 90.0  # the operator, the kubelet's next look at the pod, the reloader


@contextmanager
def rerouted(stack: Stack, change: Mapping[str, Any]) -> Iterator[None]:
    """Alter the routes, and wait until Alertmanager runs with them; and so when they are as before."""
    alertmanager = stack.monitoring.alertmanager

    def another(than: float) -> wait.Condition[bool]:
        return wait.holds(lambda: alertmanager.configured_at() > than, every_s=0.5)

    first = alertmanager.configured_at()
    with changed(stack, _KIND, RELEASE, NAMESPACE, {"spec": change}):
        wait.until(another(first), named="Alertmanager's new routes", within_s=_LEARNED_WITHIN_S)
        second = alertmanager.configured_at()
        yield
    wait.until(another(second), named="Alertmanager's routes of before", within_s=_LEARNED_WITHIN_S)


def nowhere(_: str) -> str:
    """Return a URL that nobody takes alerts at: Alertmanager's own, which has no such page."""
    return "http://127.0.0.1:9093/nowhere"


@contextmanager
def webhook_at(stack: Stack, receiver: str, elsewhere: Callable[[str], str]) -> Iterator[None]:
    """Have the webhook of a receiver lead somewhere else: to what is made of its URL."""
    receivers = read(stack, _KIND, RELEASE, NAMESPACE)["spec"]["receivers"]
    for each in receivers:
        if each["name"] == receiver:
            each["webhookConfigs"] = [{**hook, "url": elsewhere(hook["url"])} for hook in each["webhookConfigs"]]
    with rerouted(stack, {"receivers": receivers}):
        yield
