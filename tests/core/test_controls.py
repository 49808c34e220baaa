"""A new control: its row, its failing test, its line in the document; refused where the id cannot be."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path

import pytest

from plumbline import controls
from plumbline.core.errors import UsageError
from plumbline.core.paths import Paths

ROOT = Path(__file__).parents[2]
CLAIM = 'Every answer names its "source" within a second, or says why not.'


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    """A checkout that may be written to."""
    for name in ("suites", "docs", "reports", "plumbline"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    return Paths(root=tmp_path, state=tmp_path / ".plumbline", cache=tmp_path / "cache")


@pytest.mark.parametrize("identity", ["ING-077", "EVD-077"])  # in the middle of the catalogue, and at its end
def test_catalogue_test_and_document_have_it(paths, identity):
    before = tomllib.loads((paths.root / controls.CATALOGUE).read_text())

    made = controls.new(paths, identity, CLAIM)

    family, _, number = identity.partition("-")
    before[family]["controls"][number] = {"state": "implemented", "claim": CLAIM}
    assert tomllib.loads(made.catalogue.read_text()) == before
    assert (
        f'@pytest.mark.control("{identity}")\ndef test_every_answer_names_its_source_within(' in made.test.read_text()
    )
    compile(made.test.read_text(), made.test, "exec")
    assert f"| {identity} | {CLAIM} | implemented |" in made.document.read_text()


def test_it_joins_the_tests_of_its_family(paths):
    assert controls.new(paths, "ING-077", CLAIM).test.name == "test_ingress.py"


@pytest.mark.parametrize(
    ("identity", "says"),
    [
        ("ING-001", "ING-001 is taken"),
        ("XYZ-001", "XYZ-001 is no id of a family"),
        ("ING-1", "ING-1 is no id of a family"),
    ],
)
def test_an_id_that_cannot_be_is_refused(paths, identity, says):
    with pytest.raises(UsageError, match=says):
        controls.new(paths, identity, CLAIM)
