"""Settings of this machine's kernel that a Kubernetes node changes for everybody: kept before the first node, put back after the last.

A KinD node has no kernel of its own, and the kubelet sets what it wants to be set wherever it runs
(https://kubernetes.io/docs/reference/command-line-tools-reference/kubelet/, ``--protect-kernel-defaults``).
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from plumbline.core import events, state

# What the kubelet sets (setupKernelTunables of its container manager).
SETTINGS = (
    "vm.overcommit_memory",
    "vm.panic_on_oom",
    "kernel.panic",
    "kernel.panic_on_oops",
    "kernel.keys.root_maxkeys",
    "kernel.keys.root_maxbytes",
)
_PROC = Path("/proc/sys")


class Kernel:
    """The kernel's settings, as they were before any node; the note is shared by all checkouts, as the kernel is."""

    def __init__(self, cache: Path, proc: Path = _PROC) -> None:
        """Keep the note in the cache folder; ``proc`` is where the kernel shows its settings."""
        self._note, self._proc = cache / "kernel-settings.json", proc

    def remember(self) -> None:
        """Note the settings, unless that was done since this machine started: then a node is, or was, at work."""
        if self._noted() is None:
            values = {name: self._file(name).read_text().strip() for name in SETTINGS if self._file(name).exists()}
            state.write_json(self._note, {"boot": self._boot(), "values": values})

    def put_back(self) -> None:
        """Put back what differs, if we may; without root it stays, harmless until the machine restarts."""
        for name, value in (self._noted() or {}).items():
            if self._file(name).read_text().strip() == value:
                continue
            try:
                self._file(name).write_text(value)
            except OSError:
                text = f'the kernel setting {name} stays as the node has set it; "sysctl -w {name}={value}" puts it back, as root'
                events.emit("cluster", "notice", text=text)
        self._note.unlink(missing_ok=True)

    def _noted(self) -> dict[str, str] | None:
        note = state.read_json(self._note) or {}
        return note["values"] if note.get("boot") == self._boot() else None

    def _file(self, name: str) -> Path:
        return self._proc / name.replace(".", "/")

    def _boot(self) -> str:
        with contextlib.suppress(FileNotFoundError):
            return (self._proc / "kernel/random/boot_id").read_text().strip()
        return ""
