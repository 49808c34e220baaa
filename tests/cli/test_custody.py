"""``plumbline secrets``: what it takes, what it refuses, and where passphrases come from."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from plumbline import cli, custody
from plumbline.components.secrets import sealing
from plumbline.components.secrets.sealed_report import Report, Sealed
from plumbline.components.secrets.sealing import Scope
from plumbline.core.errors import UsageError
from plumbline.kube.api import name_of

SECRET = "{apiVersion: v1, kind: Secret, metadata: {name: key, namespace: ethereum}, stringData: {key: hunter22}}"


class Keeper:
    """The controller of a standing stack, as far as the command line knows it."""

    def __init__(self, *lost: str) -> None:
        self.asked: list[Any] = []
        sealed = tuple(Sealed(name, Scope.STRICT, "", "", False, "") for name in lost)
        self.found = Report((), sealed)

    def report(self) -> Report:
        return self.found

    def keys(self) -> list[Any]:
        return [object()]

    def backup(self, passphrase: str) -> str:
        self.asked.append(passphrase)
        return "locked\n"

    def restore(self, text: str, passphrase: str, *, of_another: bool) -> Report:
        self.asked.append((text, passphrase, of_another))
        return self.found

    def seal(self, secret: Any, scope: Scope, because: str) -> Any:
        if scope is not Scope.STRICT and not because:
            raise sealing.ScopeUnjustified(name_of(secret), scope)
        return {"kind": "SealedSecret", "scope": str(scope)}


@pytest.fixture
def keeper(monkeypatch: pytest.MonkeyPatch, checkout: Path) -> Keeper:
    del checkout
    keeper = Keeper()
    monkeypatch.setattr(cli, "_standing", lambda _: type("Stack", (), {"sealed_secrets": keeper}))
    return keeper


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Have something on standard input."""
    return lambda text: monkeypatch.setattr(sys, "stdin", io.StringIO(text))


def test_a_secret_is_sealed_strictly(
    keeper: Keeper, typed: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    del keeper
    typed(SECRET)

    assert cli.main(["secrets", "seal"]) == 0
    assert capsys.readouterr().out == "kind: SealedSecret\nscope: strict\n"


def test_a_wider_scope_without_a_reason_is_refused(
    keeper: Keeper, typed: Callable[[str], None], refused: Callable[..., str]
) -> None:
    del keeper
    typed(SECRET)

    assert "say why (--because TEXT" in refused("secrets", "seal", "--scope", "cluster-wide", code=2)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not the manifest of one Secret"),
        ("kind: [", "is not YAML"),
        (f"{SECRET}\n---\n{SECRET}", "seal them one by one"),
        ("kind: ConfigMap", "not the manifest of one Secret"),
        ("{kind: Secret, metadata: {name: key}}", "no metadata.namespace"),
        ("kind: Secret", "no metadata.name"),
    ],
)
def test_what_is_no_secret_is_refused(
    keeper: Keeper, typed: Callable[[str], None], refused: Callable[..., str], text: str, says: str
) -> None:
    del keeper
    typed(text)

    assert says in refused("secrets", "seal", code=2)


def test_a_backup_is_its_owners_only_and_never_overwritten(
    keeper: Keeper, typed: Callable[[str], None], refused: Callable[..., str], tmp_path: Path
) -> None:
    file = tmp_path / "keys"
    typed("correct horse battery\nand more\n")

    assert cli.main(["secrets", "backup", str(file)]) == 0
    assert keeper.asked == ["correct horse battery"]
    assert file.read_text() == "locked\n"
    assert file.stat().st_mode & 0o777 == 0o600
    assert "exists already" in refused("secrets", "backup", str(file), code=2)


def test_the_passphrase_comes_from_a_file(keeper: Keeper, tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("locked\n")
    (tmp_path / "phrase").write_text("from a file, not an argument\n")

    assert cli.main(["secrets", "restore", str(tmp_path / "keys"), "--passphrase-file", str(tmp_path / "phrase")]) == 0
    assert keeper.asked == [("locked\n", "from a file, not an argument", False)]


def test_no_passphrase_at_all_is_refused(
    keeper: Keeper, typed: Callable[[str], None], refused: Callable[..., str], tmp_path: Path
) -> None:
    del keeper
    typed("")

    assert "standard input holds no passphrase" in refused("secrets", "backup", str(tmp_path / "keys"), code=2)
    assert not (tmp_path / "keys").exists()


def test_no_command_takes_a_passphrase_as_an_argument(refused: Callable[..., str], checkout: Path) -> None:
    del checkout

    said = refused("secrets", "backup", "keys", "--passphrase", "hunter22", code=2)

    assert "unrecognized arguments" in said


def test_what_is_lost_is_named_and_fails(
    keeper: Keeper, refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "found", Keeper("ethereum/late").found)

    assert "no key opens ethereum/late" in refused("secrets", "report", code=1)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(UsageError, match="is no text"):
        custody._read(tmp_path / "binary")
