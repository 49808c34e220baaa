"""The kinds of failure, each a sentence for a person and an exit code for a script.

Exit codes: 1 a control failed, 2 wrong usage or configuration, 3 the environment is not fit, 4 the stack did not come up.
"""

from __future__ import annotations

from typing import ClassVar


class PlumblineError(Exception):
    """A failure that Plumbline understands: its text says what, where, and what to do."""

    exit_code: ClassVar[int] = 4


class ControlFailed(PlumblineError):
    """A claim of the stack was tried and does not hold."""

    exit_code = 1


class UsageError(PlumblineError):
    """The command line asks for something that does not exist or does not fit together."""

    exit_code = 2


class NotMapped(PlumblineError):
    """The map of an existing stack does not name a part: what is claimed of it cannot be judged there."""

    exit_code = 2

    def __init__(self, table: str) -> None:
        """Remember the table that the map lacks."""
        self.table = table
        super().__init__(f"the map names none: add the table [{table}] to have it judged")


class ConfigError(PlumblineError):
    """A configuration file or value cannot be used."""

    exit_code = 2


class Unfit(PlumblineError):
    """This machine cannot run what is asked until something on it changes."""

    exit_code = 3


class EngineUnavailable(Unfit):
    """No container engine answers."""

    def __init__(self, socket: str, reason: str, fix: str = 'start it, or run "make engine"') -> None:
        """Remember the socket that was tried (a URL) and what it answered."""
        self.socket, self.reason = socket, reason
        super().__init__(f"no container engine answers at {socket} ({reason}): {fix}")


class EngineUnprivileged(Unfit):
    """The engine answers, but refuses privileged containers, which a KinD node is."""

    def __init__(self, socket: str, reason: str) -> None:
        """Remember the engine's socket (a URL) and its refusal."""
        self.socket, self.reason = socket, reason
        super().__init__(
            f"the container engine at {socket} refuses privileged containers ({reason}): KinD needs them; "
            'use a rootful engine without user-namespace remapping, or run "make engine"'
        )


class DiskTooSmall(Unfit):
    """A folder's file system has less room than the work needs."""

    def __init__(self, path: str, free_bytes: int, needed_bytes: int) -> None:
        """Remember the folder and both sizes in bytes."""
        self.path, self.free_bytes, self.needed_bytes = path, free_bytes, needed_bytes
        super().__init__(
            f"{free_bytes / 1e9:.1f} GB free at {path}, {needed_bytes / 1e9:.1f} GB needed: free some room, "
            "or point PLUMBLINE_CACHE at a larger disk"
        )


class ToolMissing(Unfit):
    """A program that cannot be installed by us is not there."""

    def __init__(self, tool: str, fix: str) -> None:
        """Remember the program and the way to get it."""
        self.tool, self.fix = tool, fix
        super().__init__(f"{tool} is not on this machine: {fix}")


class ModuleUnavailable(Unfit):
    """A pinned package cannot be had from the registry that this machine is configured for."""

    def __init__(self, module: str, reason: str) -> None:
        """Remember the pinned package ("name@version") and the registry's answer."""
        self.module, self.reason = module, reason
        super().__init__(
            f"the pinned package {module} cannot be had ({reason}): check the registry that this machine's client is "
            "configured for, or change the pin in local/images"
        )


class ChecksumMismatch(Unfit):
    """What was fetched is not what was pinned."""

    FIX = "it was not used; delete the cached copy and try again, and if it repeats, do not trust the source"

    def __init__(self, what: str, expected: str, actual: str, fix: str = FIX) -> None:
        """Remember the thing, and both checksums."""
        self.what, self.expected, self.actual = what, expected, actual
        super().__init__(f"{what} has checksum {actual}, pinned is {expected or '(none recorded)'}: {fix}")


class ForeignCluster(Unfit):
    """A cluster of our name stands that we did not make, or that another checkout made."""

    def __init__(self, name: str, why: str, fix: str) -> None:
        """Remember the cluster's name, how it is not ours, and the way out."""
        self.name, self.why, self.fix = name, why, fix
        super().__init__(f"a cluster named {name} stands already and {why}: {fix}")


class BringUpFailed(PlumblineError):
    """A part of the stack did not come up."""

    exit_code = 4

    def __init__(self, component: str, cause: str) -> None:
        """Remember the component and the first cause."""
        self.component, self.cause = component, cause
        super().__init__(f"{component} did not come up: {cause}")
