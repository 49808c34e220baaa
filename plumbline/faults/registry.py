"""The register of faults: what each breaks, which control must notice, and what must not be disturbed by it.

A live fault is a generator over the stack that yields once, while the fault acts; what it did is undone after::

    @fault("peers-cut", breaks="EXE-002", injured="geth-1", green=("CLU-001",), within_s=24)
    def cut_peers(stack: Stack) -> Iterator[None]:
        '''A NetworkPolicy isolates one Geth node's peer port.'''
        with denied(stack, to="geth-1", port=30303):
            yield

A static fault alters files of a copy of the checkout; deleting the copy heals it::

    @mutation("probe-dropped", breaks="CHT-001", injured="charts/geth-node")
    def drop_probe(copy: Path) -> None:
        '''The readiness probe is taken out of the chart.'''
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plumbline.core.errors import UsageError

if TYPE_CHECKING:
    from plumbline.stack import Stack

Inject = Callable[["Stack"], Iterator[None]]
Mutate = Callable[[Path], None]
ACTIONS = "plumbline.faults.actions"  # the package whose modules hold the faults


@dataclass(frozen=True)
class Fault:
    """One way to break something.

    Attributes:
        name: its name on the command line and in reports.
        breaks: the control whose own test must go red.
        injured: what the failure must name: the pod, Service or file that was hurt.
        green: controls that must stay green while it acts.
        within_s: how soon after the injection the control must be red, in seconds.
        steady_s: how long the stack may take to be steady again after the heal, in seconds.
        summary: what it does, in one sentence.
        inject: the action on a living stack; None for a static fault.
        mutate: the alteration of a copy of the checkout; None for a live fault.
        check: the check, of several that its control has, that must notice; the failure must name it, too.
        suite: the only suite whose stack has what it breaks; empty where every stack has it.
    """

    name: str
    breaks: str
    injured: str
    green: tuple[str, ...]
    within_s: float
    steady_s: float
    summary: str
    inject: Callable[[Any], AbstractContextManager[None]] | None = None
    mutate: Mutate | None = None
    check: str = ""
    suite: str = ""

    @property
    def static(self) -> bool:
        """Whether it needs no stack."""
        return self.mutate is not None


class Registry:
    """Faults by name."""

    def __init__(self) -> None:
        """Start without any."""
        self._faults: dict[str, Fault] = {}

    def add(self, fault: Fault) -> None:
        """Register a fault.

        Raises:
            UsageError: the name is taken, the fault disturbs what it declares green, or it says nothing of itself.
        """
        if fault.name in self._faults:
            raise UsageError(f'two faults are called "{fault.name}": give one of them another name')
        if fault.breaks in fault.green:
            raise UsageError(f'the fault "{fault.name}" breaks {fault.breaks} and declares it green: it cannot do both')
        if not fault.summary:
            raise UsageError(f'the fault "{fault.name}" has no docstring: its first line is what the report shows')
        self._faults[fault.name] = fault

    def all(self) -> tuple[Fault, ...]:
        """Return every fault, by control and name."""
        return tuple(sorted(self._faults.values(), key=lambda fault: (fault.breaks, fault.name)))

    def named(self, name: str) -> Fault:
        """Return one fault.

        Raises:
            UsageError: there is none of this name.
        """
        if name not in self._faults:
            raise UsageError(f'there is no fault "{name}"; "plumbline faults list" shows those that there are')
        return self._faults[name]

    def breaking(self, control: str) -> tuple[Fault, ...]:
        """Return the faults that a control must notice.

        Raises:
            UsageError: there is none.
        """
        found = tuple(fault for fault in self.all() if fault.breaks == control)
        if not found:
            raise UsageError(f"no fault is registered that breaks {control}: add one to plumbline/faults/actions/")
        return found


REGISTRY = Registry()


def fault(
    name: str,
    *,
    breaks: str,
    injured: str,
    green: Sequence[str] = (),
    within_s: float = 30,
    steady_s: float = 120,
    suite: str = "",
) -> Callable[[Inject], Inject]:
    """Register a live fault; the arguments are those of :class:`Fault`."""

    def register(inject: Inject) -> Inject:
        summary, acting = _summary(inject), contextmanager(inject)
        REGISTRY.add(
            Fault(name, breaks, injured, tuple(green), within_s, steady_s, summary, inject=acting, suite=suite)
        )
        return inject

    return register


def mutation(
    name: str, *, breaks: str, injured: str, green: Sequence[str] = (), check: str = ""
) -> Callable[[Mutate], Mutate]:
    """Register a static fault; the arguments are those of :class:`Fault`."""

    def register(mutate: Mutate) -> Mutate:
        summary = _summary(mutate)
        REGISTRY.add(Fault(name, breaks, injured, tuple(green), 0, 0, summary, mutate=mutate, check=check))
        return mutate

    return register


def load() -> Registry:
    """Import every module of faults and return the register."""
    for module in pkgutil.iter_modules(importlib.import_module(ACTIONS).__path__):
        importlib.import_module(f"{ACTIONS}.{module.name}")
    return REGISTRY


def _summary(function: Callable[..., Any]) -> str:
    return (inspect.getdoc(function) or "").partition("\n")[0].strip()
