"""The verdict on an upgrade is one sentence."""

from __future__ import annotations

import pytest

from plumbline.components.recovery.rehearsal import Rehearsal

IMAGE, VERSION = "docker.io/ethereum/client-go:v1.17.11", "Geth/v1.17.11-stable/linux"


@pytest.mark.parametrize(
    ("verdict", "passed", "says"),
    [
        (Rehearsal(IMAGE, VERSION), True, f"{IMAGE} ({VERSION}) may be rolled out: on a clone"),
        (Rehearsal(IMAGE, objection="no image"), False, f"{IMAGE} must not be rolled out: no image"),
        (
            Rehearsal(IMAGE, VERSION, no_way_back="at 3"),
            False,
            f"{IMAGE} ({VERSION}) may be rolled out, but not taken back: at 3",
        ),
    ],
)
def test_the_verdict_says_whether_and_why(verdict: Rehearsal, passed: bool, says: str) -> None:
    assert verdict.passed == passed
    assert str(verdict).startswith(says)
