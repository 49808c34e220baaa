"""The verdict on an upgrade is one sentence."""

from __future__ import annotations

import pytest

from plumbline.components.recovery.rehearsal import Rehearsal, rehearse
from plumbline.core.errors import UsageError

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


@pytest.mark.parametrize("image", ["client-go", "registry:5000/client-go", ":v1.17.11"])
def test_an_image_without_a_tag_is_refused_before_anything_is_made(image: str) -> None:
    with pytest.raises(UsageError, match=f'"{image}" is no image with a tag: name it like '):
        rehearse(None, "geth-follower-0", image)  # type: ignore[arg-type]
