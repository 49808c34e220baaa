"""A fork of this repository as its user has one: what Argo CD reads, told where it is, committed to and pushed by Git itself.

What is laid over the charts, so that one small cluster is dev, stage and prod, stands in ``local/gitops/fork``.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from plumbline.components.base import Site
from plumbline.components.delivery.gitops import ROOT, GitOps
from plumbline.components.delivery.renderings import PROD, Charts, merged
from plumbline.core import shell
from plumbline.kube.api import Kube, Object

FORGE = "forge"  # namespace of the Git server
WORKLOAD = "workload"  # the chart that stands for the nodes, its Application in each environment, and its objects
_OVERLAY = "gitops/fork"  # below local/
_READ = ("charts", "secrets")  # what Argo CD reads of a checkout
BRANCH = "main"  # dev follows it
_REPOSITORY = "/srv/plumbline.git"
_WITHIN_S = 60.0


@dataclass(frozen=True)
class Fork:
    """A clone that is worked in.

    Attributes:
        folder: where it is.
        remote: how Git reaches the repository in the cluster.
    """

    folder: Path
    remote: str

    @classmethod
    def made(cls, site: Site, folder: Path) -> Fork:
        """Fork the checkout into a folder, and push it as the first version."""
        for part in _READ:
            shutil.copytree(site.paths.root / part, folder / part)
        _lay(site.paths.local / _OVERLAY, folder)
        fork = cls(folder, _remote(site.kube))
        fork._git("init", "--quiet", f"--initial-branch={BRANCH}")
        fork.push(f"a fork for {site.config.cluster_name}", version=fork.version)
        return fork

    @classmethod
    def cloned(cls, site: Site, folder: Path) -> Fork:
        """Clone what the cluster's repository has."""
        fork = cls(folder, _remote(site.kube))
        folder.mkdir(parents=True)
        fork._git("clone", "--quiet", fork.remote, ".")
        return fork

    def charts(self, helm: Path) -> Charts:
        """Return its charts, which that Helm renders."""
        return Charts(self.folder / "charts", helm)

    def gitops(self, helm: Path) -> GitOps:
        """Return what Argo CD is to make of it."""
        return GitOps(self.charts(helm))

    @property
    def version(self) -> str:
        """The version of the workload that the branch has."""
        return str(self._read(WORKLOAD)["version"])

    @property
    def works(self) -> bool:
        """Whether that comes up."""
        return bool(self._read(WORKLOAD)["works"])

    def commit(self, revision: str) -> str:
        """Return the commit that a branch or version is."""
        return self._git("rev-parse", f"{revision}^{{commit}}").strip()

    def release(self, *, works: bool = True) -> str:
        """Write the next version of the workload, and return it.

        Args:
            works: whether it comes up where it is deployed.
        """
        major, minor, patch = self.version.removeprefix("v").split(".")
        following = f"v{major}.{int(minor) + 1}.{patch}"
        self._write(WORKLOAD, {"version": following, "works": works})
        return following

    def promote(self, environment: str, version: str) -> None:
        """Write which version an environment deploys."""
        changed = [
            {**each, "revision": version} if each["name"] == environment else each
            for each in self._read(ROOT)["environments"]
        ]
        self._write(ROOT, {"environments": changed})

    def push(self, message: str, *, version: str = "") -> None:
        """Commit what was written, as a version where one is named, and push it."""
        self._git("add", "--all")
        self._git("commit", "--quiet", "--message", message)
        if version:
            self._git("tag", version)
        self._git("push", "--quiet", "--tags", self.remote, BRANCH)

    def _values(self, chart: str) -> Path:
        return self.folder / "charts" / chart / f"values.{PROD}.yaml"

    def _read(self, chart: str) -> Object:
        return yaml.safe_load(self._values(chart).read_text())  # type: ignore[no-any-return]

    def _write(self, chart: str, change: Object) -> None:
        self._values(chart).write_text(yaml.safe_dump(merged(self._read(chart), change), sort_keys=False))

    def _git(self, *words: str) -> str:
        given = {"protocol.ext.allow": "always", "user.name": "Plumbline", "user.email": "plumbline@localhost"}
        options = [word for key, value in given.items() for word in ("-c", f"{key}={value}")]
        return shell.run(["git", *options, *words], within_s=_WITHIN_S, cwd=self.folder).stdout


def _lay(overlay: Path, folder: Path) -> None:
    """Lay a folder over another: values on top of those that are there, every other file in its place."""
    for file in sorted(path for path in overlay.rglob("*") if path.is_file()):
        target = folder / file.relative_to(overlay)
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            both: Sequence[Any] = [yaml.safe_load(each.read_text()) for each in (target, file)]
            target.write_text(yaml.safe_dump(merged(*both), sort_keys=False))
        else:
            shutil.copy(file, target)


def _remote(kube: Kube) -> str:
    """Return the address by which Git talks to its other half in the server's pod (gitremote-helpers: ext)."""
    words = [*kube.kubectl_argv(), "-n", FORGE, "exec", "--stdin", "deployment/git", "--", "git", "%s", _REPOSITORY]
    return f"ext::{' '.join(word.replace(' ', '% ') for word in words)}"
