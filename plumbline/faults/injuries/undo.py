"""Every injury is written down with its cure before it is done, so that a crash of ours leaves nothing broken for good.

A cure is a function of the stack and of plain data, registered by name::

    @cure("delete-object")
    def _delete(stack: Stack, *, kind: str, name: str, namespace: str) -> None:
        stack.cluster.kube.delete(kind, name, namespace)

    @contextmanager
    def denied(stack: Stack, ...) -> Iterator[None]:
        with undone_by(stack, "delete-object", kind="NetworkPolicy", name=name, namespace="ethereum"):
            stack.cluster.kube.apply([policy])
            yield  # broken for as long as the block runs

The record goes to .plumbline/faults/active.json; what stands there at the next start is cured first. A cure may be run twice,
and when the injury was never done.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plumbline.core import events, lease, state
from plumbline.core.errors import PlumblineError, UsageError

if TYPE_CHECKING:
    from plumbline.stack import Stack

Cure = Callable[..., None]
Record = dict[str, Any]

_cures: dict[str, Cure] = {}
_writing = threading.Lock()  # several injuries may act at the same time


class NotCured(PlumblineError):
    """What a fault broke could not be put right."""

    exit_code = 4

    def __init__(self, what: str, reason: str) -> None:
        """Keep the record in words, and what went wrong."""
        self.what, self.reason = what, reason
        super().__init__(
            f'the cure "{what}" failed ({reason}): the stack is still broken by a fault; try "plumbline faults heal", '
            'or replace the stack ("make destroy")'
        )


def cure(kind: str) -> Callable[[Cure], Cure]:
    """Register how injuries of a kind are undone; it is called with the stack and the recorded arguments."""

    def register(function: Cure) -> Cure:
        if kind in _cures:
            raise UsageError(f'two cures are called "{kind}": give one of them another name')
        _cures[kind] = function
        return function

    return register


class Journal:
    """The records of injuries that are not undone yet, last one last."""

    def __init__(self, folder: Path) -> None:
        """Name the folder, which is .plumbline/faults of the checkout."""
        self.file = folder / "active.json"

    @property
    def records(self) -> list[Record]:
        """What is broken now."""
        return state.read_json(self.file) or []

    def add(self, kind: str, arguments: Record) -> None:
        """Write down an injury that is about to be done."""
        at = datetime.now(UTC).isoformat(timespec="seconds")
        with _writing:
            state.write_json(
                self.file, [*self.records, {"kind": kind, "args": arguments, "pid": os.getpid(), "at": at}]
            )

    def strike(self, kind: str, arguments: Record) -> None:
        """Cross out the last record of an injury that is undone."""
        with _writing:
            records = self.records
            for index in range(len(records) - 1, -1, -1):
                if (records[index]["kind"], records[index]["args"]) == (kind, arguments):
                    del records[index]
                    break
            if records:
                state.write_json(self.file, records)
            else:
                self.file.unlink(missing_ok=True)

    def heal(self, stack: Stack) -> list[str]:
        """Undo what is on record, last first, and return it in words.

        Raises:
            NotCured: a cure failed; those that worked are crossed out, the others stay on record.
        """
        healed, failed = [], []
        for record in reversed(self.records):
            try:
                _undo(stack, record["kind"], record["args"])
            except PlumblineError as error:
                failed.append(error)
                continue
            self.strike(record["kind"], record["args"])
            healed.append(_words(record["kind"], record["args"]))
        if failed:
            raise failed[0]
        return healed


def folder_of(stack: Stack) -> Path:
    """Return where a checkout keeps what it knows of faults."""
    return Path(stack.site.paths.state) / "faults"


@contextmanager
def undone_by(stack: Stack, kind: str, **arguments: Any) -> Iterator[None]:
    """Do an injury within the block; its cure runs at the end, or at the next start where this process dies first.

    Args:
        stack: what is injured.
        kind: the cure's registered name.
        arguments: plain data for it.

    Raises:
        NotCured: the cure failed; the record stays.
    """
    if kind not in _cures:
        raise UsageError(f'no cure is registered as "{kind}": known are {", ".join(sorted(_cures)) or "none"}')
    journal = Journal(folder_of(stack))
    journal.add(kind, arguments)
    try:
        yield
    finally:
        _undo(stack, kind, arguments)
        journal.strike(kind, arguments)


@contextmanager
def alone(stack: Stack, *, purpose: str, within_s: float = 1.0) -> Iterator[None]:
    """Be the only one that breaks or heals this stack; the runner holds this for as long as it works."""
    with lease.exclusive(folder_of(stack) / "runner.lock", "the fault runner", within_s=within_s, purpose=purpose):
        yield


def heal_leftovers(stack: Stack) -> list[str]:
    """Undo what a runner that died left broken, and return it in words; cheap where nothing is on record.

    Where the injured cluster is gone, or about to be replaced, its records are dropped.

    Raises:
        LeaseHeld: a runner is at work, so the stack is broken on purpose just now.
        NotCured: a cure failed.
    """
    journal = Journal(folder_of(stack))
    if not journal.records:
        return []
    from plumbline.faults import registry  # noqa: PLC0415  (only now the cures are needed)

    registry.load()
    with alone(stack, purpose="heal"):
        if stack.site.config.fresh or not stack.standing:
            journal.file.unlink(missing_ok=True)
            return []
        return journal.heal(stack)


def _undo(stack: Stack, kind: str, arguments: Record) -> None:
    function = _cures.get(kind)
    words = _words(kind, arguments)
    if function is None:
        raise NotCured(words, "no cure of this name is registered")
    with events.phase("faults", "cure", cure=words):
        try:
            function(stack, **arguments)
        except Exception as error:
            raise NotCured(words, f"{type(error).__name__}: {error}") from error


def _words(kind: str, arguments: Record) -> str:
    return f"{kind} {' '.join(f'{key}={value}' for key, value in arguments.items())}".strip()
