"""What really causes an alert, on the living stack.

A cause is a generator like a fault: it injures, yields while the injury acts, and heals after. It says which alerts it brings
about, and how to see at the source, without Prometheus, that the condition of each holds::

    @Sight
    def few_peers(stack: Stack) -> tuple[bool, str]:
        count = stack.execution.node("geth-follower-0").peers
        return count < stack.execution.mesh, f"{count} peers"

    @cause(Symptom("GethPeersLow", {"pod": "geth-follower-0"}, few_peers.begun, few_peers.ended), parts=("nodes",))
    def follower_cut_off(stack: Stack, kept: ExitStack) -> Iterator[None]:
        '''The follower's NetworkPolicy lets nobody in but who measures it.'''

``kept`` holds what has to outlast the injury until the alert is resolved, such as the clients that suffer from it.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from plumbline.core import wait
from plumbline.core.errors import UsageError

if TYPE_CHECKING:
    from plumbline.stack import Stack

Inject = Callable[["Stack", ExitStack], Iterator[None]]
Look = Callable[["Stack"], wait.Condition[Any]]
FIRING, RESOLVING = "firing", "resolving"
CATALOGUE: Final = "plumbline.faults.alerts.catalogue"
_LOOK_EVERY_S: Final = 0.5


@dataclass(frozen=True)
class Sight:
    """Something that is so or is not so, looked at where it is and not by Prometheus.

    Attributes:
        look: returns whether it is so, and what was seen, in words.
    """

    look: Callable[[Stack], tuple[bool, str]]

    def begun(self, stack: Stack) -> wait.Condition[Any]:
        """Return the condition that it is so."""
        return self._seen(stack, so=True)

    def ended(self, stack: Stack) -> wait.Condition[Any]:
        """Return the condition that it is so no more."""
        return self._seen(stack, so=False)

    def _seen(self, stack: Stack, *, so: bool) -> wait.Condition[Any]:
        def seen() -> wait.Observation[None]:
            found, told = self.look(stack)
            return wait.Observation(found == so, None, told)

        return wait.poll(seen, every_s=_LOOK_EVERY_S)


@dataclass(frozen=True)
class Symptom:
    """An alert that a cause brings about.

    Attributes:
        alert: its name.
        labels: what is hurt; the delivered alert has these among its labels.
        begun: how to see at the source that its condition holds; None: as soon as the injury is done.
        ended: how to see there that it holds no more; None: as soon as the injury is healed.
        window: what the rule's window delays by its nature: firing, resolving, or both.
        momentary: whether its condition ends by itself, and only the rule's window keeps it: its end is looked for as soon as it
            has begun, and None is that very moment.
    """

    alert: str
    labels: Mapping[str, str] = field(default_factory=dict)
    begun: Look | None = None
    ended: Look | None = None
    window: tuple[str, ...] = ()
    momentary: bool = False


@dataclass(frozen=True)
class Cause:
    """One thing that goes wrong.

    Attributes:
        name: the function's.
        summary: what goes wrong, in one sentence.
        symptoms: the alerts that it brings about.
        parts: what it has for itself; causes without a common part act at the same time.
        inject: the injury.
    """

    name: str
    summary: str
    symptoms: tuple[Symptom, ...]
    parts: tuple[str, ...]
    inject: Callable[[Any, ExitStack], AbstractContextManager[None]]

    def of(self, alerts: AbstractSet[str]) -> Cause:
        """Return it with some of its symptoms only."""
        return replace(self, symptoms=tuple(symptom for symptom in self.symptoms if symptom.alert in alerts))


_causes: list[Cause] = []


def cause(*symptoms: Symptom, parts: tuple[str, ...]) -> Callable[[Inject], Inject]:
    """Register a cause; the arguments are those of :class:`Cause`."""

    def register(inject: Inject) -> Inject:
        summary = (inject.__doc__ or "").partition("\n")[0].strip()
        taken = {symptom.alert for one in _causes for symptom in one.symptoms}
        if twice := taken & {symptom.alert for symptom in symptoms}:
            raise UsageError(f"{', '.join(twice)} has two causes: one is enough")
        _causes.append(Cause(inject.__name__, summary, symptoms, parts, contextmanager(inject)))
        return inject

    return register


def load() -> list[Cause]:
    """Return every cause."""
    for module in pkgutil.iter_modules(importlib.import_module(CATALOGUE).__path__):
        importlib.import_module(f"{CATALOGUE}.{module.name}")
    return list(_causes)
