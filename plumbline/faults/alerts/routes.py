"""What faults do to the ways of alerts; Alertmanager runs with it while they act."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from plumbline.components.monitoring import NAMESPACE, RELEASE
from plumbline.core import wait
from plumbline.faults.injuries.changes import changed

if TYPE_CHECKING:
    from plumbline.stack import Stack

_KIND: Final = "alertmanagerconfigs.monitoring.coreos.com"
_LEARNED_WITHIN_S = 90.0  # the operator, the kubelet's next look at the pod, the reloader


@contextmanager
def rerouted(stack: Stack, change: Mapping[str, Any], *, known_by: Callable[[str], bool]) -> Iterator[None]:
    """Alter the routes, and wait until Alertmanager's configuration is one that shows it."""
    before = stack.monitoring.alertmanager.configuration()
    with changed(stack, _KIND, RELEASE, NAMESPACE, {"spec": change}):
        shown = wait.holds(lambda: known_by(stack.monitoring.alertmanager.configuration()), every_s=0.5)
        wait.until(shown, named="Alertmanager's new routes", within_s=_LEARNED_WITHIN_S)
        yield
    as_before = wait.holds(lambda: stack.monitoring.alertmanager.configuration() == before, every_s=0.5)
    wait.until(as_before, named="Alertmanager's routes of before", within_s=_LEARNED_WITHIN_S)
