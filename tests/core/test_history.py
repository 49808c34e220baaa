"""What earlier bring-ups tell: the time that is left, and what is slower than usual."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plumbline import history
from plumbline.core import events
from plumbline.history import BringUp, Ended, History
from plumbline.progress import Printer

KIND = {"network": "devnet", "components": ["cluster", "storage"], "standing": []}


def bring_up(seconds: float, storage_s: float, kind: dict[str, object] = KIND) -> BringUp:
    cluster_s = seconds - storage_s
    return BringUp(kind, seconds, {"cluster up": Ended(cluster_s, cluster_s), "storage up": Ended(seconds, storage_s)})


def test_bring_ups_are_kept_and_compared_with_their_like(tmp_path: Path) -> None:
    kept = History(tmp_path / "history.json")
    for run in (bring_up(40, 10), bring_up(2, 1, {**KIND, "standing": ["cluster"]}), bring_up(44, 12)):
        kept.add(run)

    assert [run.seconds for run in kept.like(KIND)] == [40, 44]
    assert kept.like(KIND)[0] == bring_up(40, 10)


def test_what_built_images_is_like_nothing(tmp_path: Path) -> None:
    kept, cold = History(tmp_path / "history.json"), bring_up(1800, 10)
    cold.phases["images build"] = Ended(1700, 1700)
    kept.add(cold)

    assert kept.like(KIND) == []
    assert history.slower(cold, [bring_up(40, 10)] * 5) == []


def test_a_history_in_another_form_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "history.json").write_text('[{"at": 1, "created": true, "components": [], "seconds": 2}]')

    assert History(tmp_path / "history.json").like(KIND) == []


def test_the_oldest_go(tmp_path: Path) -> None:
    kept = History(tmp_path / "history.json")
    for seconds in range(history._KEPT + 5):
        kept.add(bring_up(seconds, 0))

    assert [run.seconds for run in kept.like(KIND)] == list(range(5, history._KEPT + 5))


def test_phases_are_recorded_as_they_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "_current", events.Stream("r"))
    run = BringUp(KIND)

    with history.recorded(run), events.phase("storage", "up"):
        pass
    with events.phase("later", "up"):
        pass

    assert list(run.phases) == ["storage up"]
    assert 0 <= run.phases["storage up"].at_s <= run.seconds


def test_more_than_thirty_percent_is_named_and_where() -> None:
    slow = history.slower(bring_up(64, 30), [bring_up(40, 10), bring_up(44, 12), bring_up(42, 11)])

    assert [str(one) for one in slow] == [
        "the bring-up took 64.0 s, 52 % more than the usual 42.0 s (median of 3)",
        "storage took 30.0 s, 173 % more than the usual 11.0 s (median of 3)",
    ]


@pytest.mark.parametrize(
    ("now", "earlier"),
    [
        (bring_up(54, 14), [bring_up(42, 11)] * 3),  # 29 %
        (bring_up(64, 30), [bring_up(42, 11)] * 2),  # of too few
        (bring_up(3, 2), [bring_up(1, 0.5)] * 3),  # seconds that come by themselves
    ],
)
def test_what_is_not_a_regression(now: BringUp, earlier: list[BringUp]) -> None:
    assert history.slower(now, earlier) == []


@given(st.lists(st.floats(1, 1000), min_size=history._ENOUGH), st.floats(1, 1000))
def test_as_fast_as_any_before_is_never_slower(seconds: list[float], now: float) -> None:
    earlier = [bring_up(one, 0.5) for one in seconds]
    named = {one.what for one in history.slower(bring_up(now, 0.5), earlier)}

    assert "the bring-up" not in named or now > min(seconds)


def test_progress_tells_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "_current", events.Stream("r"))
    shown = io.StringIO()
    events.subscribe(Printer(shown))

    history.announce([bring_up(40, 10), bring_up(44, 12)])
    with events.phase("stack", "up"):
        for component in ("cluster", "storage"):
            with events.phase(component, "up"):
                pass
    with events.phase("cluster", "up"):  # of another way to bring it up
        pass

    first, _, _, cluster, _, storage, _, _, another = [
        line.split(" s  ", 1)[1] for line in shown.getvalue().splitlines()
    ]
    assert first.split(maxsplit=1) == ["stack", "about 42 s to go, as in 2 runs before"]
    assert cluster.endswith("up: 0.0 s (about 11 s to go)")
    assert storage.endswith("up: 0.0 s")
    assert another.endswith("up: 0.0 s")


def test_nothing_is_foretold_without_a_history(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[events.Event] = []
    monkeypatch.setattr(events, "_current", events.Stream("r"))
    events.subscribe(seen.append)

    history.announce([])

    assert seen == []
