"""UPG: an upgrade is rehearsed on a clone before it is rolled out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from plumbline.components.recovery.drill import OLD
from plumbline.components.recovery.rehearsal import rehearse
from reports.evidence import attach

if TYPE_CHECKING:
    from plumbline.components.execution import Execution
    from plumbline.stack import Stack


@pytest.mark.control("UPG-001")
@pytest.mark.destructive("execution")
def test_other_client_is_tried_on_a_clone_and_taken_back(stack: Stack, execution: Execution, other_client: str) -> None:
    """Preconditions: a follower at the head; an image of Geth under another tag.
    Steps: rehearse the upgrade to it: a clone from a snapshot runs it, is judged, and then runs the present client again.
    Expected: it may be rolled out and taken back, the clone kept its head, and the follower went on as it was.
    """
    restarts = execution.restarts_of(OLD)

    verdict = rehearse(stack.site, OLD, other_client)

    attach("verdict", str(verdict))
    assert verdict.passed, f"geth-rehearsed-0: {verdict}"
    assert execution.restarts_of(OLD) == restarts, f"{OLD} was restarted by a rehearsal"


@pytest.mark.control("UPG-001")
@pytest.mark.destructive("execution")
@pytest.mark.parametrize(
    ("image", "says"),
    [
        pytest.param("docker.io/ethereum/client-go:v1.99.0", "has no image", id="an image that is nowhere"),
        pytest.param("docker.io/ethereum/client-go:v1.9.0", "may not be able to read", id="an older client"),
    ],
)
def test_client_that_cannot_take_over_is_refused(stack: Stack, execution: Execution, image: str, says: str) -> None:
    """Preconditions: a follower at the head.
    Steps: rehearse the upgrade to an image that the nodes have not, or to a client that cannot read what the present one wrote.
    Expected: the verdict is that it must not be rolled out, with the reason; nothing of the clone is left.
    """
    verdict = rehearse(stack.site, OLD, image)

    assert says in verdict.objection, f"geth-rehearsed-0: {verdict}"
    assert not verdict.passed, f"geth-rehearsed-0: {verdict}"
    assert execution.kube.find("StatefulSet", "geth-rehearsed", "ethereum") is None, (
        f"geth-rehearsed is left after: {verdict}"
    )
