"""The dead man's switch, heard outside of Prometheus and Alertmanager: an alert that always fires, so that its absence is the alarm."""

from __future__ import annotations

import time
from typing import Final

from plumbline.components.telemetry.alert_receiver import AlertReceiver, Delivery
from plumbline.core import wait

RECEIVER: Final = "heartbeat"


def beat(receiver: AlertReceiver) -> wait.Condition[Delivery]:
    """Return a condition: a sign of life arrives after now."""
    return receiver.delivered(lambda one: one.receiver == RECEIVER and one.status == "firing", after=receiver.last())


def fallen_silent(receiver: AlertReceiver, patience_s: float) -> wait.Condition[float]:
    """Return a condition: no sign of life has come for some seconds, or it was called off; its value is that time."""
    start, number = time.time(), receiver.last()

    def look() -> wait.Observation[float]:
        heard = [one for one in receiver.heard(number, 0)[1] if one.receiver == RECEIVER]
        called_off = any(one.status == "resolved" for one in heard)
        silent_s = time.time() - max((one.at for one in heard if one.status == "firing"), default=start)
        state = "called off" if called_off else f"the last sign of life is {silent_s:.0f} s old"
        return wait.Observation(called_off or silent_s > patience_s, silent_s, state)

    return wait.poll(look, every_s=1.0)
