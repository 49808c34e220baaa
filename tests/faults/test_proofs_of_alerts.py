"""How an alert is proved, on a monitoring that tells what it is made to."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from plumbline.components.alerting.rules import Rule
from plumbline.components.telemetry.alert_receiver import Delivery
from plumbline.components.telemetry.prometheus import Alert
from plumbline.core import wait
from plumbline.faults.alerts import causes, picture, prover
from plumbline.faults.alerts.causes import FIRING, RESOLVING, Cause, Symptom
from plumbline.faults.alerts.proofs import Proof, Unproved
from plumbline.faults.alerts.prover import Prover

RULE = Rule(
    name="PeersLow",
    chart="geth-node",
    profile="test",
    expr="p2p_peers < 2",
    for_s=0,
    labels={"severity": "warning"},
    annotations={"runbook_url": "https://x/PeersLow.md", "summary": "s", "description": "d"},
    values={"window": 30},
)


@dataclass
class World:
    """What is hurt, and a monitoring that tells of it at once."""

    hurt: set[str] = field(default_factory=set)
    told: list[Delivery] = field(default_factory=list)
    before: list[Alert] = field(default_factory=list)
    altered: Callable[[Delivery], Delivery] = lambda delivery: delivery

    def tell(self, pod: str, status: str) -> None:
        labels = {"alertname": RULE.name, "severity": "warning", "pod": pod}
        one = Delivery(len(self.told) + 1, time.time(), "warning", status, labels, RULE.annotations, "", "")
        self.told.append(self.altered(one))

    @property
    def stack(self) -> Any:
        def delivered(wanted: Callable[[Delivery], bool], *, after: int) -> wait.Condition[Delivery]:
            def look() -> wait.Observation[Any]:
                found = [one for one in self.told if one.number > after and wanted(one)]
                return wait.Observation(bool(found), found[0] if found else None, f"{len(self.told)} deliveries")

            return wait.poll(look, every_s=0.005)

        receiver = SimpleNamespace(last=lambda: len(self.told), delivered=delivered)
        prometheus = SimpleNamespace(alerts=lambda: self.before)
        return SimpleNamespace(monitoring=SimpleNamespace(receiver=receiver, prometheus=prometheus))

    def cause(self, name: str, *symptoms: Symptom, parts: tuple[str, ...] = ("geth-0",), heals: bool = True) -> Cause:
        @contextmanager
        def inject(_: Any, kept: ExitStack) -> Iterator[None]:
            assert name not in self.hurt
            self.hurt.add(name)
            self.tell(name, "firing")
            yield
            self.hurt.discard(name)
            if heals:
                self.tell(name, "resolved")

        return Cause(name, f"{name} is hurt.", symptoms or (Symptom(RULE.name, {"pod": name}),), parts, inject)


@pytest.fixture
def proved(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Prove one alert by causes."""

    def prove(world: World, *given: Cause, rule: Rule = RULE, within_s: float = 0.05) -> Any:
        monkeypatch.setattr(prover, "load", lambda: list(given))
        monkeypatch.setattr(prover, "_DELIVERED_WITHIN_S", within_s)
        monkeypatch.setattr(prover, "_QUIET_WITHIN_S", 0.05)
        return Prover(world.stack, [rule]).prove({rule.name}).outcomes[rule.name]

    return prove


def test_what_is_delivered_and_resolved_is_proved(proved: Callable[..., Any]) -> None:
    world = World()

    proof = proved(world, world.cause("geth-0"))

    assert isinstance(proof, Proof), proof
    assert (proof.fired.status, proof.resolved.status) == ("firing", "resolved")
    assert world.hurt == set()


def test_late_is_what_is_beyond_the_rules_own_time(proved: Callable[..., Any]) -> None:
    world = World()
    symptom = Symptom(RULE.name, {"pod": "geth-0"}, window=(FIRING, RESOLVING))

    proof = proved(world, world.cause("geth-0", symptom))

    assert proof.delivered_late_s == pytest.approx(-30, abs=1)
    assert proof.resolved_late_s == pytest.approx(-30, abs=1)


def test_what_is_momentary_has_ended_when_it_began(proved: Callable[..., Any]) -> None:
    world = World()
    symptom = Symptom(RULE.name, {"pod": "geth-0"}, window=(RESOLVING,), momentary=True)

    proof = proved(world, world.cause("geth-0", symptom))

    assert proof.ended == pytest.approx(proof.begun, abs=0.01)


def test_the_end_of_what_ends_by_itself_is_looked_for_before_anything_is_delivered(proved: Callable[..., Any]) -> None:
    world = World()
    told_when_looked: list[bool] = []

    def ended(_: Any) -> wait.Condition[Any]:
        told_when_looked.append("resolved" in {one.status for one in world.told})
        over_at = time.monotonic() + 0.03
        return wait.holds(lambda: time.monotonic() > over_at, every_s=0.005)

    symptom = Symptom(RULE.name, {"pod": "geth-0"}, ended=ended, window=(RESOLVING,), momentary=True)

    proof = proved(world, world.cause("geth-0", symptom))

    assert told_when_looked == [False], "looked for once, and while it was still hurt"
    assert 0.03 <= proof.ended - proof.begun < 0.5


def test_an_alert_of_somebody_else_proves_nothing(proved: Callable[..., Any]) -> None:
    world = World()

    said = proved(world, world.cause("geth-1", Symptom(RULE.name, {"pod": "geth-0"})))

    assert isinstance(said, Unproved)
    assert "PeersLow: not firing, delivered within" in str(said)
    assert "geth-1 is hurt." in str(said)
    assert world.hurt == set(), "what was hurt is healed all the same"


def test_one_that_fires_already_proves_nothing(proved: Callable[..., Any]) -> None:
    labels = {"alertname": RULE.name, "pod": "geth-0"}
    world = World(before=[Alert(labels, {}, "firing", "")])

    said = proved(world, world.cause("geth-0"))

    assert "not quiet before its cause" in str(said)
    assert world.told == [], "it was hurt all the same"


@pytest.mark.parametrize(
    ("state", "for_s", "proof"),
    [("pending", 30, True), ("firing", 30, True), ("firing", 90, False)],
    ids=["pending", "firing, and pending before anybody looked", "firing too soon"],
)
def test_an_alert_was_pending_for_its_time(
    proved: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, state: str, for_s: float, proof: bool
) -> None:
    world = World()
    since = datetime.fromtimestamp(time.time() - 60, UTC).isoformat().replace("+00:00", "123Z")
    monkeypatch.setattr(prover, "_ALERTS_EVERY_S", 0.01)

    @contextmanager
    def inject(_: Any, kept: ExitStack) -> Iterator[None]:
        world.before = [Alert({"alertname": RULE.name, "pod": "geth-0"}, {}, state, since)]
        world.tell("geth-0", "firing")
        yield
        world.tell("geth-0", "resolved")

    cause = Cause("geth-0", "geth-0 is hurt.", (Symptom(RULE.name, {"pod": "geth-0"}),), ("geth-0",), inject)
    outcome = proved(world, cause, rule=replace(RULE, for_s=for_s), within_s=0.5 - for_s)

    assert isinstance(outcome, Proof) is proof, outcome
    if not proof:
        assert "not pending within" in str(outcome)


def test_one_that_is_not_resolved_is_named(proved: Callable[..., Any]) -> None:
    world = World()

    assert "not resolved, delivered" in str(proved(world, world.cause("geth-0", heals=False)))


@pytest.mark.parametrize(
    ("altered", "said"),
    [
        ({"receiver": "critical"}, "the receiver critical for severity warning"),
        ({"annotations": {**RULE.annotations, "runbook_url": ""}}, "the runbook "),
        ({"annotations": {**RULE.annotations, "summary": "<no value> is low"}}, "the summary '<no value> is low'"),
    ],
)
def test_what_a_delivered_alert_lacks_is_named(proved: Callable[..., Any], altered: dict[str, Any], said: str) -> None:
    world = World(altered=lambda delivery: replace(delivery, **altered))

    assert said in str(proved(world, world.cause("geth-0")))


def test_a_cause_that_breaks_is_the_result_of_its_alerts(proved: Callable[..., Any]) -> None:
    world = World()

    @contextmanager
    def inject(_: Any, kept: ExitStack) -> Iterator[None]:
        raise OSError("no route")
        yield

    said = proved(world, Cause("x", "X.", (Symptom(RULE.name),), (), inject))

    assert "OSError: no route" in str(said)


def test_causes_of_one_part_act_one_after_another(monkeypatch: pytest.MonkeyPatch) -> None:
    world, acting, most = World(), set[str](), [0]

    def cause(name: str, part: str) -> Cause:
        inner = world.cause(name)

        @contextmanager
        def inject(stack: Any, kept: ExitStack) -> Iterator[None]:
            acting.add(name)
            most[0] = max(most[0], len(acting & {"a", "b"}))
            with inner.inject(stack, kept):
                yield
            acting.discard(name)

        return Cause(name, f"{name}.", (Symptom(name, {"pod": name}),), (part,), inject)

    monkeypatch.setattr(prover, "load", lambda: [cause("a", "p"), cause("b", "p"), cause("c", "q")])
    monkeypatch.setattr(prover, "_DELIVERED_WITHIN_S", 0.02)
    found = Prover(world.stack, [replace(RULE, name=name) for name in "abc"]).prove(set("abc")).outcomes

    assert set(found) == {"a", "b", "c"}
    assert most == [1]


def test_the_picture_has_a_row_for_each_proof(proved: Callable[..., Any]) -> None:
    world = World()

    drawn = picture.svg([proved(world, world.cause("geth-0"))])

    assert drawn.count(">PeersLow</text>") == 1
    assert "PeersLow resolved" in drawn


def test_an_alert_has_one_cause() -> None:
    causes.load()

    with pytest.raises(Exception, match="GethNodeDown has two causes"):
        causes.cause(Symptom("GethNodeDown"), parts=())(lambda *_: iter(()))
