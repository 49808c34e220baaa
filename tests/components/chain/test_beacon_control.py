from __future__ import annotations

import json
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from plumbline.components.chain.beacon_control import BeaconControl, ControlRefused, ManualClock


def control(seen: list[Any], status: int = 200, answer: Any = None) -> BeaconControl:
    def handle(request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content) if request.content else None
        seen.append((request.method, request.url.path, body))
        return httpx.Response(status, json=answer or {})

    return BeaconControl(httpx.Client(base_url="http://control", transport=httpx.MockTransport(handle)))


def test_faults_are_injected_with_parameters_and_healed_by_name() -> None:
    seen: list[Any] = []
    port = control(seen)

    port.inject("reorg", depth=2)
    port.heal("reorg")

    assert seen == [("POST", "/faults/reorg", {"depth": 2}), ("DELETE", "/faults/reorg", None)]


def test_one_client_is_misled_and_told_the_truth_again() -> None:
    seen: list[Any] = []
    port = control(seen)

    port.mislead("helios-late", "few_signatures", fraction=0.6)
    port.enlighten("helios-late")

    assert seen == [
        ("POST", "/for/helios-late/faults/few_signatures", {"fraction": 0.6}),
        ("DELETE", "/for/helios-late/faults", None),
    ]


def test_active_faults_are_listed() -> None:
    answer = {"faults": [{"name": "stall", "active": True}, {"name": "reorg", "active": False}]}

    assert control([], answer=answer).active() == ["stall"]


def test_a_chain_of_the_past_is_moved_on_and_tells_how_far_it_is() -> None:
    seen: list[Any] = []
    port = control(seen, answer={"clock": "manual", "slot": 320, "processed_slot": 300, "head_slot": 299})

    port.advance(20)

    assert seen == [("POST", "/advance", {"slots": 20})]
    assert port.clock() == ManualClock(slot=320, processed=300)


def test_before_there_is_a_chain_no_slot_is_processed() -> None:
    answer = {"clock": "manual", "slot": 0, "processed_slot": None, "head_slot": None}

    assert control([], answer=answer).clock() == ManualClock(slot=0, processed=0)


def test_a_refusal_says_what_and_why() -> None:
    with pytest.raises(ControlRefused, match=r"refuses POST /faults/rorg: 404: .*no fault"):
        control([], 404, {"message": "there is no fault 'rorg'"}).inject("rorg")


def test_the_token_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    made: dict[str, Any] = {}

    @contextmanager
    def client(**options: Any) -> Any:
        made.update(options)
        yield None

    monkeypatch.setattr(httpx, "Client", client)
    with BeaconControl.at("127.0.0.1:1", "secret"):
        assert made["headers"] == {"Authorization": "Bearer secret"}
        assert made["base_url"] == "http://127.0.0.1:1"
