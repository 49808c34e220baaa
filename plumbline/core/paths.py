"""Where things are: the checkout, the state of its runs, and the user's cache."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from plumbline.core.errors import UsageError


@dataclass(frozen=True)
class Paths:
    """The three folders that Plumbline knows.

    Attributes:
        root: the checkout (charts, recipes, suites).
        state: what belongs to this checkout's stack and runs; ignored by git.
        cache: what any checkout of this user can use again; keyed by content.
    """

    root: Path
    state: Path
    cache: Path

    @classmethod
    def of(cls, root: Path | None = None) -> Paths:
        """Return the folders of the checkout at ``root`` (default: the one around the working directory)."""
        root = root or repo_root()
        return cls(root=root, state=root / ".plumbline", cache=default_cache())

    @cached_property
    def bin(self) -> Path:
        """Pinned tools, first on PATH of everything we start."""
        return self.state / "bin"

    @property
    def kubeconfig(self) -> Path:
        """Our own kubeconfig; the user's is never read or written."""
        return self.state / "kubeconfig"

    @property
    def runs(self) -> Path:
        """One folder for each run, with its event stream."""
        return self.state / "runs"

    @property
    def reports(self) -> Path:
        """One folder for each run, with its evidence."""
        return self.state / "reports"

    @property
    def charts(self) -> Path:
        """Our Helm charts."""
        return self.root / "charts"

    @property
    def local(self) -> Path:
        """What only local clusters need: recipes of images, our own programs, the KinD configuration."""
        return self.root / "local"


def repo_root(start: Path | None = None) -> Path:
    """Return the checkout that holds ``start`` (default: the working directory), else the one this file is in."""
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents, Path(__file__).resolve().parents[2]):
        if (folder / "local" / "images").is_dir() and (folder / "charts").is_dir():
            return folder
    raise UsageError(f"{here} is not inside a Plumbline checkout: change into one (it holds charts/ and local/images/)")


def default_cache() -> Path:
    """Return the cache folder: PLUMBLINE_CACHE, else plumbline/ in the user's cache (XDG Base Directory)."""
    if named := os.environ.get("PLUMBLINE_CACHE"):
        return Path(named)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "plumbline"
