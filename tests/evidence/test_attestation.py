"""The seal on a run's evidence: it holds for what was sealed, and for nothing else."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from plumbline.evidence import attestation
from plumbline.evidence.attestation import Broken

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
IMAGE = {"docker.io/ethereum/client-go:v1.17.10": "sha256:" + "a" * 64}


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    results = {"environment": {"commit": "c" * 40}, "images": IMAGE, "exit_code": 0}
    (tmp_path / "results.json").write_text(json.dumps(results))
    (tmp_path / "failures").mkdir()
    (tmp_path / "failures" / "pods.txt").write_text("geth-1")
    attestation.seal(tmp_path, KEY)
    return tmp_path


def test_it_says_what_was_tested(sealed):
    said = attestation.verify(sealed, KEY.public_key())
    assert said == attestation.Sealed("c" * 40, IMAGE, files=2, passed=True)


def test_what_is_made_from_it_later_does_no_harm(sealed):
    (sealed / "report.html").write_text("<html>")
    attestation.verify(sealed, KEY.public_key())


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (lambda run: (run / "results.json").write_text("{}"), r"results\.json is altered"),
        (lambda run: (run / "failures" / "pods.txt").unlink(), "failures/pods.txt is missing"),
        (lambda run: (run / "more.txt").write_text(""), "more.txt was added"),
        (lambda run: (run / attestation.FILE).unlink(), "evidence.intoto.json is missing"),
        (lambda run: attestation.seal(run, Ed25519PrivateKey.generate()), "is not signed by the key"),
    ],
)
def test_it_breaks(sealed, harm, says):
    harm(sealed)
    with pytest.raises(Broken, match=says):
        attestation.verify(sealed, KEY.public_key())


def test_a_statement_cannot_be_put_under_another_signature(sealed):
    file = sealed / attestation.FILE
    envelope = json.loads(file.read_text())
    statement = json.loads(base64.b64decode(envelope["payload"]))
    statement["subject"] = []
    envelope["payload"] = base64.b64encode(json.dumps(statement).encode()).decode()
    file.write_text(json.dumps(envelope))
    with pytest.raises(Broken, match="is not signed by the key"):
        attestation.verify(sealed, KEY.public_key())


def test_the_encoding_is_that_of_dsse(sealed):
    """The pre-authentication encoding of the specification, spelled out."""
    envelope = json.loads((sealed / attestation.FILE).read_text())
    payload = base64.b64decode(envelope["payload"])
    signed = b"DSSEv1 28 application/vnd.in-toto+json " + str(len(payload)).encode() + b" " + payload
    KEY.public_key().verify(base64.b64decode(envelope["signatures"][0]["sig"]), signed)
    assert json.loads(payload)["_type"] == "https://in-toto.io/Statement/v1"
