"""The control port: behind its token, precise about what it does not know."""

import pytest
from beacontest import HTTP, NodeProcess


@pytest.mark.parametrize("path", ["/faults", "/clock", "/nowhere"])
def test_nothing_is_told_without_the_token(node: NodeProcess, path: str) -> None:
    assert HTTP.get(f"http://127.0.0.1:{node.control_port}{path}").status_code == 401
    assert node.control("GET", path, token="token-of-somebody-else-012345").status_code == 401


def test_faults_are_listed_with_state_and_parameters(node: NodeProcess) -> None:
    node.control("POST", "/faults/low_participation", {"fraction": 0.9})
    listed = {fault["name"]: fault for fault in node.control("GET", "/faults").json()["faults"]}

    assert set(listed) == {
        "skip_slots",
        "withhold_attestations",
        "stall",
        "reorg",
        "bad_sync_signature",
        "wrong_finality_branch",
        "old_updates",
        "few_signatures",
        "low_participation",
    }
    assert listed["low_participation"]["active"] is True
    assert listed["low_participation"]["chosen"] == {"fraction": 0.9}
    assert listed["stall"]["active"] is False
    assert node.control("DELETE", "/faults/low_participation").json()["active"] is False


def test_a_fault_for_one_client_is_listed_with_it_only(node: NodeProcess) -> None:
    node.control("POST", "/for/helios/faults/few_signatures", {"fraction": 0.5})

    assert node.control("GET", "/for/helios/faults/few_signatures").json()["chosen"] == {"fraction": 0.5}
    assert node.control("GET", "/faults/few_signatures").json()["active"] is False
    assert node.control("DELETE", "/for/helios/faults").status_code == 200
    assert node.control("GET", "/for/helios/faults/few_signatures").json()["active"] is False


def test_an_active_fault_is_a_metric(node: NodeProcess) -> None:
    node.control("POST", "/faults/withhold_attestations")
    assert node.metric('plumbline_beacon_fault_active{fault="withhold_attestations"}') == 1


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_unknown_fault_is_answered_with_the_list(node: NodeProcess, method: str) -> None:
    answer = node.control(method, "/faults/gremlins")
    assert answer.status_code == 404
    assert "wrong_finality_branch" in answer.json()["message"]


@pytest.mark.parametrize(
    ("path", "body", "status", "message"),
    [
        ("/faults/reorg", {"depth": 99}, 400, "from 1 to 16"),
        ("/faults/stall", {"hard": True}, 400, "its parameters: none"),
        ("/faults/stall", [1], 400, "must be a JSON object"),
        ("/for/helios/faults/stall", {}, 400, "everybody sees it; meant for one client can be bad_sync_signature"),
        ("/advance", {}, 400, "either slots or epochs"),
        ("/advance", {"slots": 1, "epochs": 1}, 400, "either slots or epochs"),
        ("/advance", {"slots": -1}, 400, "not negative"),
        ("/advance", {"slots": 8, "stride": 9}, 400, "stride must be from 1 to 8"),
        ("/advance", {"minutes": 1}, 400, "unknown minutes"),
        ("/advance", {"epochs": 10**6}, 409, "past the present"),
    ],
)
def test_bad_orders_are_refused_with_a_reason(
    node: NodeProcess, path: str, body: object, status: int, message: str
) -> None:
    answer = node.control("POST", path, body)
    assert answer.status_code == status
    assert message in answer.json()["message"]


def test_what_is_no_json_is_refused(node: NodeProcess) -> None:
    url = f"http://127.0.0.1:{node.control_port}/faults/stall"
    headers = {"Authorization": "Bearer token-of-the-tests-0123456789"}
    assert HTTP.post(url, content=b"{", headers=headers).status_code == 400


def test_the_clock_is_told(node: NodeProcess) -> None:
    slot = node.advance(slots=1)
    assert node.clock() == {"clock": "manual", "slot": slot, "processed_slot": slot, "head_slot": slot}
