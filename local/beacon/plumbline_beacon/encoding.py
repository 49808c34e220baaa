"""Hexadecimal as the Beacon API and the Engine API write it."""

from __future__ import annotations


def to_hex(data: bytes) -> str:
    """Return 0x-prefixed lower-case hex."""
    return "0x" + bytes(data).hex()


def from_hex(text: str) -> bytes:
    """Return the bytes of a 0x-prefixed hex string.

    Raises:
        ValueError: The text has no prefix or is not hex.
    """
    if not text.startswith("0x"):
        raise ValueError(f"{text!r} is not 0x-prefixed hex")
    return bytes.fromhex(text[2:])
