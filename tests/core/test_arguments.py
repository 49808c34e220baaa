"""What the command lines have in common."""

from __future__ import annotations

from pathlib import Path

import pytest

from plumbline.core.arguments import Parser, add_stack_options, config_of, words_of
from plumbline.core.config import Config
from plumbline.core.errors import UsageError


@pytest.fixture
def parser() -> Parser:
    made = Parser("plumbline bench")
    add_stack_options(made)
    return made


@pytest.mark.parametrize(
    "config",
    [Config(), Config(cluster_name="other", images="build", helios_network="sepolia", beacon_api="http://x")],
)
def test_another_command_is_asked_for_the_same_stack(config: Config, parser: Parser, tmp_path: Path) -> None:
    assert config_of(parser.parse_args(words_of(config)), tmp_path) == config


def test_a_refusal_is_one_line_with_the_way_to_help(parser: Parser) -> None:
    with pytest.raises(UsageError, match=r"unrecognized arguments: --netwrok; see plumbline bench --help"):
        parser.parse_args(["--netwrok"])
