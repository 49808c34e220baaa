"""A pod reaches the API server of its cluster by what Kubernetes gives it."""

from pathlib import Path

import pytest
from kubernetes import config as official

from plumbline.components.existing import in_cluster
from plumbline.components.existing.stack import reached
from plumbline.core.config import Config
from plumbline.core.errors import ConfigError
from plumbline.core.paths import Paths


@pytest.fixture
def mounted(tmp_path: Path) -> Path:
    folder = tmp_path / "serviceaccount"
    folder.mkdir()
    (folder / "token").write_text("first")
    (folder / "ca.crt").write_text("-----BEGIN CERTIFICATE-----")
    return folder


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(tmp_path, tmp_path / "state", tmp_path / "cache")


def test_the_official_client_understands_it(mounted: Path, paths: Paths, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(in_cluster, "is_here", lambda: True)
    text = in_cluster.kubeconfig(mounted)
    monkeypatch.setattr(in_cluster, "kubeconfig", lambda: text)

    kube = reached(Config(target="existing"), paths)

    assert kube.context == "in-cluster"
    settings = official.new_client_from_config(str(kube.kubeconfig), kube.context).configuration
    assert settings.host == "https://kubernetes.default.svc"
    assert settings.ssl_ca_cert == str(mounted / "ca.crt")
    assert settings.api_key["BearerToken"] == "Bearer first"


def test_it_is_there_where_an_account_is(mounted: Path, tmp_path: Path):
    assert in_cluster.is_here(mounted)
    assert not in_cluster.is_here(tmp_path)


@pytest.mark.parametrize("given", [{"context": "theirs"}, {"kubeconfig": "theirs.yaml"}])
def test_who_names_a_cluster_half_is_told_so_even_in_a_pod(paths: Paths, given, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(in_cluster, "is_here", lambda: True)

    with pytest.raises(ConfigError, match="needs --context and --kubeconfig"):
        reached(Config(target="existing", **given), paths)
