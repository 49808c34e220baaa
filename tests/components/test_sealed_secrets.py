"""What is sealed to which key, what a backup brings back, and what it cannot; against a cluster that is a dictionary."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from plumbline.components.sealed_secrets import NAMESPACE, SealedSecrets
from plumbline.components.secrets import escrow, sealing
from plumbline.components.secrets.escrow import EscrowUnreadable, Label
from plumbline.components.secrets.sealing import Scope, SealingKey
from plumbline.kube import definitions
from plumbline.kube.api import Object

PASSPHRASE = "correct horse battery"


class Cluster:
    """The keys and SealedSecrets of a cluster; which key opens what is written down beside each."""

    def __init__(self, *keys: SealingKey, uid: str = "0000-1111") -> None:
        self.secrets = [key.as_secret(NAMESPACE) for key in keys]
        self.sealed: list[Object] = []
        self.uid = uid

    def hold(self, name: str, key: SealingKey, **annotations: str) -> None:
        meta = {"name": name, "namespace": "ethereum", "generation": 1, "annotations": annotations}
        status = {"observedGeneration": 1, "conditions": [{"type": "Synced", "status": "True"}]}
        self.sealed.append({"metadata": meta, "spec": {"encryptedData": {}}, "status": status, "key": key.name})

    def objects(self, kind: str, *_: Any, **__: Any) -> list[Object]:
        return {"Secret": self.secrets, "SealedSecret": self.sealed, "Pod": []}[kind]

    def get(self, *_: Any) -> Object:
        return {"metadata": {"uid": self.uid}}

    def apply(self, objects: list[Object]) -> None:
        self.secrets += objects


@pytest.fixture(scope="session")
def keys() -> list[SealingKey]:
    """Three key pairs, newest first; making them takes longest."""
    made = [SealingKey.made()]
    for _ in range(2):
        made.insert(0, SealingKey.made(after=made[0]))
    return made


@pytest.fixture(autouse=True)
def _known_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SealingKey, "opens", lambda key, sealed: sealed["key"] == key.name)
    monkeypatch.setattr(SealedSecrets, "restart", lambda _: None)
    monkeypatch.setattr(SealedSecrets, "_wait_unsealed", lambda *_: None)


def of(cluster: Cluster) -> SealedSecrets:
    config = SimpleNamespace(cluster_name="ethereum-cluster")
    return SealedSecrets(SimpleNamespace(kube=cluster, config=config))  # type: ignore[arg-type]


def test_the_report_tells_old_keys_from_the_newest_and_what_is_lost(keys: list[SealingKey]) -> None:
    new, old, gone = keys
    cluster = Cluster(old, new)
    cluster.hold("late", new)
    cluster.hold("early", old)
    cluster.hold("orphan", gone)

    report = of(cluster).report()

    assert [key.name for key in report.keys] == [new.name, old.name]
    assert [one.name for one in report.on_old_keys] == ["ethereum/early"]
    assert [one.name for one in report.lost] == ["ethereum/orphan"]
    assert f"ethereum/early: sealed to {old.name}, an old key" in str(report)
    assert "ethereum/orphan: LOST: no key opens it" in str(report)


def test_the_report_shows_wide_scopes_with_their_reasons(keys: list[SealingKey]) -> None:
    cluster = Cluster(keys[0])
    cluster.hold("wide", keys[0], **{Scope.CLUSTER_WIDE.annotation: "true", sealing.BECAUSE: "every tenant has it"})
    cluster.hold("rude", keys[0], **{Scope.NAMESPACE_WIDE.annotation: "true"})

    said = str(of(cluster).report())

    assert "cluster-wide because: every tenant has it" in said
    assert "namespace-wide because: (nobody says)" in said


def test_what_the_controller_has_not_unsealed_is_trouble(keys: list[SealingKey]) -> None:
    cluster = Cluster(keys[0])
    cluster.hold("key", keys[0])
    cluster.sealed[0]["metadata"]["generation"] = 2

    assert str(of(cluster).report()).endswith("– the controller has not looked at it yet")


def test_a_backup_brings_its_keys_back(keys: list[SealingKey]) -> None:
    kept = of(Cluster(*keys)).backup(PASSPHRASE)
    after = Cluster(keys[0])

    report = of(after).restore(kept, PASSPHRASE)

    assert [key.name for key in report.keys] == [key.name for key in keys]
    assert len(after.secrets) == 3, "a key that is held already is left alone"


def test_an_older_backup_says_what_is_lost(keys: list[SealingKey]) -> None:
    new, old, _ = keys
    kept = of(Cluster(old)).backup(PASSPHRASE)
    after = Cluster()
    after.hold("early", old)
    after.hold("late", new)

    assert [one.name for one in of(after).restore(kept, PASSPHRASE).lost] == ["ethereum/late"]


def test_the_backup_of_another_cluster_is_refused_unless_it_is_meant(keys: list[SealingKey]) -> None:
    kept = of(Cluster(keys[0])).backup(PASSPHRASE)
    after = Cluster(uid="2222-3333")

    with pytest.raises(
        EscrowUnreadable, match=r"was made of another cluster \(ethereum-cluster, .*nothing was changed"
    ):
        of(after).restore(kept, PASSPHRASE)

    assert not after.secrets
    assert [key.name for key in of(after).restore(kept, PASSPHRASE, of_another=True).keys] == [keys[0].name]


@pytest.mark.parametrize("passphrase", ["wrong horse battery", ""])
def test_a_wrong_passphrase_changes_nothing(keys: list[SealingKey], passphrase: str) -> None:
    kept = of(Cluster(keys[0])).backup(PASSPHRASE)
    after = Cluster()

    with pytest.raises(EscrowUnreadable, match="does not open"):
        of(after).restore(kept, passphrase)

    assert not after.secrets


def test_a_truncated_backup_changes_nothing(keys: list[SealingKey]) -> None:
    kept = of(Cluster(keys[0])).backup(PASSPHRASE)
    after = Cluster()

    with pytest.raises(EscrowUnreadable, match="is not whole"):
        of(after).restore(kept[: len(kept) // 2], PASSPHRASE)

    assert not after.secrets


def test_a_backup_is_labelled(keys: list[SealingKey]) -> None:
    label = escrow.label_of(of(Cluster(keys[0])).backup(PASSPHRASE))

    assert label == Label("ethereum-cluster", "0000-1111", label.made)


def test_it_serves_the_namespaces_that_its_chart_serves() -> None:
    paths = SimpleNamespace(charts=Path(__file__).parents[2] / "charts")

    assert SealedSecrets(SimpleNamespace(paths=paths)).served == ["ethereum", "helios", "monitoring"]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("status", "established"),
    [
        ({"conditions": None}, False),
        ({}, False),
        ({"conditions": [{"type": "Established", "status": "False"}]}, False),
        ({"conditions": [{"type": "Established", "status": "True"}]}, True),
    ],
)
def test_a_definition_counts_when_the_api_server_serves_it(status: Object, established: bool) -> None:
    watched = SimpleNamespace(
        watch=lambda _, __, judge, **___: judge({"sealedsecrets.bitnami.com": {"status": status}})
    )

    seen: Any = definitions.established(watched, "sealedsecrets.bitnami.com")  # type: ignore[arg-type]

    assert seen.ok is established
