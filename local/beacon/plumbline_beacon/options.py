"""The command line: read, checked, and refused in one clear line."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn
from urllib.parse import urlparse

from plumbline_beacon import __version__, network
from plumbline_beacon.secret_files import BadSecretFile, read_control_token, read_jwt_secret

PROGRAM: Final = "plumbline-beacon"
_FOLLOWER: Final = "follower"


@dataclass(frozen=True, slots=True)
class EngineOption:
    """An execution client to drive."""

    url: str
    secret: bytes
    follower: bool


@dataclass(frozen=True, slots=True)
class Options:
    """Everything that can be chosen."""

    data: Path
    engines: tuple[EngineOption, ...]
    host: str
    port: int
    metrics_port: int
    backfill_slots: int
    backfill_blocks: int
    anchor_epochs_behind: int | None
    manual_clock: bool
    control_port: int | None
    control_token: str | None
    log_level: str


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Say what is wrong in one line."""
        print(f"{PROGRAM}: {message} (see {PROGRAM} run --help)", file=sys.stderr)
        raise SystemExit(2)


def parse(arguments: Sequence[str]) -> Options:
    """Return the checked options; exits with status 2 and one line when they make no sense."""
    parser = _parser()
    given = parser.parse_args(arguments)
    try:
        engines = tuple(_engine(text) for text in given.engine)
        token = None if given.control_token_file is None else read_control_token(given.control_token_file)
    except (BadSecretFile, ValueError) as error:
        parser.error(str(error))
    options = Options(
        data=given.data,
        engines=engines,
        host=given.host,
        port=given.port,
        metrics_port=given.metrics_port,
        backfill_slots=given.backfill_slots,
        backfill_blocks=given.backfill_blocks,
        anchor_epochs_behind=given.anchor_epochs_behind,
        manual_clock=given.clock == "manual",
        control_port=given.control_port,
        control_token=token,
        log_level=given.log_level,
    )
    if (problem := _contradiction(options)) is not None:
        parser.error(problem)
    return options


def _contradiction(options: Options) -> str | None:
    """Return why options do not fit together."""
    if all(engine.follower for engine in options.engines):
        return "every --engine is a follower: at least one must be able to produce payloads"
    if len({engine.url for engine in options.engines}) < len(options.engines):
        return "an --engine is given twice"
    if (options.control_port is None) != (options.control_token is None):
        return "--control-port and --control-token-file belong together"
    behind = options.anchor_epochs_behind
    if options.manual_clock and (behind is None or options.control_port is None):
        return "--clock manual needs --anchor-epochs-behind (room to advance) and --control-port (what advances it)"
    if behind is not None and behind * network.SLOTS_PER_EPOCH < options.backfill_slots:
        return (
            f"--backfill-slots {options.backfill_slots} lead past the present from an anchor {behind} epochs behind it"
        )
    oldest = network.BLOB_SCHEDULE[-1].epoch + 1
    if network.epoch_of(network.slot_at(time.time()) - options.backfill_slots) - (behind or 0) < oldest:
        return f"the anchor would be before epoch {oldest}, when this chain's last fork took effect"
    return None


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog=PROGRAM, description="A beacon node on the executable consensus specification, for local devnets."
    )
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="run", parser_class=_Parser)
    run = commands.add_parser("run", help="run the node until it is stopped")
    run.add_argument("--data", type=Path, required=True, metavar="DIR", help="folder of the node's database")
    run.add_argument(
        "--engine",
        action="append",
        required=True,
        metavar=f"URL,JWTFILE[,{_FOLLOWER}]",
        help="an execution client's Engine API and JWT secret; repeat for more; a follower never produces and synchronises from its peers",
    )
    run.add_argument("--host", default="127.0.0.1", help="address to serve on (default %(default)s)")
    run.add_argument("--port", type=_port, default=3500, help="port of the Beacon API (default %(default)s)")
    run.add_argument(
        "--metrics-port", type=_port, default=8008, metavar="PORT", help="port of /metrics (default %(default)s)"
    )
    run.add_argument(
        "--backfill-slots",
        type=_natural,
        default=128,
        metavar="N",
        help="slots between a new chain's anchor and the clock, rounded up to whole epochs (default %(default)s)",
    )
    run.add_argument(
        "--backfill-blocks",
        type=_natural,
        default=network.SNAP_SYNC_BLOCKS + 4,
        metavar="N",
        help="how many blocks there are then, if finality leaves as many slots: the last ones get a block each (default %(default)s)",
    )
    run.add_argument(
        "--anchor-epochs-behind",
        type=_natural,
        metavar="N",
        help="anchor a new chain this many epochs behind the wall clock",
    )
    run.add_argument(
        "--clock",
        choices=("wall", "manual"),
        default="wall",
        help="follow the wall clock, or stand still until advanced",
    )
    run.add_argument(
        "--control-port",
        type=_port,
        metavar="PORT",
        help="port on 127.0.0.1 for faults and the manual clock (off by default)",
    )
    run.add_argument(
        "--control-token-file", type=Path, metavar="FILE", help="file with the control port's bearer token"
    )
    run.add_argument(
        "--log-level", choices=("DEBUG", "INFO", "WARNING", "ERROR"), default="INFO", help="(default %(default)s)"
    )
    return parser


def _engine(text: str) -> EngineOption:
    url, _, rest = text.partition(",")
    file, _, role = rest.partition(",")
    parts = urlparse(url)
    if parts.scheme != "http" or not parts.hostname or not file or role not in ("", _FOLLOWER):
        raise ValueError(f"--engine {text!r} is not URL,JWTFILE or URL,JWTFILE,{_FOLLOWER} with an http:// URL")
    return EngineOption(url, read_jwt_secret(Path(file)), role == _FOLLOWER)


def _natural(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number")
    return int(text)


def _port(text: str) -> int:
    number = _natural(text)
    if number > 65535:
        raise argparse.ArgumentTypeError(f"{text} is no port")
    return number
