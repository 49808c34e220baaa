"""Configuration: options over file over defaults, and a clear refusal of everything else."""

from __future__ import annotations

from pathlib import Path

import pytest

from plumbline.core.config import Config
from plumbline.core.errors import ConfigError


def test_options_win_over_the_file_and_the_file_over_defaults(tmp_path: Path) -> None:
    (tmp_path / "plumbline.toml").write_text('network = "sepolia"\nkeep = true\n')

    config = Config.load(tmp_path, {"network": "mainnet", "keep": None})

    assert (config.network, config.keep, config.images) == ("mainnet", True, "auto")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('netwrok = "devnet"', 'plumbline.toml has an unknown key "netwrok"; did you mean "network"?'),
        ('colour = "red"', "known are"),
        ('network = "goerli"', 'network = "goerli" is not possible; choose one of devnet, sepolia, mainnet'),
        ('keep = "yes"', "keep = 'yes' is not possible; choose true or false"),
        ('cluster_name = ""', "it is a text"),
        ('registry_mirror = "mirror:5000"', "it is a URL"),
        ('registry_mirror = "https://user:word@mirror"', "it is a URL"),
        ("rto_s = true", "rto_s = True is not possible; it is a number, zero or more"),
        ("rpo_blocks = 0.5", "rpo_blocks = 0.5 is not possible; it is a whole number, zero or more"),
        ("rpo_crash_blocks = -1", "it is a whole number, zero or more"),
        ("network = ", "plumbline.toml is not valid TOML"),
    ],
)
def test_bad_files_are_refused_in_one_sentence(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "plumbline.toml").write_text(text)

    with pytest.raises(ConfigError) as caught:
        Config.load(tmp_path)

    assert says in str(caught.value)
    assert caught.value.exit_code == 2


def test_bad_options_name_the_command_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="the command line: images"):
        Config.load(tmp_path, {"images": "steal"})


def test_numbers_come_as_texts_from_the_command_line(tmp_path: Path) -> None:
    config = Config.load(tmp_path, {"rto_s": "7.5", "rpo_blocks": "3"})

    assert (config.rto_s, config.rpo_blocks) == (7.5, 3)
    with pytest.raises(ConfigError, match="the command line: rpo_blocks = 'few'"):
        Config.load(tmp_path, {"rpo_blocks": "few"})


def test_passing_options_do_not_make_another_stack() -> None:
    passing = Config(keep=True, fresh=True, registry_mirror="http://mirror", allow_unpinned=True, rto_s=1)

    assert passing.describe() == Config().describe()
    assert Config(network="sepolia").describe() != Config().describe()


def test_chosen_is_what_another_command_must_be_told():
    assert Config().chosen() == Config(keep=True, fresh=True).chosen() == {}
    existing = {"target": "existing", "context": "theirs", "map": "map.toml"}
    assert Config(**existing).chosen() == existing
