"""The table of what checkov finds and is left as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from plumbline.core.errors import ConfigError
from plumbline.terraform.excuses import load, unexcused
from plumbline.terraform.findings import Finding

TREE = Path(__file__).parents[2] / "terraform"
CLUSTER = "module.cluster.google_container_cluster.this"
FOUND = [Finding("CKV_GCP_1", f"{plan}: {CLUSTER}", "does not pass") for plan in ("dev", "prod")]


def table(tree: Path, text: str) -> Path:
    (tree / "checkov.toml").write_text(text)
    return tree


def test_a_row_excuses_a_check_in_every_plan(tmp_path: Path) -> None:
    assert unexcused(FOUND, table(tmp_path, f'["{CLUSTER}"]\nCKV_GCP_1 = "It is so."\n')) == []


@pytest.mark.parametrize("text", ["", f'["{CLUSTER}"]\nCKV_GCP_2 = "It is so."\n', '["a"]\nCKV_GCP_1 = "It is so."\n'])
def test_what_no_row_excuses_stays(tmp_path: Path, text: str) -> None:
    assert set(FOUND) <= set(unexcused(FOUND, table(tmp_path, text)))


def test_a_row_that_excuses_nothing_is_a_finding(tmp_path: Path) -> None:
    tree = table(tmp_path, f'["{CLUSTER}"]\nCKV_GCP_1 = "It is so."\nCKV_GCP_2 = "It was so."\n')

    assert list(map(str, unexcused(FOUND, tree))) == [
        f"excused: terraform/checkov.toml: {CLUSTER}: nobody finds CKV_GCP_2 there any more: take the row out"
    ]


@pytest.mark.parametrize("reason", ['""', "true"])
def test_a_row_without_a_reason_is_refused(tmp_path: Path, reason: str) -> None:
    with pytest.raises(ConfigError, match=rf'\["{CLUSTER}"\] needs a reason why CKV_GCP_1 is left as it is'):
        load(table(tmp_path, f'["{CLUSTER}"]\nCKV_GCP_1 = {reason}\n'))


def test_the_table_can_be_read() -> None:
    assert load(TREE)
