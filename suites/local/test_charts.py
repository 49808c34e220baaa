"""CHT: what the API server itself says to the charts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from plumbline.components.delivery import dry_run
from reports.evidence import attach, figure

if TYPE_CHECKING:
    from plumbline.components.delivery.renderings import Rendering
    from plumbline.stack import Stack


@pytest.mark.control("CHT-001")
def test_the_api_server_would_take_each_object(stack: Stack, renderings: list[Rendering]) -> None:
    """Preconditions: a stack that stands.
    Steps: show the API server every object of every way in which a chart is installed, to be applied but not kept: those of the
    local stack over what stands, those of the cloud beside it.
    Expected: it would take them all, but for kinds that this cluster does not serve; those are listed.
    """
    answer = dry_run.of(stack.site.kube, renderings)
    attach("kinds that this cluster does not serve", "\n".join(sorted(answer.unserved)) or "none")
    figure("objects that the API server would take", answer.taken, "objects")

    assert not answer.refused, "\n".join(answer.refused)
    assert not [kind for kind in answer.unserved if "." not in kind.partition("/")[0]], answer.unserved
