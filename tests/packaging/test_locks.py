"""The lock files: complete, with sums, of one mind, and silent about where packages come from."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
HARNESS = ROOT / "requirements" / "harness.txt"
IMAGES = {name: ROOT / "local" / name / "requirements.txt" for name in ("beacon", "csi")}
LOCKS = [HARNESS, ROOT / "requirements" / "checkov.txt", *IMAGES.values()]


def entries(lock: Path) -> list[str]:
    """The lock's requirements, each with its options on one line."""
    return [line for line in lock.read_text().replace("\\\n", " ").splitlines() if line.strip()]


def locked(lock: Path) -> dict[str, str]:
    found = (Requirement(entry.split(" --hash")[0]) for entry in entries(lock))
    return {canonicalize_name(each.name): str(each.specifier) for each in found}


def asked(source: Path) -> list[Requirement]:
    lines = (line.split("#")[0].strip() for line in source.read_text().splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith("-")]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: str(lock.relative_to(ROOT)))
def test_every_entry_is_one_version_with_sums(lock: Path) -> None:
    for entry in entries(lock):
        assert re.match(r"[a-z0-9._-]+==\S+ ", entry), entry
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: str(lock.relative_to(ROOT)))
def test_no_lock_names_an_index(lock: Path) -> None:
    text = lock.read_text()

    assert "://" not in text
    assert "index-url" not in text


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: str(lock.relative_to(ROOT)))
def test_the_lock_has_what_its_source_asks_for(lock: Path) -> None:
    versions = locked(lock)

    for wanted in asked(lock.with_suffix(".in")):
        pinned = versions[canonicalize_name(wanted.name)].removeprefix("==")
        assert wanted.specifier.contains(pinned, prereleases=True), f"{lock.name}: {wanted} but {pinned} is locked"


@pytest.mark.parametrize("image", IMAGES)
def test_an_image_holds_what_the_tests_run_with(image: str) -> None:
    harness = locked(HARNESS)

    for name, version in locked(IMAGES[image]).items():
        assert harness.get(name) == version, f"{name}{version} in local/{image}, {harness.get(name)} in the harness"


def test_pytest_is_of_the_line_that_groups_and_reports_rightly() -> None:
    """Later ones break xdist's groups or allure-pytest's fixtures."""
    assert locked(HARNESS)["pytest"].startswith("==9.0.")


def test_the_build_backend_is_the_locked_one(pyproject: dict[str, dict[str, list[str]]]) -> None:
    assert pyproject["build-system"]["requires"] == [f"setuptools{locked(HARNESS)['setuptools']}"]
