"""What a test says of itself: Preconditions, Steps and Expected of its docstring."""

from __future__ import annotations

import inspect
import re

_SECTIONS = ("preconditions", "steps", "expected")
_HEADING = re.compile(rf"^\s*({'|'.join(_SECTIONS)})\s*:", re.IGNORECASE | re.MULTILINE)


def describe(docstring: str | None) -> dict[str, str]:
    """Return the sections of a docstring: "summary" (what stands before the first heading), and those that are there."""
    parts = _HEADING.split(inspect.cleandoc(docstring or ""))
    found = {"summary": parts[0], **{name.lower(): text for name, text in zip(parts[1::2], parts[2::2], strict=True)}}
    return {name: " ".join(text.split()) for name, text in found.items() if text.strip()}
