"""What causes the alerts of scheduled snapshots."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from plumbline.components.devnet import NAMESPACE
from plumbline.components.volumes.snapshot_schedule import SnapshotSchedule
from plumbline.core import wait
from plumbline.core.errors import PlumblineError
from plumbline.faults.alerts.catalogue.execution import NODES
from plumbline.faults.alerts.causes import Symptom, cause
from plumbline.faults.injuries.changes import removed

if TYPE_CHECKING:
    from plumbline.stack import Stack

_RELEASE: Final = "geth-follower"
_OF_SCHEDULE: Final = {"cronjob": f"{_RELEASE}-snapshot"}
_TOO_OLD: Final = timedelta(hours=14)  # charts/geth-node/values.yaml: two periods of the schedule, and an hour
_ENDED_WITHIN_S: Final = 180.0


@cause(Symptom("GethSnapshotFailed", _OF_SCHEDULE), Symptom("GethSnapshotTooOld", _OF_SCHEDULE), parts=(NODES,))
def snapshots_forbidden(stack: Stack, kept: ExitStack) -> Iterator[None]:
    """A schedule's Role is gone: it took its last snapshot many hours ago, and the next one fails, too."""
    schedule = SnapshotSchedule(stack.site.kube, _RELEASE, NAMESPACE)
    kept.callback(schedule.forget)
    with removed(stack, "role", schedule.name, NAMESPACE):
        wait.until(schedule.ended(schedule.start(1)), named="a snapshot that fails", within_s=_ENDED_WITHIN_S)
        _succeeded(stack, schedule, datetime.now(UTC) - _TOO_OLD)
        yield
    taken = wait.until(schedule.ended(schedule.start(2)), named="a snapshot that is taken", within_s=_ENDED_WITHIN_S)
    if not taken.ok:
        raise PlumblineError(f"no snapshot is taken though the Role is there again: {taken}")
    back = stack.execution.rolled_out(_RELEASE)  # it was stopped for that, and others want it next
    wait.until(back, named=f"{_RELEASE} back", within_s=_ENDED_WITHIN_S)


def _succeeded(stack: Stack, schedule: SnapshotSchedule, at: datetime) -> None:
    """Have the schedule's status say when it last succeeded: nobody waits for so long. Its next success corrects that."""
    status = json.dumps({"status": {"lastSuccessfulTime": at.isoformat(timespec="seconds").replace("+00:00", "Z")}})
    kubectl = stack.site.kube.kubectl
    kubectl(
        *("-n", NAMESPACE, "patch", "cronjob", schedule.name, "--subresource=status", "--type=merge"), "--patch", status
    )
