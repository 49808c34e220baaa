"""What causes the alerts of the harness that judges the stack by itself."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

from plumbline.components.existing import nightly, proposal
from plumbline.components.existing.nightly import NAMESPACE, Nightly
from plumbline.core.errors import PlumblineError
from plumbline.faults.alerts.causes import Sight, Symptom, cause
from plumbline.faults.injuries.changes import removed
from plumbline.kube import probes

if TYPE_CHECKING:
    from plumbline.stack import Stack

_TOO_OLD_S: Final = 120  # charts/conformance/values.local-nightly.yaml


@Sight
def failed(stack: Stack) -> tuple[bool, str]:
    """See whether the last run found that something is wrong, in the words of who keeps its results."""
    success = nightly.last(stack.site.kube).get("plumbline_run_success")
    return success == 0, f"success: {success}"


@Sight
def too_old(stack: Stack) -> tuple[bool, str]:
    """See there whether the last run ended too long ago."""
    age_s = time.time() - nightly.last(stack.site.kube)["plumbline_run_end_timestamp_seconds"]
    return age_s > _TOO_OLD_S, f"the last run ended {age_s:.0f} s ago"


@cause(
    Symptom("HarnessControlFailed", {"control": "EXT-004"}, begun=failed.begun, ended=failed.ended),
    Symptom("HarnessRunTooOld", {"namespace": NAMESPACE}, begun=too_old.begun, ended=too_old.ended),
    parts=("harness",),
)
def denial_lifted(stack: Stack, kept: ExitStack) -> Iterator[None]:
    """The probes' namespace denies nothing by default; the harness judges it once, and then its schedule rests."""
    harness = _harness(stack)
    kept.enter_context(harness.standing())
    with removed(stack, "networkpolicy", "default-deny", probes.NAMESPACE):
        harness.run(1)
        yield
    again = harness.run(2)
    if not again.ok:
        raise PlumblineError(f"the harness still complains though the policy is there again: {again.said}")


def _harness(stack: Stack) -> Nightly:
    """Return one that judges the probes' namespace: nothing else hurts that at the same time."""
    return Nightly(stack.site, proposal.propose(stack.site.kube, (probes.NAMESPACE,)))
