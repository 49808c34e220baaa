"""Secrets do not leave the machine in a report: what looks like one, or was named as one, is blotted out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

MARK = "[redacted]"
_named: set[str] = set()

_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.*?-----END \1-----", re.DOTALL), MARK),
    # a compact JSON web token, RFC 7519
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}"), MARK),
    (re.compile(r"(?i)(authorization[\"']?\s*[:=]\s*[\"']?(?:bearer|basic)\s+)\S+"), rf"\1{MARK}"),
    # "password: hunter22", {"token": "abcdef"}; a value that is a path is a place, not a secret
    (
        re.compile(
            r"(?i)\b((?:password|passwd|secret|token|private[_-]?key|api[_-]?key|nodekey|jwt)[\"']?\s*[:=]\s*[\"']?)"
            r"(?![/\[])[^\s\"',;]{6,}"
        ),
        rf"\1{MARK}",
    ),
)


def hide(value: str) -> None:
    """Blot out ``value`` wherever it turns up in this process from now on."""
    if len(value) >= 6:  # anything shorter would turn up in the middle of words
        _named.add(value)


def redact(text: str) -> str:
    """Return ``text`` without secrets."""
    for value in _named:
        text = text.replace(value, MARK)
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return text


def scrub(value: Any) -> Any:
    """Return data without secrets: the texts in it redacted, at whatever depth."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {key: scrub(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [scrub(inner) for inner in value]
    return value
