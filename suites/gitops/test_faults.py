"""What GIT-002 must notice: Argo CD is broken, and each time its control must go red."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from plumbline.faults import registry
from reports.evidence import figure

if TYPE_CHECKING:
    from plumbline.faults.runner import LiveRunner

OWN = [fault.name for fault in registry.load().all() if fault.suite == "gitops"]


@pytest.mark.usefixtures("argo")
@pytest.mark.parametrize("fault", OWN)
def test_the_right_control_notices(fault_runner: LiveRunner, fault: str) -> None:
    """Preconditions: Argo CD has deployed all of a fork of this repository, and its control is green.
    Steps: do the fault; have its control judged; heal it; have its control judged again.
    Expected: the control goes red by its own assertion and names what was hurt; afterwards it is green.
    """
    verdict = fault_runner.run(registry.load().named(fault))

    figure(f"{fault}: from the fault to the red control", verdict.detect_s or 0.0, "s")
    assert verdict.caught, f"{verdict.outcome}: {verdict.why}"
