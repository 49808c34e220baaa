"""A pinned tool that does something else for a while: a script takes its place, and knows where the genuine one is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from plumbline.core import state
from plumbline.faults.injuries.undo import cure, undone_by

if TYPE_CHECKING:
    from plumbline.stack import Stack


@contextmanager
def replaced(stack: Stack, name: str, script: str) -> Iterator[None]:
    """Have a shell script instead of a tool in .plumbline/bin; the word GENUINE in it stands for the tool's own path."""
    tool = stack.site.paths.bin / name
    with undone_by(stack, "tool-as-installed", name=name, genuine=str(tool.readlink())):
        text = script.replace("GENUINE", str(tool.resolve()))
        tool.unlink()
        state.write_text(tool, text, mode=0o755)
        yield


@cure("tool-as-installed")
def _tool_as_installed(stack: Stack, *, name: str, genuine: str) -> None:
    tool = stack.site.paths.bin / name
    tool.unlink(missing_ok=True)
    tool.symlink_to(genuine)
