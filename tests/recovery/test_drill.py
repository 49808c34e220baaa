"""What a drill cost, how it is told, drawn and kept."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from recoverytest import drill

from plumbline.components.recovery import picture, record
from plumbline.components.recovery.course import Course
from plumbline.components.recovery.cut import Mode
from plumbline.core.config import Config

SVG = "{http://www.w3.org/2000/svg}"


def test_recovery_time_begins_with_the_restore_and_ends_with_the_clients() -> None:
    assert drill().rto_s == 9.0
    assert drill(taken_over=False).rto_s == float("inf")


def test_recovery_point_is_what_the_copy_lacked() -> None:
    restored = drill().restored

    assert restored is not None
    assert (restored.lost_blocks, restored.lost_s) == (3, 36.0)
    assert drill().allowed(Config(rpo_blocks=1, rpo_crash_blocks=5)) == 5


def test_phases_follow_one_another_whether_they_end_well_or_not() -> None:
    clock = iter([1.0, 3.0, 3.0, 8.0])
    course = Course(now=lambda: next(clock))

    try:
        with course.phase("a"):
            pass
        with course.phase("b"):
            raise LookupError
    except LookupError:
        pass

    assert [(phase.name, phase.seconds) for phase in course.phases] == [("a", 2.0), ("b", 5.0)]
    assert str(course) == "a 2.0 s, b 5.0 s"


def test_the_timeline_tells_phases_heads_and_requests() -> None:
    told = drill(lost=3).timeline()

    assert "   2.0 s    2.0 s  claim bound" in told
    assert "geth-follower-0: 99 (slot" in told
    assert "3 of 120 requests lost" in told
    assert "crash-consistent: its state is damaged" in drill(taken_over=False).timeline()


def test_the_picture_shows_every_phase_both_heads_and_every_request() -> None:
    drawn = ElementTree.fromstring(picture.draw(drill(lost=3)))
    told = [title.text or "" for title in drawn.iter(f"{SVG}title")]

    assert [text for text in told if ": " in text] == [
        "snapshot ready: 2.0 s",
        "claim bound: 2.0 s",
        "traffic shifted: 7.0 s",
    ]
    assert len(list(drawn.iter(f"{SVG}polyline"))) == 2
    counts = {kind: sum(int(text.split()[0]) for text in told if text.endswith(kind)) for kind in ("served", "lost")}
    assert counts == {"served": 117, "lost": 3}
    assert "nobody took over" in picture.draw(drill(taken_over=False))


def test_costs_are_kept_by_mode(tmp_path: Path) -> None:
    file = tmp_path / "drills.json"
    cost = record.Cost.of(drill(lost=2))

    assert cost is not None
    record.add(file, cost)

    assert record.of(file, Mode.CRASH_CONSISTENT) == [cost]
    assert (cost.rto_s, cost.rpo_blocks, cost.lost, cost.phases["claim bound"]) == (9.0, 3, 2, 2.0)
    assert record.of(file, Mode.GRACEFUL) == []
    assert record.Cost.of(drill(taken_over=False)) is None
