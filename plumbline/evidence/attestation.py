"""The seal on a run's evidence: a signed statement of the commit, the images and the checksum of every file, checked without any network.

The statement is in-toto's (https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md) with the predicate of a test result
(https://github.com/in-toto/attestation/blob/main/spec/predicates/test-result.md), in an envelope of DSSE
(https://github.com/secure-systems-lab/dsse/blob/master/envelope.md), signed with Ed25519: other tools can check it, too.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from plumbline.core import state
from plumbline.core.checksum import sha256_of
from plumbline.core.errors import ControlFailed
from plumbline.core.report_files import IMAGES
from plumbline.evidence import page, runs

FILE = "evidence.intoto.json"
_COMMIT = "commit"
_PAYLOAD = "application/vnd.in-toto+json"
_STATEMENT = "https://in-toto.io/Statement/v1"
_PREDICATE = "https://in-toto.io/attestation/test-result/v0.1"
_MADE_LATER = frozenset({FILE, page.NAME})  # the seal itself, and the page that is made from what is sealed


class Broken(ControlFailed):
    """The evidence is not what was sealed."""

    def __init__(self, folder: Path, faults: Iterable[str]) -> None:
        """Keep the run's folder and each thing that is wrong with it."""
        self.folder, self.faults = folder, tuple(faults)
        super().__init__(
            f"the evidence in {folder} is not what was sealed: {'; '.join(self.faults)}: do not rely on it, run the suite again"
        )


@dataclass(frozen=True)
class Sealed:
    """What a seal that holds says.

    Attributes:
        commit: the commit that was tested, with "-dirty" where the checkout had changes.
        images: digest of each image that ran, by name and tag.
        files: how many files are sealed.
        passed: whether nothing failed.
    """

    commit: str
    images: Mapping[str, str]
    files: int
    passed: bool


def seal(folder: Path, key: Ed25519PrivateKey) -> Path:
    """Seal the evidence of a run that is written in full, and return the file that holds the seal."""
    found = runs.results(folder)
    configuration = [{"name": _COMMIT, "digest": {"gitCommit": found["environment"].get("commit", "unknown")}}]
    configuration += [{"name": ref, "digest": _digest(digest)} for ref, digest in sorted(found["images"].items())]
    statement = {
        "_type": _STATEMENT,
        "subject": [{"name": name, "digest": {"sha256": checksum}} for name, checksum in _checksums(folder)],
        "predicateType": _PREDICATE,
        "predicate": {"result": "PASSED" if found["exit_code"] == 0 else "FAILED", "configuration": configuration},
    }
    payload = json.dumps(statement, sort_keys=True).encode()
    signature = {"keyid": keyid(key.public_key()), "sig": _text(key.sign(_signed(payload)))}
    state.write_json(folder / FILE, {"payloadType": _PAYLOAD, "payload": _text(payload), "signatures": [signature]})
    return folder / FILE


def verify(folder: Path, key: Ed25519PublicKey) -> Sealed:
    """Check the seal on a run's evidence, and return what it says.

    Args:
        folder: the run's.
        key: the key that must have signed it.

    Raises:
        Broken: it is not sealed by that key, or a file is altered, missing or new; the message names each.
    """
    statement = _opened(folder, key)
    sealed = {subject["name"]: subject["digest"]["sha256"] for subject in statement["subject"]}
    present = dict(_checksums(folder))
    faults = [f"{name} is missing" for name in sealed if name not in present]
    faults += [f"{name} is altered" for name in sealed if present.get(name, sealed[name]) != sealed[name]]
    faults += [f"{name} was added" for name in present if name not in sealed]
    if faults:
        raise Broken(folder, faults)
    configuration = {entry["name"]: entry["digest"] for entry in statement["predicate"]["configuration"]}
    commit = configuration.pop(_COMMIT)["gitCommit"]
    images = {ref: f"sha256:{digest['sha256']}" for ref, digest in configuration.items()}
    return Sealed(commit, images, len(sealed), statement["predicate"]["result"] == "PASSED")


def latest(folder: Path, but: Path | None = None) -> Path | None:
    """Return the folder of the run that was sealed last below ``folder``, ``but`` one, of those that had a stack; None where none is."""
    seals = sorted(folder.rglob(FILE), key=lambda file: file.stat().st_mtime_ns)
    stacks = (file.parent for file in reversed(seals) if (file.parent / IMAGES).exists())
    return next((run for run in stacks if run != but), None)


def keyid(key: Ed25519PublicKey) -> str:
    """Return the short name of a key: the beginning of its checksum."""
    return hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]


def _opened(folder: Path, key: Ed25519PublicKey) -> dict[str, Any]:
    """Return the statement in an envelope whose signature holds."""
    envelope = state.read_json(folder / FILE)
    if envelope is None:
        raise Broken(folder, [f"{FILE} is missing or cannot be read"])
    payload, signatures = b64decode(envelope["payload"]), envelope["signatures"]
    for signature in signatures:
        try:
            key.verify(b64decode(signature["sig"]), _signed(payload))
        except InvalidSignature:
            continue
        statement: dict[str, Any] = json.loads(payload)
        return statement
    signers = ", ".join(signature["keyid"] for signature in signatures)
    raise Broken(folder, [f"{FILE} is not signed by the key {keyid(key)} (it names {signers})"])


def _checksums(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield the name and the SHA-256 of each file of a run."""
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = file.relative_to(folder).as_posix()
        if name not in _MADE_LATER:
            yield name, sha256_of(file)


def _digest(text: str) -> dict[str, str]:
    algorithm, _, value = text.partition(":")
    return {algorithm: value}


def _signed(payload: bytes) -> bytes:
    """Return the bytes that are signed: DSSE's pre-authentication encoding."""
    return b"DSSEv1 %d %s %d %s" % (len(_PAYLOAD), _PAYLOAD.encode(), len(payload), payload)


def _text(data: bytes) -> str:
    return b64encode(data).decode()
