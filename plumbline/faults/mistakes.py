"""The mistakes in Terraform that are registered as faults, made one by one in copies: which check notices which."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from plumbline.core.paths import Paths
from plumbline.faults import registry
from plumbline.faults.registry import Fault
from plumbline.terraform.findings import Finding
from plumbline.terraform.proof import Proof
from plumbline.terraform.roots import FOLDER
from plumbline.terraform.workbench import opened

_AT_ONCE = 2
_CONTROLS = {"IAC-001", "IAC-002"}


@dataclass(frozen=True)
class Mistake:
    """A mistake, and what its check said to it.

    Attributes:
        fault: the mistake.
        finding: what its check found; None where it did not notice.
    """

    fault: Fault
    finding: Finding | None


def made(paths: Paths) -> list[Mistake]:
    """Make every registered mistake in a copy of terraform/ of its own, and have it checked."""
    faults = [fault for fault in registry.load().all() if fault.check and fault.breaks in _CONTROLS]
    with ExitStack() as stack:
        checkouts = [Path(stack.enter_context(TemporaryDirectory(prefix="plumbline-mistake-"))) for _ in faults]
        for fault, checkout in zip(faults, checkouts, strict=True):
            assert fault.mutate is not None
            shutil.copytree(paths.root / FOLDER, checkout / FOLDER)
            fault.mutate(checkout)
        benches = stack.enter_context(opened(paths, *checkouts))
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            findings = pool.map(lambda fault, bench: Proof(bench).notices(fault.check, fault.injured), faults, benches)
            return [Mistake(fault, finding) for fault, finding in zip(faults, findings, strict=True)]


def table(mistakes: Sequence[Mistake]) -> Iterator[str]:
    """Yield the mistakes as a table in Markdown: what is wrong, the check that must notice, and what it says."""
    yield "| mistake | control | check | what it says |"
    yield "|---|---|---|---|"
    for each in mistakes:
        said = f"{each.finding.where}: {each.finding.what}" if each.finding else "**nothing**"
        yield f"| {each.fault.summary} | {each.fault.breaks} | {each.fault.check} | {said.replace('|', '/')} |"
