"""What the command lines have in common: how they refuse, and the options that say which stack is meant."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from plumbline.core.config import Config
from plumbline.core.errors import UsageError

_FLAGS = {
    "keep": "leave the stack standing",
    "fresh": "replace a standing stack",
    "allow_unpinned": "pull images without a recorded digest, too",
}


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, with the way to help, and exits with 2."""

    def error(self, message: str) -> NoReturn:
        """Refuse the arguments."""
        raise UsageError(f"{message}; see {self.prog} --help")

    def answered(self, argv: Sequence[str] | None) -> int:
        """Do what the arguments ask for, which is the default ``answer`` of a command's parser, and return its exit code."""
        options = self.parse_args(argv)
        answer: Callable[[argparse.Namespace], int] = options.answer
        return answer(options)


def add_stack_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which stack is meant; their values are checked by the configuration."""
    for name in Config().describe():
        parser.add_argument(_option(name))


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which stack is meant, and how it is brought up."""
    add_stack_options(parser)
    parser.add_argument(_option("registry_mirror"))
    for name, text in _FLAGS.items():
        parser.add_argument(_option(name), action="store_const", const=True, help=text)


def config_of(options: argparse.Namespace, root: Path) -> Config:
    """Return the configuration that these options ask for, in the checkout at ``root``; an empty one is as good as none."""
    names = (*Config().describe(), "registry_mirror", *_FLAGS)
    return Config.load(root, {name: getattr(options, name, None) or None for name in names})


def words_of(config: Config) -> list[str]:
    """Return the options that ask another command for the same stack."""
    given = {name: value for name, value in config.describe().items() if value is not None}
    return [word for name, value in given.items() for word in (_option(name), str(value))]


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"
