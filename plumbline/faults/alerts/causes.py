"""What really causes an alert, on the living stack.

A cause is a generator like a fault: it injures, yields while the injury acts, and heals after. It says which alerts it brings
about, and how to see at the source, without Prometheus, that the condition of each holds::

    @cause(Symptom("GethPeersLow", {"pod": "geth-follower-0"}, begun=few_peers, ended=enough_peers), parts=("follower",))
    def follower_cut_off(stack: Stack, kept: ExitStack) -> Iterator[None]:
        '''The follower's NetworkPolicy lets nobody in but who measures it.'''

``kept`` holds what has to outlast the injury until the alert is resolved, such as the clients that suffer from it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from plumbline.core.errors import UsageError

if TYPE_CHECKING:
    from plumbline.core import wait
    from plumbline.stack import Stack

Inject = Callable[["Stack", ExitStack], Iterator[None]]
Look = Callable[["Stack"], "wait.Condition[Any]"]
FIRING, RESOLVING = "firing", "resolving"
_CATALOGUE: Final = "plumbline.faults.alerts.register"


@dataclass(frozen=True)
class Symptom:
    """An alert that a cause brings about.

    Attributes:
        alert: its name.
        labels: what is hurt; the delivered alert has these among its labels.
        begun: how to see at the source that its condition holds; None: as soon as the injury is done.
        ended: how to see there that it holds no more; None: as soon as the injury is healed.
        window: what the rule's window delays by its nature: firing, resolving, or both.
    """

    alert: str
    labels: Mapping[str, str] = field(default_factory=dict)
    begun: Look | None = None
    ended: Look | None = None
    window: tuple[str, ...] = ()


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
    importlib.import_module(_CATALOGUE)
    return list(_causes)
