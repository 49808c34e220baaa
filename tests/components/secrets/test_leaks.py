"""A secret is found in every form in which it may be written down, and nothing that is shown tells it."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode

import pytest
from plumbline_beacon.engine import bearer_token

from plumbline.components.secrets.leaks import Search, Text

KEY = "0x" + "5f3c" * 16
TOKEN = "mRyR7B1LzK-_9zQpXc2vW0aTfYhU3dEo"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIJKAIBAAKC\nq9Zx7LmNp0R4tUvB\nc2VjcmV0\n-----END RSA PRIVATE KEY-----\n"
SECRETS = {KEY: "the key", TOKEN: "the token", PEM: "the private key"}


def found(text: str) -> list[str]:
    return Search(SECRETS)([Text("a log", text)])


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (f"jwt is {KEY}", "the key"),
        (f"jwt is {KEY.removeprefix('0x').upper()}", "the key"),
        (f"jwt: {b64encode(KEY.encode()).decode()}", "the key"),
        (f"raw: {b64encode(bytes.fromhex(KEY[2:])).decode()}", "the key"),
        (f"token={TOKEN}", "the token"),
        (f"Authorization: Basic {b64encode(f'admin:{TOKEN}'.encode()).decode()}", "the token"),
        (f"Authorization: Basic {b64encode(f'a:{TOKEN}'.encode()).decode()}", "the token"),
        (f"Authorization: Basic {b64encode(f'ab:{TOKEN}'.encode()).decode()}", "the token"),
        (f"url: {urlsafe_b64encode(TOKEN.encode()).decode()}", "the token"),
        (f"data: {b64encode(PEM.encode()).decode()}", "the private key"),
        (json.dumps({"key": PEM}), "the private key"),
    ],
)
def test_every_form_is_found(text: str, named: str) -> None:
    assert found(f"before {text} after") == [f"a log holds {named}"]


def test_a_token_that_was_signed_with_a_secret_is_found() -> None:
    assert found(f"Bearer {bearer_token(bytes.fromhex(KEY[2:]), 1_790_000_000)}") == [
        "a log holds a token that was signed with the key"
    ]


@pytest.mark.parametrize(
    "harmless",
    [
        "",
        "nothing here",
        "0x" + "5f3d" * 16,
        TOKEN[:-2],
        f"Bearer {bearer_token(b'another key', 1_790_000_000)}",
        "eyJ.eyJ.x",
    ],
)
def test_what_is_no_secret_is_left_alone(harmless: str) -> None:
    assert found(harmless) == []


def test_what_is_shown_tells_nothing() -> None:
    said = str(found(f"{KEY} {TOKEN}"))

    assert KEY not in said
    assert TOKEN not in said
