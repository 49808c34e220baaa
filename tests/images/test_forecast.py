"""The expected duration of a build: from the start, and better on a machine that has built before."""

from __future__ import annotations

import pytest

from plumbline.core import events, state
from plumbline.core.graph import Job
from plumbline.images import forecast
from plumbline.images.forecast import Forecast
from plumbline.images.workshop import Workshop

LIMITS = {"compile": 1, "light": 2}


def jobs() -> list[Job]:
    return [
        Job("program kubernetes", (), lambda: None, "compile"),
        Job("program geth", (), lambda: None, "compile"),
        Job("image geth", ("program geth",), lambda: None),
    ]


@pytest.fixture
def told():
    lines: list[str] = []
    stop = events.subscribe(lambda event: lines.append(event.get("text", "")))
    yield lines
    stop()


def recorded(shop: Workshop) -> dict[str, float]:
    return state.read_toml(shop.paths.root / forecast.FILE, forecast.FILE)


def test_minutes_are_told_from_the_start_and_after_each_job(shop: Workshop, told: list[str]) -> None:
    known = recorded(shop)
    kubernetes, geth, _ = Forecast(shop, jobs(), LIMITS).watched()
    assert told == [f"3 jobs, about {-(-(known['program kubernetes'] + known['program geth'] + 2) // 60):.0f} min"]

    kubernetes.run()
    assert told[1:] == [f"1 of 3 done, about {-(-(known['program geth'] + 2) // 60):.0f} min left"]

    geth.run()
    assert len(told) == 2  # less than a minute is left


def test_what_a_job_took_here_counts_from_then_on(shop: Workshop, told: list[str]) -> None:
    for job in Forecast(shop, jobs(), LIMITS).watched():
        job.run()

    Forecast(shop, jobs(), LIMITS).watched()
    assert told[-1] == "3 jobs, less than a minute"


def test_only_jobs_that_exist_are_recorded(shop: Workshop) -> None:
    jobs = {f"program {name}" for name in shop.programs} | {f"image {name}" for name in shop.recipes}

    assert set(recorded(shop)) <= {"os", "node", *jobs}
