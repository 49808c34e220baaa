"""Arithmetic of the tables."""

from __future__ import annotations

import pytest

from plumbline.components.alerting.formulas import NoFormula, value_of


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("threshold - 1", 1),
        (7, 7),
        ("-threshold * 1.5", -3),
        ("(threshold + 4) / 3", 2),
        ("5 if t < 10 else 6", 6),
        ("none if t == 10 else 1", None),
    ],
)
def test_what_a_formula_comes_to(formula: str | int, value: float | None) -> None:
    assert value_of(formula, {"threshold": 2, "t": 10, "none": None}) == value


@pytest.mark.parametrize("formula", ["treshold", "1 +", "open('x')", "t.real", "2 ** 9", "'a'", "none + 1"])
def test_anything_else_is_refused(formula: str) -> None:
    with pytest.raises(NoFormula, match="is no formula"):
        value_of(formula, {"t": 1, "none": None})
