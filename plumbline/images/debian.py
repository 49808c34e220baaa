"""The Debian system that images stand on, installed by mmdebstrap from the archive that this machine's apt is configured for."""

from __future__ import annotations

import re
import tarfile
import threading
from collections.abc import Container, Iterable
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plumbline.core import shell, state
from plumbline.images import apt, wheels
from plumbline.images.content import Store, key_of
from plumbline.images.debian_lock import SYSTEM, DebianLock
from plumbline.images.tree import EPOCH

if TYPE_CHECKING:
    from plumbline.images.parts.debian import OsPart

_INSTALL_WITHIN_S = 1800.0
_WITHIN_S = 300.0
_UNPACKING = threading.Lock()

# Left out when packages are unpacked; the copyright files stay.
_NOT_INSTALLED = (
    "/usr/share/doc/*",
    "/usr/share/man/*",
    "/usr/share/info/*",
    "/usr/share/locale/*",
    "/usr/share/lintian/*",
)
_INSTALLED_AFTER_ALL = ("/usr/share/doc/*/copyright",)

# What names this machine's archive, or is only a trace of the installation.
_TRACES = (
    *("dev/*", "run/*", "tmp/*", "var/cache/*", "var/log/*", "var/lib/apt/*"),
    *("etc/apt/sources.list*", "etc/hostname", "etc/resolv.conf"),
)


@dataclass
class System:
    """The installed system, as an archive in the store.

    Attributes:
        store: where it is kept.
        part: which suite and packages.
        lock: what was recorded.
        architecture: as Debian names it.
    """

    store: Store
    part: OsPart
    lock: DebianLock
    architecture: str

    @cached_property
    def key(self) -> str:
        """Key of the suite, the packages that are asked for, and the recorded versions."""
        return key_of(
            "system-4", self.part.suite, self.part.packages, self.lock.of(SYSTEM), self.architecture, _NOT_INSTALLED
        )

    @property
    def archive(self) -> Path:
        """The tar file of the installed system."""
        return self.store.path("os", f"{self.key[:16]}.tar")

    @property
    def record(self) -> Path:
        """The record of the packages that it was installed from."""
        return self.store.path(f"debian-{self.key[:16]}.json")

    def used(self) -> dict[str, dict[str, str]]:
        """Return the packages that it was installed from: name -> version and checksum."""
        return state.read_json(self.record) or {}

    @property
    def is_installed(self) -> bool:
        """Whether the system and its record are in the store."""
        return self.archive.exists() and self.record.exists()

    def install(self) -> None:
        """Install the system, if that was not done."""
        if not self.is_installed:
            self._install()
        self.lock.report_drift(SYSTEM, self.used())

    def _install(self) -> None:
        with self.store.scratch() as folder, self.store.making(self.archive) as archive:
            sums = folder / "sums"
            shell.run(self._mmdebstrap(folder, archive, sums), within_s=_INSTALL_WITHIN_S, env=self._env(folder))
            state.write_json(self.record, dict(parse_sums(sums.read_text().splitlines())))

    def _mmdebstrap(self, folder: Path, archive: Path, sums: Path) -> list[str | Path]:
        """Return the call; mmdebstrap itself comes from the same archive and is not installed on this machine."""
        apt.unpack(apt.AptRoot([self.part.suite], self.store.root).download(["mmdebstrap"]), folder / "mmdebstrap")
        argv: list[str | Path] = [
            folder / "mmdebstrap/usr/bin/mmdebstrap",
            "--quiet",
            "--format=tar",
            "--variant=minbase",
        ]
        argv += [f"--include={','.join(self.part.packages)}", f"--architectures={self.architecture}"]
        argv += [f"--dpkgopt=path-exclude={pattern}" for pattern in _NOT_INSTALLED]
        argv += [f"--dpkgopt=path-include={pattern}" for pattern in _INSTALLED_AFTER_ALL]
        argv += [f"--aptopt={option}" for option in _transport()]
        argv += ["--skip=essential/unlink", '--aptopt=APT::Keep-Downloaded-Packages "true"']
        # Tied to their sources by checksum: by time, as Debian does it, they would all be stale, since times are made equal.
        compiled = f"-m compileall -q -f --invalidation-mode unchecked-hash /usr/lib/python{wheels.PYTHON}"
        argv += [f'--customize-hook=chroot "$1" python3 {compiled}']
        argv += [f'--customize-hook=cd "$1/var/cache/apt/archives" && sha256sum *.deb >{sums}']
        return [
            *argv,
            self.part.suite,
            archive,
            f"deb [signed-by={apt.KEYRING}] {apt.archive_uri()} {self.part.suite} main",
        ]

    @staticmethod
    def _env(folder: Path) -> dict[str, str]:
        # Its helper mmtarfilter is found on PATH.
        path = f"{folder / 'mmdebstrap/usr/bin'}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        return {"PATH": path, "SOURCE_DATE_EPOCH": str(EPOCH), "LC_ALL": "C.UTF-8"}

    def components(self) -> list[dict[str, Any]]:
        """Return the packages as components of a bill of materials."""
        return [component(name, entry["version"], entry["sha256"]) for name, entry in sorted(self.used().items())]

    def compile(self, folder: Path, path: str) -> None:
        """Compile the Python sources below ``folder``, which will be ``path`` in an image, with the system's own Python."""
        root = self._python()
        python = self.program(root / f"usr/bin/python{wheels.PYTHON}")
        wheels.compile_folder([*python, "-s"], {"PYTHONHOME": str(root / "usr")}, folder, path)

    def program(self, file: Path) -> list[str | Path]:
        """Return how a program of this Debian release is called here: by its own loader and libraries, without root or chroot."""
        library = (
            self._python() / "usr/lib" / ("x86_64-linux-gnu" if self.architecture == "amd64" else "aarch64-linux-gnu")
        )
        return [next(library.glob("ld-linux-*.so.*")), "--library-path", library, file]

    def _python(self) -> Path:
        """Return a folder with the system's Python and the libraries that it needs, unpacked once."""
        folder = self.store.path("os", f"{self.key[:16]}-python")
        with _UNPACKING:
            if folder.is_dir():
                return folder
            with self.store.making(folder) as made, tarfile.open(self.archive) as system:
                wanted = re.compile(
                    rf"\./usr/(bin/python{wheels.PYTHON}$|lib/python{wheels.PYTHON}/|lib/[^/]+-linux-gnu/[^/]+\.so[^/]*$)"
                )
                members = [item for item in system.getmembers() if wanted.match(item.name)]
                system.extractall(made, members=members, filter=_portable)
            return folder


def _portable(member: tarfile.TarInfo, path: str) -> tarfile.TarInfo | None:
    """Leave out links to absolute paths: they would lead into this machine."""
    return None if member.issym() and member.linkname.startswith("/") else tarfile.data_filter(member, path)


def copy_system(archive: Path, tar: tarfile.TarFile, exclude: Iterable[str], replaced: Container[str] = ()) -> set[str]:
    """Append an installed system to ``tar``: owners, modes and links as they are, one time for all; return the names in it.

    Args:
        archive: the system.
        tar: where to.
        exclude: what is left out (patterns).
        replaced: names that something else takes the place of.
    """
    patterns = (*_TRACES, *exclude)
    names: set[str] = set()
    with tarfile.open(archive) as system:
        for member in system:
            name = member.name.removeprefix("./").rstrip("/")
            if (
                name in ("", ".")
                or name in replaced
                or member.isdev()
                or any(fnmatch(name, pattern) for pattern in patterns)
            ):
                continue
            member.name, member.mtime = name, EPOCH
            member.uname = member.gname = ""
            member.pax_headers = {
                key: value for key, value in member.pax_headers.items() if key.startswith("SCHILY.xattr.")
            }
            if member.islnk():
                member.linkname = member.linkname.removeprefix("./")
            tar.addfile(member, system.extractfile(member) if member.isreg() else None)
            names.add(name)
    return names


def parse_sums(lines: Iterable[str]) -> Iterable[tuple[str, dict[str, str]]]:
    """Read ``sha256sum`` lines about .deb files: name, and version with checksum."""
    for line in lines:
        checksum, file = line.split()
        name, version, _ = file.split("_")
        yield name, {"version": version.replace("%3a", ":"), "sha256": checksum}


def component(name: str, version: str, checksum: str) -> dict[str, Any]:
    """Return a Debian package as a component of a bill of materials."""
    url = f"pkg:deb/debian/{name}@{version}"
    hashes = [{"alg": "SHA-256", "content": checksum}]
    return {"type": "library", "bom-ref": url, "name": name, "version": version, "purl": url, "hashes": hashes}


def _transport() -> list[str]:
    """Return how this machine's apt reaches its archive (proxies), as options for another apt."""
    names = ("Acquire::http::Proxy", "Acquire::https::Proxy")
    listed = shell.run(["apt-config", "dump", "--format", "%F%v%n", *names], within_s=_WITHIN_S, check=False).stdout
    values = (
        shell.run(["apt-config", "dump", "--format", '%f "%v";%n', *names], within_s=_WITHIN_S, check=False).stdout
        if listed
        else ""
    )
    return [line for line in values.splitlines() if not line.endswith('"";')]
