"""What a check finds: which check, where, and what is wrong."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        check: the name of the check that found it.
        where: the file, or the root with a file and line, or with a resource's address.
        what: what is wrong.
    """

    check: str
    where: str
    what: str

    def __str__(self) -> str:
        """Return it as a line of a report."""
        return f"{self.check}: {self.where}: {self.what}"
