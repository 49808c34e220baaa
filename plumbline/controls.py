"""``plumbline control new ID``: the test comes first: a row in the catalogue, and a test that fails until the claim is proved."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from plumbline.core import shell, state
from plumbline.core.errors import UsageError
from plumbline.core.paths import Paths

CATALOGUE = "suites/controls.toml"
DOCUMENT = "docs/controls.md"
_SUITE = "suites/local"
_WITHIN_S = 60.0
_NAME_WORDS = 6  # of the claim, that name the test

_TEST = '''

@pytest.mark.control("{identity}")
def test_{name}(stack: Stack) -> None:
    """Preconditions: a standing stack.
    Steps: …
    Expected: {expected}
    """
    pytest.fail("{identity} is not proved yet")
'''
_MODULE = '''"""{family}: {title}."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from plumbline.stack import Stack
'''


@dataclass(frozen=True)
class Made:
    """What was made of a new control.

    Attributes:
        catalogue: the file that has its row now.
        test: the file that has its failing test.
        document: the table that was rendered again.
    """

    catalogue: Path
    test: Path
    document: Path


def new(paths: Paths, identity: str, claim: str) -> Made:
    """Add a control to the catalogue, with a failing test and the rendered table.

    Args:
        paths: the checkout.
        identity: the new id, such as "ING-010".
        claim: the claim, in one sentence.

    Raises:
        UsageError: the id is taken, or is none of a family that the catalogue has.
    """
    family, _, number = identity.partition("-")
    families = state.read_toml(paths.root / CATALOGUE, CATALOGUE)
    if family not in families or not re.fullmatch(r"\d{3}", number):
        raise UsageError(f"{identity} is no id of a family that {CATALOGUE} has ({', '.join(families)}), like ING-010")
    if number in families[family]["controls"]:
        raise UsageError(
            f"{identity} is taken ({families[family]['controls'][number]['claim']}); ids are not used again"
        )
    made = Made(paths.root / CATALOGUE, _test_file(paths.root, family), paths.root / DOCUMENT)
    state.write_text(made.catalogue, _with_row(made.catalogue.read_text(), family, number, claim))
    module = (
        made.test.read_text() if made.test.exists() else _MODULE.format(family=family, title=families[family]["title"])
    )
    state.write_text(made.test, module + _TEST.format(identity=identity, name=_name(claim), expected=claim))
    rendered = shell.run([sys.executable, "-m", "reports.catalogue"], within_s=_WITHIN_S, cwd=paths.root)
    state.write_text(made.document, rendered.stdout)
    return made


def _with_row(catalogue: str, family: str, number: str, claim: str) -> str:
    """Return the catalogue with one more row, the last of its family."""
    row = f'{number} = {{ state = "implemented", claim = "{_quoted(claim)}" }}\n'
    head, table, rest = catalogue.partition(f"[{family}.controls]\n")
    rows, gap, others = rest.partition("\n\n")
    return "".join((head, table, rows.rstrip("\n"), "\n", row.rstrip("\n") if gap else row, gap, others))


def _test_file(root: Path, family: str) -> Path:
    """Return the file that has the family's tests, or will have."""
    for file in sorted((root / _SUITE).glob("test_*.py")):
        if f'control("{family}-' in file.read_text():
            return file
    return root / _SUITE / f"test_{family.lower()}.py"


def _name(claim: str) -> str:
    return "_".join(re.findall(r"[a-z0-9]+", claim.lower())[:_NAME_WORDS])


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def told(identity: str, made: Made, root: Path) -> Sequence[str]:
    """Return what was made and what is next, a line each."""
    return (
        f"{made.catalogue.relative_to(root)}: the row of {identity}",
        f"{made.test.relative_to(root)}: a test that fails",
        f"{made.document.relative_to(root)}: rendered again",
        f"next: write the test, and a fault that turns it red (plumbline/faults/); plumbline faults run --for {identity}",
    )
