"""What tests and fixtures say to the report: steps, attachments, figures. Everything goes through the one event stream.

In a test::

    from reports.evidence import attach, figure, step

    with step("kill the follower"):
        ...
    attach("heads over the window", heads.timeline())
    figure("recovery", seconds, "s", target=30, bound=60)

Phases of the stack and waits become steps by themselves.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from _pytest.outcomes import Failed  # pytest.fail.Exception, under a name that can be a base class

from plumbline.core import events
from reports.redact import redact

COMPONENT = "test"
MAX_TEXT = 1_000_000  # characters of one attachment; the middle of a longer one is cut out

Body = str | bytes | Mapping[str, Any] | Sequence[Any]

_SUFFIXES = {
    "text/plain": "txt",
    "application/json": "json",
    "text/markdown": "md",
    "image/png": "png",
    "image/svg+xml": "svg",
}


class NotTried(Failed):
    """The claim could not even be put to the test (the stack did not come up); raised in set-up, shown without a traceback."""

    def __init__(self, reason: str) -> None:
        """Keep the reason, a sentence."""
        super().__init__(reason, pytrace=False)


class _Place:
    """Where the attachments of this process go at the moment."""

    def __init__(self) -> None:
        """Keep no files until a run says where."""
        self.root: Path | None = None
        self.folder: Path | None = None
        self.numbers = itertools.count(1)


_place = _Place()


def keep_files_in(root: Path | None) -> None:
    """Keep the attachments of this process below ``root``, or none where it is None."""
    _place.root = root
    enter("run")


def enter(name: str) -> None:
    """Give what is attached from now on a folder of its own."""
    _place.folder = _place.root / "attachments" / slug(name) if _place.root is not None else None
    _place.numbers = itertools.count(1)


def folder() -> Path | None:
    """Return the folder of the run's evidence, or None where it keeps no files."""
    return _place.root


def step(name: str) -> AbstractContextManager[None]:
    """Name a part of a test; it shows in the report with its duration and with what was done and waited for within."""
    return events.phase(COMPONENT, name)


def attach(name: str, body: Body, media_type: str = "") -> None:
    """Keep something as evidence, without secrets.

    Args:
        name: what it is, in words.
        body: text, bytes, or data that is shown as JSON.
        media_type: such as "image/png"; found out for text and data.
    """
    content, media_type = _encode(body, media_type)
    if _place.folder is None:
        _announce(name, media_type, "", len(content))
        return
    _place.folder.mkdir(parents=True, exist_ok=True)
    suffix = _SUFFIXES.get(media_type, "txt" if media_type.startswith("text/") else "bin")
    file = _place.folder / f"{next(_place.numbers):02}-{slug(name)}.{suffix}"
    file.write_bytes(content)
    attach_file(name, file, media_type)


def attach_file(name: str, file: Path, media_type: str = "text/plain") -> None:
    """Name a file that stands in the run's folder already as evidence; its content is taken as it is."""
    relative = str(file.relative_to(_place.root)) if _place.root is not None else ""
    _announce(name, media_type, relative, file.stat().st_size)


def figure(name: str, value: float, unit: str, *, target: float | None = None, bound: float | None = None) -> None:
    """Report a measured number.

    Args:
        name: what was measured.
        value: the number.
        unit: its unit, such as "s".
        target: what it should be at most.
        bound: above which it counts as a failure (asserting that is the test's business).
    """
    events.emit(COMPONENT, "figure", name=name, value=float(value), unit=unit, target=target, bound=bound)


def slug(text: str, longest: int = 100) -> str:
    """Return a file name for any text: the end of it, which is where test ids differ."""
    return re.sub(r"[^A-Za-z0-9.]+", "-", text).strip("-.")[-longest:] or "unnamed"


def clip(text: str, most: int = MAX_TEXT) -> str:
    """Return ``text``, with the middle cut out where it is longer than ``most`` characters."""
    if len(text) <= most:
        return text
    half = most // 2
    return f"{text[:half]}\n[... {len(text) - 2 * half} characters left out ...]\n{text[-half:]}"


def _encode(body: Body, media_type: str) -> tuple[bytes, str]:
    """Return what is kept of an attachment, and its media type."""
    if isinstance(body, bytes):
        return body, media_type or "application/octet-stream"
    if isinstance(body, str):
        return redact(clip(body)).encode(), media_type or "text/plain"
    text = json.dumps(body, indent=1, default=str)
    return redact(clip(text)).encode(), media_type or "application/json"


def _announce(name: str, media_type: str, file: str, size_bytes: int) -> None:
    events.emit(COMPONENT, "attachment", name=name, media_type=media_type, file=file, size_bytes=size_bytes)
