"""An escrow file opens with its passphrase only, as a whole or not at all."""

from __future__ import annotations

import json

import pytest

from plumbline.components.secrets import escrow
from plumbline.components.secrets.escrow import EscrowUnreadable, Label
from plumbline.core.errors import UsageError

LABEL = Label("ethereum-cluster", "0000-1111", "2026-11-27T10:00:00+00:00")
CONTENT = {"keys": [{"kind": "Secret", "data": {"tls.key": "very secret"}}]}
PASSPHRASE = "correct horse battery"


@pytest.fixture(scope="session")
def file() -> str:
    return escrow.locked(LABEL, CONTENT, PASSPHRASE)


def test_it_opens_with_its_passphrase(file: str) -> None:
    assert escrow.unlocked(file, PASSPHRASE) == CONTENT
    assert "very secret" not in file


def test_its_label_needs_no_passphrase(file: str) -> None:
    assert escrow.label_of(file) == LABEL


def test_no_two_are_alike(file: str) -> None:
    assert escrow.locked(LABEL, CONTENT, PASSPHRASE) != file


def test_another_passphrase_opens_nothing(file: str) -> None:
    with pytest.raises(EscrowUnreadable, match=r"does not open with this passphrase: .*; nothing was changed"):
        escrow.unlocked(file, "wrong horse battery")


@pytest.mark.parametrize("kept", [-1, -3, -40])
def test_half_of_it_is_not_whole(file: str, kept: int) -> None:
    with pytest.raises(EscrowUnreadable, match="is not whole: take another copy of it"):
        escrow.unlocked(file.strip()[:kept], PASSPHRASE)


@pytest.mark.parametrize("text", ["", "{", '{"format": "other"}', '["list"]', json.dumps({"format": escrow.FORMAT})])
def test_what_is_none_is_refused(text: str) -> None:
    for read in (escrow.label_of, lambda text: escrow.unlocked(text, PASSPHRASE)):
        with pytest.raises(EscrowUnreadable, match="has no first line of the kind plumbline-escrow-1"):
            read(text)


@pytest.mark.parametrize(
    ("before", "after"),
    [("ethereum-cluster", "ethereum-clustex"), ('"n": 131072', '"n": "many"'), ('"salt"', '"salz"')],
)
def test_the_first_line_cannot_be_altered(file: str, before: str, after: str) -> None:
    assert before in file

    with pytest.raises(EscrowUnreadable, match="does not open with this passphrase"):
        escrow.unlocked(file.replace(before, after), PASSPHRASE)


def test_a_short_passphrase_is_refused() -> None:
    with pytest.raises(UsageError, match="shorter than 12 characters"):
        escrow.locked(LABEL, CONTENT, "hunter22")
