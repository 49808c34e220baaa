"""Running the file system tools (mkfs, mount, resize2fs …) with a deadline and an error that quotes them."""

import os
import subprocess
from collections.abc import Sequence

WITHIN_S = 120.0
SEARCH_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/bin:/sbin:/bin"


class CommandFailed(Exception):
    """A tool ended with an error code; the message carries its last words."""

    def __init__(self, argv: Sequence[str], code: int, output: str) -> None:
        """Keep the exit code and the last lines of what the tool said."""
        self.code = code
        last = " / ".join(line.strip() for line in output.strip().splitlines()[-3:])
        super().__init__(f"{' '.join(argv)} failed with code {code}: {last or 'no output'}")


def run(*argv: str, ok: Sequence[int] = (0,)) -> str:
    """Run a tool to its end and return its output.

    Raises:
        CommandFailed: it ended with a code that is not in `ok`, is not installed, or did not end within WITHIN_S.
    """
    env = {"PATH": SEARCH_PATH, "LC_ALL": "C"}
    try:
        done = subprocess.run(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, errors="replace", timeout=WITHIN_S, env=env, check=False,
        )  # fmt: skip
    except FileNotFoundError as error:
        raise CommandFailed(argv, 127, f"{argv[0]} is not installed") from error
    except subprocess.TimeoutExpired as error:
        raise CommandFailed(argv, 124, f"not finished within {WITHIN_S:.0f} s") from error
    if done.returncode not in ok:
        raise CommandFailed(argv, done.returncode, done.stdout)
    return done.stdout
