"""python3 -m plumbline_csi: exit code 0 after a signal, 1 refused by the kubelet, 2 wrong usage, 3 unfit machine."""

import os
import signal
import sys

from plumbline_csi.config import parse
from plumbline_csi.driver import Driver
from plumbline_csi.errors import ConfigError, StartError
from plumbline_csi.stop import Stop


def main() -> int:
    """Run the driver until a signal ends it."""
    stop = Stop()
    stop.on(signal.SIGTERM, signal.SIGINT)
    try:
        return Driver(parse(sys.argv[1:], os.environ), stop).run()
    except (ConfigError, StartError) as error:
        print(f"plumbline_csi: {error}", file=sys.stderr)
        return 2 if isinstance(error, ConfigError) else 3


if __name__ == "__main__":
    sys.exit(main())
