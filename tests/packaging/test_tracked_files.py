"""What stands in the repository: nothing of the machine that it was written on, and no registry's address."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Folders that every machine has, and that files may name for other reasons.
SHARED = {Path(name) for name in ("/", "/tmp", "/var/tmp", "/home", "/root", "/srv", "/opt", "/usr/src")}
_HOST = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}")


def said(*argv: str) -> str:
    """What a program prints, nothing where it is missing."""
    if not shutil.which(argv[0]):
        return ""
    return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False).stdout


def registry_hosts() -> set[str]:
    """The hosts that this machine's package clients are configured for; they are asked, since no file here may name one."""
    from pip._internal.models.index import PyPI

    texts = [
        PyPI.netloc,
        PyPI.file_storage_domain,
        said("pip", "config", "list"),
        said("npm", "config", "get", "registry"),
    ]
    texts += [said("go", "env", "GOPROXY", "GOSUMDB"), said("apt-get", "indextargets", "--format", "$(REPO_URI)")]
    urls = " ".join(texts[2:])
    hosts = {
        match for url in re.findall(r"https?://[^\s,'\"]+|^\S+$", urls) for match in _HOST.findall(url.split("/")[2])
    }
    return hosts | {PyPI.netloc, PyPI.file_storage_domain} | set(_HOST.findall(said("go", "env", "GOSUMDB")))


@pytest.fixture(scope="module")
def files() -> dict[str, str]:
    """Every text file that is tracked, or would be by `git add`."""
    listed = said("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z")
    if not listed:
        pytest.skip("not a git checkout")
    return dict(readable(name for name in listed.split("\0") if name))


def readable(names: Iterator[str]) -> Iterator[tuple[str, str]]:
    for name in names:
        try:
            yield name, (ROOT / name).read_text()
        except (UnicodeDecodeError, FileNotFoundError):  # pictures; deleted but not committed
            continue


def test_no_registry_is_named(files: dict[str, str]) -> None:
    pattern = re.compile("|".join(rf"\b{re.escape(host)}\b" for host in sorted(registry_hosts())))

    assert {name: match[0] for name, text in files.items() if (match := pattern.search(text))} == {}


def test_no_path_of_this_machine_is_named(files: dict[str, str]) -> None:
    above = [] if ROOT.parent in SHARED else [f"{ROOT.parent}/"]
    here = (f"{ROOT}/", f"{Path.home()}/.", *above)

    assert {name: path for name, text in files.items() for path in here if path in text} == {}


def test_nothing_is_left_unfinished(files: dict[str, str]) -> None:
    mark = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X")) + r")\b")
    source = {
        name: text
        for name, text in files.items()
        if Path(name).suffix in {".py", ".yaml", ".tf", ".mjs", ".toml", ".sh"}
    }

    assert {name: match[0] for name, text in source.items() if (match := mark.search(text))} == {}


def test_scripts_are_executable_and_strict(files: dict[str, str]) -> None:
    scripts = {name: text for name, text in files.items() if text.startswith("#!/usr/bin/env bash")}

    assert ".ci/run" in scripts
    for name, text in scripts.items():
        assert "set -euo pipefail" in text, name
        assert (ROOT / name).stat().st_mode & 0o111, name
