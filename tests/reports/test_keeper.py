"""Who keeps results of a harness that runs by itself: whole runs only, over restarts, and for Prometheus."""

import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from reports import keeper
from reports.model import Control, Run


def run(*controls: Control, exit_code: int = 0) -> dict:
    facts = {"name": "r", "started": "2026-11-27T12:00:00+00:00", "seconds": 60.0, "environment": {}, "tests": ()}
    return Run(**facts, exit_code=exit_code, controls=controls).as_json()


PROVED, LEFT = Control("EXE-001", "ids", "proved"), Control("EXE-001", "ids", "not run")
FAILED = Control("EXE-001", "ids", "failed")


def verdict(text: str) -> str:
    """The verdict on the one control that metrics tell of."""
    (line,) = [
        each for each in text.splitlines() if each.startswith("plumbline_control_verdict") and each.endswith(" 1")
    ]
    return line.partition('verdict="')[2].partition('"')[0]


@pytest.fixture
def client(tmp_path: Path) -> Iterator[httpx.Client]:
    """One that asks a keeper over ``tmp_path``."""
    with keeper.server(tmp_path, 0, "127.0.0.1") as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        with httpx.Client(base_url=f"http://127.0.0.1:{server.server_port}", trust_env=False) as asking:
            yield asking
        server.shutdown()
        thread.join()


def test_before_the_first_run_there_is_nothing(client: httpx.Client):
    assert client.get("/metrics").text == "# EOF\n"


def test_a_run_counts_when_its_last_share_is_there(client: httpx.Client):
    assert client.put("/runs/nightly-1/1/2", json=run(LEFT)).status_code == 200
    assert client.get("/metrics").text == "# EOF\n"

    client.put("/runs/nightly-1/0/2", json=run(FAILED, exit_code=1))
    assert verdict(client.get("/metrics").text) == "failed"
    assert 'plumbline_run_info{run="nightly-1"} 1' in client.get("/metrics").text


def test_a_run_that_never_became_whole_leaves_nothing_once_another_did(client: httpx.Client, tmp_path: Path):
    client.put("/runs/nightly-1/0/2", json=run(FAILED))
    client.put("/runs/nightly-2/0/1", json=run(PROVED))

    assert verdict(client.get("/metrics").text) == "proved"
    assert {file.name for file in tmp_path.iterdir()} == {"metrics.prom", "results.json"}


def test_a_share_that_is_tried_again_counts_once(client: httpx.Client):
    for found in (FAILED, PROVED):
        client.put("/runs/nightly-1/0/2", json=run(found))
    client.put("/runs/nightly-1/1/2", json=run(LEFT))

    assert verdict(client.get("/metrics").text) == "proved"


def test_what_was_kept_outlasts_a_restart(client: httpx.Client, tmp_path: Path):
    client.put("/runs/nightly-1/0/1", json=run(PROVED))

    assert verdict(keeper.Keeper(tmp_path).metrics()) == "proved"


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/runs/nightly-1/2/2", run(PROVED), 404),
        ("/runs/../1/0/1", run(PROVED), 404),
        ("/metrics", run(PROVED), 404),
        ("/runs/nightly-1/0/1", {"controls": []}, 400),
        ("/runs/nightly-1/0/1", [], 400),
    ],
)
def test_what_is_no_share_of_a_run_is_refused(client: httpx.Client, path: str, body: object, status: int):
    assert client.put(path, json=body).status_code == status
    assert client.get("/metrics").text == "# EOF\n"


def test_what_is_too_large_is_refused(client: httpx.Client, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(keeper, "_LARGEST_BYTES", 10)

    assert client.put("/runs/nightly-1/0/1", json=run(PROVED)).status_code == 413


def test_nothing_else_is_shown(client: httpx.Client):
    assert client.get("/results.json").status_code == 404
