"""Two runs beside each other: which controls, images and figures are not what they were."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Measured = tuple[float, str]  # value and unit
_NOTABLE = 1.3  # the ratio of two values from which on their difference is told
_NOTICED_S = 3.0  # shorter differences of seconds come by themselves


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """Yield what differs between two runs, a line each: controls first, then circumstances, then figures and durations.

    Args:
        before: the earlier run's results.json.
        after: the later one's.
    """
    yield from _changed(_verdicts(before), _verdicts(after))
    yield from _changed(_circumstances(before), _circumstances(after))
    yield from _changed(before["images"], after["images"])
    yield from _moved(_figures(before), _figures(after))
    yield from _moved(_durations(before), _durations(after))


def _verdicts(run: Mapping[str, Any]) -> dict[str, str]:
    return {control["id"]: _told(control) for control in run["controls"]}


def _told(control: Mapping[str, Any]) -> str:
    reason = control["reason"].partition("\n")[0]
    return f"{control['verdict']} ({reason})" if control["verdict"] == "failed" else str(control["verdict"])


def _circumstances(run: Mapping[str, Any]) -> dict[str, str]:
    return {name: value for name, value in run["environment"].items() if name != "command"}


def _figures(run: Mapping[str, Any]) -> dict[str, Measured]:
    return {figure["name"]: (figure["value"], figure["unit"]) for figure in run["figures"]}


def _durations(run: Mapping[str, Any]) -> dict[str, Measured]:
    return {f"{control['id']} took": (control["seconds"], "s") for control in run["controls"] if control["tests"]}


def _changed(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    for name in dict.fromkeys([*before, *after]):
        was, now = before.get(name, "–"), after.get(name, "–")
        if was != now:
            yield f"{name}: {was} -> {now}"


def _moved(before: Mapping[str, Measured], after: Mapping[str, Measured]) -> Iterator[str]:
    for name, (was, unit) in before.items():
        now, _ = after.get(name, (was, unit))
        if _notable(was, now, unit):
            yield f"{name}: {was:.4g} {unit} -> {now:.4g} {unit}"


def _notable(was: float, now: float, unit: str) -> bool:
    least, most = sorted((was, now))
    return most > _NOTABLE * least and (unit != "s" or most - least > _NOTICED_S)
