"""``python -m plumbline_beacon run ...``.

Exit status: 0 stopped, 1 the chain failed, 2 wrong usage, 3 the surroundings are not fit.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from plumbline_beacon import logs
from plumbline_beacon.options import PROGRAM, parse


def main(arguments: Sequence[str]) -> int:
    """Run the command line and return the exit status."""
    options = parse(arguments)
    logs.configure(options.log_level)
    # Only now: the specification takes a second to import, and wrong usage is to be told at once.
    from plumbline_beacon.service import NotFit, serve  # noqa: PLC0415
    from plumbline_beacon.store import UnusableStore  # noqa: PLC0415

    try:
        return 0 if serve(options) else 1
    except (NotFit, UnusableStore) as error:
        print(f"{PROGRAM}: {error}", file=sys.stderr)
        return 3


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
