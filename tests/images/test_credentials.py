"""Credentials of a mirror: from Docker's own file, sent to that registry only, and refused in words where they are of no use."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from stub_registry import StubRegistry

from plumbline.images import credentials, pull
from plumbline.images.credentials import BadCredentials, Login
from plumbline.images.distribution import Registry, RegistryRefused

MIRROR = "https://mirror.example:5000"
ENCODED = base64.b64encode(b"me:a:word").decode()


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    return tmp_path / "config.json"


def test_they_are_dockers_own(docker: Path) -> None:
    assert credentials.of(MIRROR) is None, "there is no file"

    docker.write_text(json.dumps({"auths": {"mirror.example:5000": {"auth": ENCODED}}}))

    assert credentials.of(f"{MIRROR}/") == Login("me", "a:word")
    assert credentials.of("https://other.example") is None
    assert "a:word" not in repr(credentials.of(MIRROR))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "cannot be read"),
        ("[]", "cannot be read"),
        (
            '{"auths": {"mirror.example:5000": {"auth": "?"}}}',
            r'has an "auth" of mirror.example:5000 that is not NAME:',
        ),
        ('{"auths": {"mirror.example:5000": {"auth": "bWU="}}}', r'has an "auth" of mirror.example:5000 that is not'),
        ('{"auths": {"mirror.example:5000": {"auth": 1}}}', r'has an "auth" of mirror.example:5000 that is not'),
    ],
)
def test_what_is_no_name_and_password_is_said(docker: Path, text: str, says: str) -> None:
    docker.write_text(text)

    with pytest.raises(BadCredentials, match=f'{says}.*"docker login mirror.example:5000"') as failure:
        Registry(MIRROR)
    assert failure.value.exit_code == 2


def test_a_registry_is_shown_them_and_may_refuse(docker: Path, stub: StubRegistry) -> None:
    host = stub.url.removeprefix("http://")
    docker.write_text(json.dumps({"auths": {host: {"auth": ENCODED}}}))
    stub.has("a.b/c:1")

    Registry(stub.url).manifest("a.b/c:1")
    assert stub.shown == [f"Basic {ENCODED}"]

    stub.refuses = 401
    with pytest.raises(RegistryRefused, match=r"answers 401 .*: put right its name and password in .*config\.json"):
        Registry(stub.url).manifest("a.b/c:1")
    stub.challenge = 'Bearer realm="https://auth.example/token"'
    with pytest.raises(RegistryRefused, match="this one wants tokens"):
        Registry(stub.url).manifest("a.b/c:1")


def test_containerd_is_told_them_beside_the_mirror() -> None:
    (file,) = pull.hosts(MIRROR, Login("me", "a:word"), {"docker.io/ethereum/client-go:v1": ""}).entries.values()

    assert file.source.endswith(f'override_path = true\n[header]\nauthorization = "Basic {ENCODED}"\n'.encode())
