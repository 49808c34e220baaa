"""A private apt root: Debian packages of any suite, fetched and verified by the machine's own apt, installed nowhere.

The archive's address, proxies and credentials are the machine's own: the sources of the root are generated at run time from what
``apt-get indextargets`` says of the running release, with the suite exchanged. apt verifies the archive's signature with
debian-archive-keyring and each package with the signed index; the sums are recorded, because Debian's suites roll.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import platform
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from plumbline.core import events, lease, paths, shell, state
from plumbline.core.checksum import sha256_of
from plumbline.core.errors import ChecksumMismatch, Unfit

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
INDEX_MAX_AGE_S = 24 * 3600
UPDATE_WITHIN_S = 300.0
DOWNLOAD_WITHIN_S = 900.0

# 'URI' file_version_arch.deb size SHA256:sum – what --print-uris prints for each package.
_URI_LINE = re.compile(r"^'(?P<uri>[^']+)' (?P<file>\S+) (?P<size>\d+) (?:SHA256:(?P<sha256>[0-9a-f]{64}))?")


class AptUnavailable(Unfit):
    """Debian packages cannot be had here by apt."""

    def __init__(self, reason: str, fix: str) -> None:
        """Keep the reason; the fix ends the sentence."""
        super().__init__(f"Debian packages cannot be had on this machine ({reason}): {fix}")
        self.reason = reason


class PackageUnavailable(Unfit):
    """The archive that this machine uses does not have a package in the suite that was asked for."""

    def __init__(self, packages: Sequence[str], suites: Sequence[str], detail: str) -> None:
        """Keep what was asked for."""
        super().__init__(
            f"apt cannot get {', '.join(packages)} from {', '.join(suites)} ({detail}): "
            "look at the package's name and suite, or run the command again if the archive was not reachable"
        )
        self.packages = tuple(packages)


@dataclasses.dataclass(frozen=True, slots=True)
class Deb:
    """One downloaded Debian package."""

    name: str
    version: str
    sha256: str
    path: Path


@dataclasses.dataclass(frozen=True, slots=True)
class _Listed:
    """One package as the signed index describes it."""

    file: str
    sha256: str

    @property
    def name(self) -> str:
        return self.file.split("_")[0]

    @property
    def version(self) -> str:
        # apt writes the epoch's colon as %3a in file names.
        return self.file.split("_")[1].replace("%3a", ":")


class AptRoot:
    """Packages of the given Debian suites; the first suite is preferred where no other is named (``package/suite``)."""

    def __init__(self, suites: Sequence[str], cache: Path | None = None) -> None:
        """Place the root under the cache folder; nothing is fetched yet."""
        if not suites:
            raise ValueError("an apt root needs at least one suite")
        self.suites = tuple(suites)
        self.folder = (cache or paths.default_cache()) / "apt" / "-".join(self.suites)
        self.archives = self.folder / "archives"

    def download(self, packages: Sequence[str]) -> list[Deb]:
        """Fetch exactly these packages (``name``, ``name/suite`` or ``name=version``), without what they depend on."""
        with self._ready():
            return self._fetch(packages)

    @contextmanager
    def _ready(self) -> Iterator[None]:
        """Hold the root alone (apt keeps no queue of its own), with its index up to date."""
        self.archives.mkdir(parents=True, exist_ok=True)
        within_s = UPDATE_WITHIN_S + DOWNLOAD_WITHIN_S
        with lease.exclusive(
            self.folder / "lock", "the private apt root", within_s=within_s, purpose="fetching packages"
        ):
            self._refresh()
            yield

    def _fetch(self, packages: Sequence[str]) -> list[Deb]:
        wanted = list(dict.fromkeys(packages))
        result = self._apt(["download", "--print-uris", "--quiet=2", *wanted], asked=wanted, within_s=60.0)
        listed = list(parse_uris(result.stdout.splitlines()))
        if len(listed) != len(wanted):
            raise PackageUnavailable(wanted, self.suites, f"{len(listed)} of {len(wanted)} were found")
        missing = [f"{package.name}={package.version}" for package in listed if not self._is_here(package)]
        if missing:
            self._apt(["download", *missing], asked=missing, within_s=DOWNLOAD_WITHIN_S, cwd=self.archives)
        return [self._verified(package) for package in listed]

    def _refresh(self) -> None:
        """Update the index when it is older than a day or describes other sources."""
        sources = self._sources()
        stamp = self.folder / "updated.json"
        known = state.read_json(stamp) or {}
        digest = hashlib.sha256(sources.encode()).hexdigest()
        age_s = time.time() - float(known.get("at", 0))
        if known.get("sources") == digest and 0 <= age_s < INDEX_MAX_AGE_S:
            return
        (self.folder / "lists" / "partial").mkdir(parents=True, exist_ok=True)
        (self.folder / "plumbline.sources").write_text(sources)
        (self.folder / "status").touch()
        self._update()
        state.write_json(stamp, {"at": time.time(), "sources": digest})

    def _update(self) -> None:
        """Fetch the index; one that is past its date is taken with a warning: a mirror may be frozen, its signature still counts."""
        try:
            self._apt(["update"], asked=["the index"], within_s=UPDATE_WITHIN_S)
        except PackageUnavailable as failure:
            if (
                not isinstance(failure.__cause__, shell.CommandFailed)
                or "is expired" not in failure.__cause__.result.stderr
            ):
                raise
            text = f"the archive's index of Debian {', '.join(self.suites)} is past its date: it seems to be a frozen mirror"
            events.emit("images", "warning", text=text)
            argv = ["-oAcquire::Check-Valid-Until=false", "update"]
            self._apt(argv, asked=["the index"], within_s=UPDATE_WITHIN_S)

    def _sources(self) -> str:
        uri = archive_uri()
        if not KEYRING.exists():
            raise AptUnavailable(f"{KEYRING} is missing", "install the package debian-archive-keyring")
        # Only the package index: not the translations and not the extra targets (icons, AppStream) of desktop machines.
        return (
            f"Types: deb\nURIs: {uri}\nSuites: {' '.join(self.suites)}\nComponents: main\n"
            f"Signed-By: {KEYRING}\nTargets: Packages\nLanguages: none\n"
        )

    def _apt(
        self, arguments: Sequence[str], *, asked: Sequence[str], within_s: float, cwd: Path | None = None
    ) -> shell.Result:
        options = {
            "Dir::Etc::sourcelist": self.folder / "plumbline.sources",
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::Etc::preferences": "/dev/null",
            "Dir::Etc::preferencesparts": "/dev/null",
            "Dir::State::lists": self.folder / "lists",
            "Dir::State::status": self.folder / "status",
            "Dir::Cache::archives": self.archives,
            "APT::Default-Release": self.suites[0],
            "APT::Sandbox::User": "root",  # the folder is ours alone, so apt's own user could not write it
            "APT::Update::Error-Mode": "any",
            "Acquire::Retries": "3",
        }
        argv = ["apt-get", *(f"-o{key}={value}" for key, value in options.items()), *arguments]
        try:
            return shell.run(argv, within_s=within_s, cwd=cwd, env={"LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"})
        except shell.CommandFailed as failure:
            raise PackageUnavailable(asked, self.suites, _first_error(failure)) from failure

    def _is_here(self, package: _Listed) -> bool:
        path = self.archives / package.file
        return path.exists() and sha256_of(path) == package.sha256

    def _verified(self, package: _Listed) -> Deb:
        path = self.archives / package.file
        found = sha256_of(path)
        if found != package.sha256:
            raise ChecksumMismatch(package.file, expected=package.sha256, actual=found)
        return Deb(package.name, package.version, found, path)


def archive_uri() -> str:
    """Address of the Debian archive that this machine's own apt configuration names for the running release."""
    release = _os_release()
    if release.get("ID") != "debian":
        name = release.get("PRETTY_NAME", platform.platform())
        raise AptUnavailable(
            f"it runs {name}", "use a Debian machine, or one with a container registry (--images pull)"
        )
    codename = release.get("VERSION_CODENAME", "")
    argv = ["apt-get", "indextargets", "--format", "$(RELEASE) $(COMPONENT) $(REPO_URI)", "Created-By: Packages"]
    for line in shell.run(argv, within_s=30.0).stdout.splitlines():
        suite, component, uri = line.split(maxsplit=2)
        if suite == codename and component == "main":
            return uri
    raise AptUnavailable(
        f"its apt sources name no archive for {codename} main", "add Debian's archive to the apt sources"
    )


def parse_uris(lines: Iterable[str]) -> Iterable[_Listed]:
    """Read what ``apt-get --print-uris`` prints; lines about anything else are passed over."""
    for line in lines:
        match = _URI_LINE.match(line)
        if match and match["file"].endswith(".deb"):
            if match["sha256"] is None:
                raise ChecksumMismatch(match["file"], expected="a SHA-256 sum in the signed index", actual="none")
            yield _Listed(match["file"], match["sha256"])


def unpack(debs: Iterable[Deb], into: Path) -> None:
    """Lay the files of packages into a folder; their maintainer scripts are not run."""
    into.mkdir(parents=True, exist_ok=True)
    for deb in debs:
        shell.run(["dpkg-deb", "--extract", str(deb.path), str(into)], within_s=300.0)


def bill(debs: Iterable[Deb]) -> str:
    """Which packages were used, as canonical JSON: name, version and SHA-256 of each."""
    entries = [{"name": deb.name, "version": deb.version, "sha256": deb.sha256} for deb in debs]
    return json.dumps(sorted(entries, key=lambda entry: entry["name"]), indent=1) + "\n"


def _os_release() -> dict[str, str]:
    try:
        return platform.freedesktop_os_release()
    except OSError:
        return {}


def _first_error(failure: shell.CommandFailed) -> str:
    """Return apt's first error line, without the address of the archive."""
    lines = [line[2:].strip() for line in failure.result.stderr.splitlines() if line.startswith("E:")]
    return (
        re.sub(r"\S+://\S+", "the archive", lines[0])
        if lines
        else f"apt-get ended with exit code {failure.result.code}"
    )
