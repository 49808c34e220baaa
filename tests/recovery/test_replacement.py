"""What a container said when it failed on a copy, and what that means."""

from __future__ import annotations

import pytest

from plumbline.components.recovery.replacement import _failed, _refusal, _running, _without_image, meaning, refused
from plumbline.kube.api import Object


@pytest.mark.parametrize(
    ("container", "said", "code", "means"),
    [
        (
            "geth",
            "INFO Opened\nFatal: Failed to open database: write /data/x: no space left on device",
            3,
            "its volume is full (Fatal: Failed to open database: write /data/x: no space left on device): restore it with a larger",
        ),
        (
            "repair",
            "INFO Opened\nERROR[11-27] Low disk space. Gracefully shutting down Geth available=17.92MiB path=/data/geth",
            3,
            "its volume is full (ERROR[11-27] Low disk space.",
        ),
        (
            "verify-state",
            'ERROR[11-27] Failed to verify state root=0x1 err="state root hash mismatch: got 2, want 1"',
            1,
            "its state is damaged (ERROR[11-27] Failed to verify state",
        ),
        (
            "repair",
            "INFO [11-27] Opened\npanic: pebble: not a table\n\ngoroutine 1 [running]:\n\tpebble/table_stats.go:55 +0xc9",
            1,
            "Geth (repair) cannot read it (panic: pebble: not a table)",
        ),
        (
            "verify-state",
            'INFO [11-27] Smartcard socket not found, disabling    err="no such file"\nhead does not match snapshot',
            1,
            "Geth (verify-state) cannot read it (head does not match snapshot)",
        ),
        ("repair", "Fatal: pebble: corruption", 1, "Geth (repair) cannot read it (Fatal: pebble: corruption)"),
        ("geth", "", 1, "(it said nothing)"),
    ],
)
def test_the_last_words_of_a_container_become_one_sentence(container: str, said: str, code: int, means: str) -> None:
    error = meaning("nightly", container, said)

    assert means in str(error)
    assert "\n" not in str(error)
    assert error.exit_code == code


def status(**kinds: list[Object]) -> Object:
    return {"status": kinds}


def ended(name: str, code: int, state: str = "state") -> Object:
    return {"name": name, state: {"terminated": {"exitCode": code}}}


def test_a_container_that_ended_badly_is_named() -> None:
    assert _failed({}) == ""
    assert _failed(status(initContainerStatuses=[ended("genesis", 0)])) == ""
    assert _failed(status(initContainerStatuses=[ended("verify-state", 1)])) == "verify-state"
    assert _failed(status(containerStatuses=[ended("geth", 2, "lastState")])) == "geth"


def test_a_container_without_an_image_has_failed() -> None:
    waiting = {"name": "geth", "state": {"waiting": {"reason": "ErrImagePull", "message": "no such host"}}}
    creating = {"name": "geth", "state": {"waiting": {"reason": "PodInitializing"}}}

    assert _failed(status(containerStatuses=[waiting])) == "geth"
    assert _without_image(status(containerStatuses=[waiting]), "geth") == "no such host"
    assert _failed(status(containerStatuses=[creating])) == ""


def test_a_node_runs_when_its_own_process_answers() -> None:
    started = {"name": "geth", "started": True}

    assert _running(status(containerStatuses=[started, {"name": "readiness", "started": False}]))
    assert not _running(
        status(containerStatuses=[{"name": "geth", "started": False}, {"name": "readiness", "started": True}])
    )
    assert not _running({})


def test_a_refused_volume_says_why() -> None:
    claim = {"metadata": {"uid": "1"}}
    events = [
        {"involvedObject": {"uid": uid}, "message": message}
        for uid, message in [
            ("2", "code = ResourceExhausted desc = not ours"),
            ("1", "waiting for first consumer"),
            ("1", "code = Unavailable desc = try again"),
            ("1", "code = ResourceExhausted desc = the pool is full"),
        ]
    ]

    assert _refusal(events, claim) == "code = ResourceExhausted desc = the pool is full"
    assert _refusal(events[:3], claim) == ""
    assert _refusal(events, {}) == ""


@pytest.mark.parametrize(("code", "exit_code"), [("ResourceExhausted", 3), ("OutOfRange", 1)])
def test_a_full_pool_is_told_from_a_wrong_size(code: str, exit_code: int) -> None:
    error = refused("nightly", f"code = {code} desc = no")

    assert error.exit_code == exit_code
    assert ("make the pool larger" in str(error)) == (code == "ResourceExhausted")
