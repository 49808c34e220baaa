"""The mistakes in Terraform that are registered as faults, made one by one in copies: which check notices which."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from plumbline.core.paths import Paths
from plumbline.faults import registry
from plumbline.faults.registry import Fault
from plumbline.terraform import checkov, excuses
from plumbline.terraform.findings import Finding
from plumbline.terraform.policies.registry import rules
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
    """Make every registered mistake in a copy of terraform/, and have it checked.

    Mistakes that different rules over plans must notice, ours or checkov's, share a copy and its plans; "plumbline faults run
    --static" makes each one alone.
    """
    batches = _batches([fault for fault in registry.load().all() if fault.check and fault.breaks in _CONTROLS])
    with TemporaryDirectory(prefix="plumbline-mistakes-") as folder:
        checkouts = [_altered(paths.root, Path(folder, str(number)), batch) for number, batch in enumerate(batches)]
        with opened(paths, *checkouts) as benches, ThreadPoolExecutor(_AT_ONCE) as pool:
            checked = pool.map(_checked, batches, map(Proof, benches))
            return sorted((mistake for batch in checked for mistake in batch), key=lambda mistake: mistake.fault.name)


def _batches(faults: Sequence[Fault]) -> list[list[Fault]]:
    """Return the mistakes that share a copy: in none of the batches two that the same rule must notice."""
    names = {excuses.CHECK, *(rule.name for rule in rules())}
    batches: dict[int | str, list[Fault]] = {}
    seen: Counter[str] = Counter()
    for fault in faults:
        shares = fault.check in names or fault.check.startswith(checkov.PREFIX)
        batches.setdefault(seen[fault.check] if shares else fault.name, []).append(fault)
        seen[fault.check] += 1
    return list(batches.values())


def _altered(root: Path, checkout: Path, batch: Sequence[Fault]) -> Path:
    """Return a checkout of terraform/ alone, in which these mistakes are made."""
    shutil.copytree(root / FOLDER, checkout / FOLDER)
    for fault in batch:
        assert fault.mutate is not None
        fault.mutate(checkout)
    return checkout


def _checked(batch: Sequence[Fault], proof: Proof) -> list[Mistake]:
    return [Mistake(fault, proof.notices(fault.check, fault.injured)) for fault in batch]


def table(mistakes: Sequence[Mistake]) -> Iterator[str]:
    """Yield the mistakes as a table in Markdown: what is wrong, the check that must notice, and what it says."""
    yield "| mistake | control | check | what it says |"
    yield "|---|---|---|---|"
    for each in mistakes:
        said = f"{each.finding.where}: {each.finding.what}" if each.finding else "**nothing**"
        yield f"| {each.fault.summary} | {each.fault.breaks} | {each.fault.check} | {said.replace('|', '/')} |"
