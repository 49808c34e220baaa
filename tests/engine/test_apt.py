"""The private apt root: what apt is asked, how rarely, and what is believed of its answers."""

from __future__ import annotations

import hashlib
import platform
import sys
from pathlib import Path

import pytest

from plumbline.core.errors import ChecksumMismatch
from plumbline.images import apt

CONTENT = b"a package"
SUM = hashlib.sha256(CONTENT).hexdigest()
APT_GET = """
import pathlib, sys
arguments = [word for word in sys.argv[1:] if not word.startswith("-")]
with open(LOG, "a") as log: log.write(" ".join(arguments) + "\\n")
if "indextargets" in sys.argv:
    print("trixie main http://archive.invalid/debian/")
elif "nonesuch" in arguments:
    sys.exit("E: Unable to locate package nonesuch")
elif "--print-uris" in sys.argv:
    print(f"'http://archive.invalid/debian/pool/t/tini.deb' tini_0.19.0-3+b8_amd64.deb 9 SHA256:{SUM}")
elif arguments[0] == "download":
    pathlib.Path("tini_0.19.0-3+b8_amd64.deb").write_bytes(CONTENT)
"""


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The log of what a stand-in for apt-get was asked, on a Debian trixie."""
    log, program = tmp_path / "asked", tmp_path / "bin" / "apt-get"
    program.parent.mkdir()
    program.write_text(f"#!{sys.executable}\nLOG, SUM, CONTENT = {str(log)!r}, {SUM!r}, {CONTENT!r}\n{APT_GET}")
    program.chmod(0o755)
    keyring = tmp_path / "keyring.gpg"
    keyring.touch()
    monkeypatch.setenv("PATH", str(program.parent))
    monkeypatch.setattr(apt, "KEYRING", keyring)
    monkeypatch.setattr(platform, "freedesktop_os_release", lambda: {"ID": "debian", "VERSION_CODENAME": "trixie"})
    return log


def test_packages_are_fetched_once_and_verified(asked: Path, tmp_path: Path) -> None:
    root = apt.AptRoot(["forky"], cache=tmp_path)

    (first,) = root.download(["tini"])
    (second,) = root.download(["tini"])

    assert first == second
    assert (first.name, first.version, first.sha256) == ("tini", "0.19.0-3+b8", SUM)
    assert first.path.read_bytes() == CONTENT
    lines = asked.read_text().splitlines()
    assert lines.count("update") == 1
    assert lines.count("download tini=0.19.0-3+b8") == 1


def test_the_sources_name_the_machines_own_archive_with_our_suites(asked: Path, tmp_path: Path) -> None:
    root = apt.AptRoot(["trixie", "forky"], cache=tmp_path)
    root.download(["tini"])

    sources = (root.folder / "plumbline.sources").read_text()

    assert "URIs: http://archive.invalid/debian/\nSuites: trixie forky\n" in sources
    assert f"Signed-By: {apt.KEYRING}" in sources


def test_a_damaged_package_is_fetched_again(asked: Path, tmp_path: Path) -> None:
    root = apt.AptRoot(["trixie"], cache=tmp_path)
    (deb,) = root.download(["tini"])
    deb.path.write_bytes(b"damaged")

    (again,) = root.download(["tini"])

    assert again.path.read_bytes() == CONTENT


def test_an_unknown_package_is_named_and_the_archive_is_not(asked: Path, tmp_path: Path) -> None:
    with pytest.raises(apt.PackageUnavailable, match="nonesuch from trixie") as failure:
        apt.AptRoot(["trixie"], cache=tmp_path).download(["nonesuch"])

    assert "://" not in str(failure.value)


def test_a_package_without_a_signed_sum_is_refused() -> None:
    with pytest.raises(ChecksumMismatch):
        list(apt.parse_uris(["'http://archive.invalid/a.deb' a_1_all.deb 9 MD5Sum:0123"]))


def test_another_system_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "freedesktop_os_release", lambda: {"ID": "fedora", "PRETTY_NAME": "Fedora Linux 44"})

    with pytest.raises(apt.AptUnavailable, match="Fedora Linux 44"):
        apt.archive_uri()


def test_epochs_are_read_from_file_names() -> None:
    (listed,) = apt.parse_uris([f"'http://archive.invalid/x.deb' dbus_1%3a1.16.2-2_amd64.deb 9 SHA256:{SUM}"])

    assert (listed.name, listed.version) == ("dbus", "1:1.16.2-2")


def test_a_bill_is_the_same_whatever_the_order() -> None:
    debs = [apt.Deb(name, "1", SUM, Path()) for name in ("b", "a")]

    assert apt.bill(debs) == apt.bill(debs[::-1])
