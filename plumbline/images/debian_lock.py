"""The record of the Debian packages that images were made of: the archive moves on, and whoever builds is told how far."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from plumbline.core import events, state

SYSTEM = "system"


class DebianLock:
    """The packages that were used when the lock was written (``debian.lock.json``).

    Its sections are "system" (the installed system) and the suites out of whose packages single files are taken; each maps a
    package's name to its version and checksum.
    """

    def __init__(self, file: Path) -> None:
        """Read the lock, if there is one."""
        self.file = file
        self.sections: dict[str, dict[str, dict[str, str]]] = state.read_json(file) or {}

    def of(self, section: str, packages: Iterable[str] | None = None) -> dict[str, str]:
        """Return the recorded "version sha256:…" of packages of a section (default: of all)."""
        known = self.sections.get(section, {})
        return {
            name: f"{known[name]['version']} sha256:{known[name]['sha256']}"
            for name in packages or known
            if name in known
        }

    def drift(self, section: str, used: Mapping[str, Mapping[str, str]]) -> list[str]:
        """Return what was used and is not what the lock says, a phrase each."""
        known = self.sections.get(section, {})
        return [
            f"{name} {entry['version']} ({'recorded: ' + known[name]['version'] if name in known else 'not recorded'})"
            for name, entry in sorted(used.items())
            if known.get(name, {}).get("sha256") != entry["sha256"]
        ]

    def report_drift(self, section: str, used: Mapping[str, Mapping[str, str]]) -> None:
        """Warn when the archive has moved on since the lock was written."""
        if drift := self.drift(section, used):
            shown = ", ".join(drift[:4]) + (f" and {len(drift) - 4} more" if len(drift) > 4 else "")
            where = "the Debian system" if section == SYSTEM else f"Debian {section}"
            text = f"{where} has moved on since {self.file.name} was written: {shown}; renew it with: plumbline images lock"
            events.emit("images", "warning", text=text)
