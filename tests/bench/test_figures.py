"""Figures: statistics, verdicts, tables."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plumbline.bench.cli import main
from plumbline.bench.figures import FROM_NOTHING, Asked, Figure, quantile, report, table
from plumbline.core.errors import UsageError

SECONDS = st.floats(0, 1e6)


@given(st.lists(SECONDS, min_size=1), st.floats(0.01, 1))
def test_a_quantile_is_a_value_that_enough_of_them_do_not_exceed(values: list[float], share: float) -> None:
    found = quantile(values, share)

    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) - 1e-9
    assert all(sum(value <= less for value in values) < share * len(values) for less in values if less < found)


def test_the_usual_quantiles() -> None:
    hundred = [float(number) for number in range(1, 101)]

    assert (quantile(hundred, 0.5), quantile(hundred, 0.95), quantile([3.0], 0.95)) == (50, 95, 3)


def test_a_figure_is_judged_by_target_and_bound() -> None:
    verdicts = [Figure("x", value, "s", Asked(40, 60)).row()[-1] for value in (40, 60, 61)]

    assert verdicts == ["good", "holds", "FAILS"]
    assert not Figure("bring-up", 61, "s", FROM_NOTHING).holds
    assert Figure("only told", 1e9, "s").holds


def test_a_report_is_a_table() -> None:
    told = [Figure("no cluster to all ready", 41.234, "s", FROM_NOTHING), Figure("ratio", 0.5, "")]

    assert list(report(told)) == [
        "| figure                  | value  | target | fails above |       |",
        "| ----------------------- | ------ | ------ | ----------- | ----- |",
        "| no cluster to all ready | 41.2 s | 40     | 60          | holds |",
        "| ratio                   | 0.5    |        |             |       |",
    ]


def test_a_cell_cannot_break_its_table() -> None:
    assert list(table(("a",), [("x|y",)]))[-1] == "| x\\|y |"


@pytest.mark.parametrize("argv", [["bringup", "--runs", "0"], ["cycles", "--count", "many"]])
def test_a_count_is_one_or_more(argv: list[str]) -> None:
    with pytest.raises(UsageError, match="is not possible; it is a number from 1 on"):
        main(argv)
