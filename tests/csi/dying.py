"""Dying at a chosen step: Python announces each side effect to an audit hook just before it happens."""

import os
import signal
import sys
from pathlib import Path

_IOCTLS = {0xC0045877: "freeze", 0xC0045878: "thaw", 0x40049409: "clone", 0x4C0A: "attach", 0x4C07: "resize"}


def side_effect(event: str, arguments: tuple) -> str:
    """A name for what is about to change the disk, the mounts or the devices; empty for all else."""
    match event:
        case "fcntl.ioctl":
            return _IOCTLS.get(arguments[1], "")
        case "subprocess.Popen":
            return Path(os.fsdecode(arguments[0])).name
        case "open" if isinstance(arguments[1], str) and "w" in arguments[1]:
            return "write"
        case "os.truncate" | "os.mkdir" | "os.remove" | "os.rename" | "os.rmdir":
            return event.removeprefix("os.")
    return ""


def arm(die_at: str) -> None:
    """Die by SIGKILL just before a side effect: "freeze:1" is the first freeze, ":3" the third effect of any kind."""
    name, _, count = die_at.partition(":")
    left = int(count)

    def hook(event: str, arguments: tuple) -> None:
        nonlocal left
        effect = side_effect(event, arguments)
        if effect and name in ("", effect):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
