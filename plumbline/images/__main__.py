"""``python -m plumbline.images build|list|lock|verify|tools``."""

import sys

from plumbline import progress
from plumbline.core import events
from plumbline.core.errors import PlumblineError
from plumbline.core.paths import Paths
from plumbline.images.commands import command

if __name__ == "__main__":
    paths = Paths.of()
    events.open_run(paths.runs)
    try:
        with progress.shown():
            sys.exit(command(paths, sys.argv[1] if len(sys.argv) > 1 else "build"))
    except PlumblineError as error:
        print(f"plumbline: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
