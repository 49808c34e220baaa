"""What changed between two looks, and what a cluster occupies on the machine."""

from __future__ import annotations

import json
from base64 import b64encode
from contextlib import nullcontext
from types import SimpleNamespace

import pytest

from plumbline.components.node import belongings, control_plane
from plumbline.components.operation import inventory


def test_changes_are_what_came_went_and_became_another() -> None:
    before = {"Pod a/stays": "1", "Pod a/goes": "1", "release a/geth": "revision 1"}
    after = {"Pod a/stays": "1", "Pod a/comes": "1", "release a/geth": "revision 2"}

    assert inventory.changes(before, after) == [
        "Pod a/goes is gone",
        "Pod a/comes is new",
        "release a/geth changed: revision 1 -> revision 2",
    ]


def test_secrets_too_short_to_be_told_from_words_are_left_out() -> None:
    data = {"token": b64encode(b"hunter22hunter22").decode(), "user": b64encode(b"admin").decode()}
    secret = {"metadata": {"name": "web", "namespace": "ethereum"}, "data": data}

    found = inventory.secret_values(SimpleNamespace(objects=lambda *_: [secret]))  # type: ignore[arg-type]

    assert found == {"hunter22hunter22": "ethereum/web token"}


@pytest.mark.parametrize("kind", ["bootstrap.kubernetes.io/token", "helm.sh/release.v1"])
def test_what_is_no_secret_is_left_out(kind: str) -> None:
    data = {"tls.crt": b64encode(b"-----BEGIN CERTIFICATE-----\nMIIB").decode()}
    certificate = {"metadata": {"name": "tls", "namespace": "ethereum"}, "data": data}
    other = {"metadata": {"name": "x", "namespace": "y"}, "type": kind, "data": {"x": b64encode(b"0123456789abcdef")}}

    assert inventory.secret_values(SimpleNamespace(objects=lambda *_: [certificate, other])) == {}  # type: ignore[arg-type]


def test_loop_devices_are_read_as_losetup_lists_them() -> None:
    device = {"name": "/dev/loop1", "back-maj:min": "       7:0  ", "back-ino": 133, "maj:min": "  7:1  "}

    assert belongings.parse(json.dumps({"loopdevices": [device]})) == {"/dev/loop1": ("7:0", "133", "7:1")}


@pytest.mark.parametrize(("backing", "left"), [(("254:0", "11"), True), (("254:0", "12"), False), (None, False)])
def test_a_loop_device_that_another_cluster_has_taken_is_not_left_behind(
    backing: tuple[str, str] | None, left: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    attached = {"/dev/loop0": (*backing, "7:0")} if backing else {}
    monkeypatch.setattr(belongings, "_attached", lambda: attached)
    monkeypatch.setattr(belongings, "_FREED_WITHIN_S", 0.1)
    before = frozenset({belongings.Belonging("loop device", "/dev/loop0", "254:0 11")})

    with pytest.raises(belongings.LeftBehind, match="loop device /dev/loop0") if left else nullcontext():
        belongings.gone("c", before, {})


def test_health_is_read_part_by_part() -> None:
    told = "http://127.0.0.1:1/ 200 \nhttp://127.0.0.1:2/ 503 \nhttp://127.0.0.1:3/ 000 Failed to connect\n"

    assert control_plane.parse(told) == {
        "http://127.0.0.1:1/": "ok",
        "http://127.0.0.1:2/": "answers 503",
        "http://127.0.0.1:3/": "does not answer: Failed to connect",
    }
