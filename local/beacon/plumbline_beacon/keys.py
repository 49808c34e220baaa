"""The validators' keys. They are the interop keys of eth2.0-pm's mocked start: deterministic and known to everybody."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final

from eth_consensus_specs.utils import bls as _bls

bls: Any = _bls

VALIDATORS: Final = 64
CURVE_ORDER: Final = 52435875175126190479447740508185965837690552500527637822603658699938581184513
SIGNATURE_OF_NOBODY: Final[bytes] = _bls.G2_POINT_AT_INFINITY


@lru_cache(maxsize=VALIDATORS)
def private_key(index: int) -> int:
    """Return the private key of one of our validators.

    Raises:
        IndexError: The validator is not ours (somebody made it by a deposit).
    """
    if not 0 <= index < VALIDATORS:
        raise IndexError(f"validator {index} is not one of ours (0 to {VALIDATORS - 1})")
    return int.from_bytes(sha256(index.to_bytes(32, "little")).digest(), "little") % CURVE_ORDER


@lru_cache(maxsize=VALIDATORS)
def public_key(index: int) -> bytes:
    """Return the public key of one of our validators."""
    return bytes(bls.SkToPk(private_key(index)))


@lru_cache(maxsize=1)
def _indices() -> dict[bytes, int]:
    return {public_key(index): index for index in range(VALIDATORS)}


def validator_of(pubkey: bytes) -> int | None:
    """Return which of our validators a public key belongs to, or None when it is nobody of ours."""
    return _indices().get(bytes(pubkey))


def sign_together(validators: Iterable[int], signing_root: bytes) -> bytes:
    """Return the aggregate signature of validators over one message; a validator that is listed twice signs twice.

    All keys are ours, and the sum of sk_i * H(m) equals (the sum of sk_i) * H(m): one signing yields the exact aggregate.
    """
    signers = list(validators)
    if not signers:
        return SIGNATURE_OF_NOBODY
    return bytes(bls.Sign(sum(private_key(index) for index in signers) % CURVE_ORDER, bytes(signing_root)))
