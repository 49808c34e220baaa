"""The receiver in the cluster: what it keeps of what Alertmanager delivers, and how it lets others wait."""

from __future__ import annotations

import importlib.util
import json
import threading
import urllib.request
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from chartrender import CHARTS


@pytest.fixture(scope="module")
def program() -> ModuleType:
    file = CHARTS / "kube-prometheus-stack" / "files" / "receiver.py"
    spec = importlib.util.spec_from_file_location("receiver", file)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def address(program: ModuleType) -> Iterator[str]:
    server = program.server(0, program.Deliveries())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def ask(url: str, body: Any = None) -> Any:
    request = urllib.request.Request(url, None if body is None else json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def notification(*names: str) -> dict[str, Any]:
    """What Alertmanager posts."""
    return {"status": "firing", "alerts": [{"status": "firing", "labels": {"alertname": name}} for name in names]}


def test_every_alert_of_a_notification_is_kept_with_number_moment_and_receiver(address: str) -> None:
    ask(f"{address}/alerts/on-call", notification("One", "Two"))
    answer = ask(f"{address}/deliveries")

    assert answer["last"] == 2
    assert [each["number"] for each in answer["deliveries"]] == [1, 2]
    assert [each["labels"]["alertname"] for each in answer["deliveries"]] == ["One", "Two"]
    assert {each["receiver"] for each in answer["deliveries"]} == {"on-call"}
    assert all(each["at"] > 1_700_000_000 for each in answer["deliveries"])


def test_only_what_came_after_a_number_is_given_out(address: str) -> None:
    ask(f"{address}/alerts/a", notification("One", "Two", "Three"))

    assert [each["number"] for each in ask(f"{address}/deliveries?after=2")["deliveries"]] == [3]


def test_who_waits_is_told_when_it_comes(program: ModuleType) -> None:
    deliveries, heard, waiting = program.Deliveries(), [], threading.Event()

    def listen() -> None:
        waiting.set()
        heard.append(deliveries.after(0, 10))

    listener = threading.Thread(target=listen)
    listener.start()
    waiting.wait(5)
    deliveries.add("a", [{"labels": {"alertname": "One"}}], 1.0)
    listener.join(5)

    assert heard[0]["last"] == 1


def test_who_waits_in_vain_is_told_that_there_is_nothing(program: ModuleType) -> None:
    assert program.Deliveries().after(0, 0.01) == {"last": 0, "deliveries": []}


def test_a_number_of_another_life_is_answered_at_once(program: ModuleType) -> None:
    """The receiver was started again: who waited for number 8 would wait for long."""
    assert program.Deliveries().after(7, 10) == {"last": 0, "deliveries": []}


def test_an_unknown_path_is_refused(address: str) -> None:
    with pytest.raises(urllib.error.HTTPError, match="404"):
        ask(f"{address}/metrics")
    assert ask(f"{address}/healthz") == {}
