"""A fork of this repository: what is laid over it, and what is committed and pushed."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from plumbline.components.delivery import fork as forks
from plumbline.components.delivery.fork import Fork
from plumbline.kube.api import Kube

ROOT = Path(__file__).parents[3]


@pytest.fixture
def server(tmp_path: Path) -> Path:
    """A repository that can be pushed to."""
    folder = tmp_path / "server.git"
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", folder], check=True)
    return folder


@pytest.fixture
def fork(tmp_path: Path, server: Path, monkeypatch: pytest.MonkeyPatch) -> Fork:
    """A fork of this checkout, pushed."""
    from plumbline.components.base import Site
    from plumbline.core.config import Config
    from plumbline.core.paths import Paths

    monkeypatch.setattr(forks, "_remote", lambda _: str(server))
    paths = Paths(root=ROOT, state=tmp_path / "state", cache=tmp_path / "cache")
    return Fork.made(Site(Config(), paths), tmp_path / "fork")


def environments(fork: Fork) -> dict[str, str]:
    values = yaml.safe_load((fork.folder / "charts/gitops/values.prod.yaml").read_text())
    return {each["name"]: each["revision"] for each in values["environments"]}


def test_what_is_laid_over_charts_leaves_the_rest_of_their_values(fork: Fork) -> None:
    ours, theirs = (
        yaml.safe_load((root / "charts/gitops/values.prod.yaml").read_text()) for root in (ROOT, fork.folder)
    )

    assert theirs["projects"] == ours["projects"]
    assert theirs["repository"] == {**ours["repository"], "url": "git://git.forge.svc.cluster.local/plumbline.git"}
    for template in (ROOT / "charts/gitops").glob("templates/*"):
        assert (fork.folder / "charts/gitops/templates" / template.name).read_text() == template.read_text()


def test_each_environment_starts_with_the_first_version(fork: Fork) -> None:
    assert environments(fork) == {"dev": "main", "stage": fork.version, "prod": fork.version}
    assert fork.commit(fork.version) == fork.commit("main")


def test_a_release_is_the_next_version_and_says_whether_it_comes_up(fork: Fork) -> None:
    assert (fork.version, fork.works) == ("v0.1.0", True)
    assert fork.release(works=False) == fork.version == "v0.2.0"
    assert not fork.works
    assert fork.release() == "v0.3.0"
    assert fork.works


def test_a_promotion_changes_one_revision(fork: Fork) -> None:
    before = environments(fork)
    fork.promote("stage", "v0.2.0")

    assert environments(fork) == {**before, "stage": "v0.2.0"}


def test_what_is_pushed_is_what_others_clone(fork: Fork, tmp_path: Path) -> None:
    version = fork.release()
    fork.push("the next one", version=version)
    folder = tmp_path / "clone"
    folder.mkdir()
    clone = replace(fork, folder=folder)
    clone._git("clone", "--quiet", clone.remote, ".")

    assert clone.version == version
    assert clone.commit(version) == fork.commit("main")


def test_git_reaches_the_server_through_its_pod() -> None:
    kube = Kube(Path("/a folder/kubeconfig"), "kind-x", Path("/tools"))

    assert forks._remote(kube) == (
        "ext::/tools/kubectl --kubeconfig=/a% folder/kubeconfig --context=kind-x -n forge exec --stdin deployment/git "
        "-- git %s /srv/plumbline.git"
    )
