"""What the command lines have in common: how they refuse, and the options that say which stack is meant."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NoReturn

from plumbline.core.config import Config
from plumbline.core.errors import UsageError


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, with the way to help, and exits with 2."""

    def error(self, message: str) -> NoReturn:
        """Refuse the arguments."""
        raise UsageError(f"{message}; see {self.prog} --help")


def add_stack_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which stack is meant; their values are checked by the configuration."""
    for name in Config().describe():
        parser.add_argument(f"--{name.replace('_', '-')}", default=None)


def config_of(options: argparse.Namespace, root: Path) -> Config:
    """Return the configuration that the options of :func:`add_stack_options` ask for, in the checkout at ``root``."""
    return Config.load(root, {name: getattr(options, name) for name in Config().describe()})


def words_of(config: Config) -> list[str]:
    """Return the options that ask another command for the same stack."""
    given = {name: value for name, value in config.describe().items() if value is not None}
    return [word for name, value in given.items() for word in (f"--{name.replace('_', '-')}", str(value))]
