"""When a node on a copy is near enough to the head to be judged."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from plumbline.components.recovery.restore import at_head
from plumbline.core import wait


@pytest.mark.parametrize(
    ("head", "newest", "had", "near"),
    [
        (152, 152, 152, True),
        (152, 153, 152, True),
        (151, 153, 151, False),
        (151, 152, 152, False),
    ],
    ids=["at it", "one behind", "two behind", "one behind, but it lacks what its copy's node had"],
)
def test_a_copy_is_judged_when_it_is_near_the_head_and_has_what_was_snapshotted(head, newest, had, near):
    node = SimpleNamespace(name="geth-restored-0", head=head)
    condition = at_head(node, lambda: newest, had)

    if near:
        assert wait.until(condition, named="head within bound", within_s=1) == head
        return
    with pytest.raises(wait.Timeout, match=f"is at block {head} of {newest}, and its copy's node was at {had}"):
        wait.until(condition, named="head within bound", within_s=0.2)
