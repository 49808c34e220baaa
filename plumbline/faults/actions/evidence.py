"""Faults of what runs leave behind: evidence that was altered, thinned out, or sealed by somebody else.

Nothing is put on record: where we die, one old run's evidence stays broken, which is what it says when it is asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from plumbline.core.errors import UsageError
from plumbline.core.report_files import RESULTS, SUMMARY
from plumbline.evidence import attestation
from plumbline.faults.registry import fault

if TYPE_CHECKING:
    from plumbline.stack import Stack


@fault("result-altered", breaks="EVD-001", injured=RESULTS, green=("CLU-001",))
def result_altered(stack: Stack) -> Iterator[None]:
    """A failure in the results of the latest run is made a success."""
    with _put_back(_latest(stack) / RESULTS) as results:
        results.write_text(results.read_text().replace('"not run"', '"proved"'))
        yield


@fault("evidence-missing", breaks="EVD-001", injured=SUMMARY, green=("CLU-001",))
def evidence_missing(stack: Stack) -> Iterator[None]:
    """A file of the latest run's evidence is gone."""
    with _put_back(_latest(stack) / SUMMARY) as summary:
        summary.unlink()
        yield


@fault("sealed-by-somebody-else", breaks="EVD-001", injured=attestation.FILE, green=("CLU-001",))
def sealed_by_somebody_else(stack: Stack) -> Iterator[None]:
    """The latest run's evidence is sealed again, with a foreign key."""
    run = _latest(stack)
    with _put_back(run / attestation.FILE):
        attestation.seal(run, Ed25519PrivateKey.generate())
        yield


def _latest(stack: Stack) -> Path:
    found = attestation.latest(stack.site.paths.reports)
    if found is None:
        raise UsageError('no run of this checkout is sealed yet: "pytest suites/local" leaves one')
    return found


@contextmanager
def _put_back(file: Path) -> Iterator[Path]:
    """Lend a file that may be altered or removed; afterwards it is as it was."""
    was = file.read_bytes()
    try:
        yield file
    finally:
        file.write_bytes(was)
