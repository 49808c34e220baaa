"""A tool that is replaced for a while, and put back."""

from __future__ import annotations

import subprocess
from pathlib import Path
from types import SimpleNamespace

from plumbline.faults.injuries import tools, undo


def test_a_tool_is_replaced_and_put_back(tmp_path: Path) -> None:
    genuine, tool = tmp_path / "genuine", tmp_path / "bin" / "helm"
    genuine.write_text('#!/bin/sh\necho "helm $*"\n')
    genuine.chmod(0o755)
    tool.parent.mkdir()
    tool.symlink_to(genuine)
    undo.cure("tool-as-installed")(tools._tool_as_installed)
    stack = SimpleNamespace(site=SimpleNamespace(paths=SimpleNamespace(bin=tool.parent, state=tmp_path / "state")))

    with tools.replaced(stack, "helm", '#!/bin/sh\nexec GENUINE "$@" --skip\n'):  # type: ignore[arg-type]
        assert subprocess.check_output([tool, "upgrade"], text=True) == "helm upgrade --skip\n"

    assert tool.readlink() == genuine
    assert subprocess.check_output([tool, "upgrade"], text=True) == "helm upgrade\n"
