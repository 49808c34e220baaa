"""What checkov finds and is left as it is: a table in terraform/, each row with its reason, and needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from plumbline.core import state
from plumbline.core.errors import ConfigError
from plumbline.terraform.findings import Finding
from plumbline.terraform.roots import FOLDER

CHECK = "excused"
FILE = "checkov.toml"
_SHOWN = f"{FOLDER}/{FILE}"


def unexcused(found: Sequence[Finding], tree: Path) -> list[Finding]:
    """Return the findings in plans that no row of the table excuses, and the rows that excuse nothing."""
    rows = load(tree)
    excused = {_row(finding) for finding in found} & rows.keys()
    return [
        *(finding for finding in found if _row(finding) not in excused),
        *(
            Finding(CHECK, f"{_SHOWN}: {address}", f"nobody finds {check} there any more: take the row out")
            for address, check in sorted(rows.keys() - excused)
        ),
    ]


def load(tree: Path) -> Mapping[tuple[str, str], str]:
    """Return the reasons that stand in a copy of terraform/, by the resource's address and the check.

    Raises:
        ConfigError: a row has no reason; the message names it.
    """
    rows = {}
    for address, checks in state.read_toml(tree / FILE, _SHOWN).items():
        for check, reason in checks.items():
            if not isinstance(reason, str) or not reason.strip():
                raise ConfigError(f'{_SHOWN}: ["{address}"] needs a reason why {check} is left as it is')
            rows[address, check] = reason
    return rows


def _row(finding: Finding) -> tuple[str, str]:
    """Return the row that would excuse a finding, whichever plan it is in."""
    return finding.where.partition(": ")[2], finding.check
