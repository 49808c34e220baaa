from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from plumbline.components.devnet import _written_genesis
from plumbline.components.operation import parts
from plumbline.components.operation.parts import PARTS


def pod(identity: str, state: str = "running") -> dict[str, Any]:
    return {"status": {"containerStatuses": [{"name": "geth", "containerID": identity, "state": {state: {}}}]}}


def test_only_a_running_container_is_an_instance() -> None:
    assert parts._instance(pod("containerd://a"), "geth") == "containerd://a"
    assert parts._instance(pod("containerd://a", "terminated"), "geth") == ""
    assert parts._instance({}, "geth") == ""


@pytest.mark.parametrize(("after", "healthy"), [(("a", "b"), False), (("a", ""), False), (("a", "c"), True)])
def test_only_a_new_instance_is_one_that_was_started_again(after: tuple[str, str], healthy: bool) -> None:
    """Where each node has such a pod, the others were never away."""
    judges: list[Any] = []
    site = SimpleNamespace(kube=SimpleNamespace(watch=lambda _kind, _namespace, judge, **_: judges.append(judge)))
    pods = {str(number): pod(identity) for number, identity in enumerate(after)}
    for each in pods.values():
        each["status"]["conditions"] = [{"type": "Ready", "status": "True"}]

    PARTS["geth-0"]._started_again(site, {"a", "b"})  # type: ignore[arg-type]

    assert judges[0](pods).ok is healthy


def test_every_part_says_which_component_its_death_breaks() -> None:
    assert {part.breaks for part in PARTS.values()} == {
        *("consensus", "execution", "ingress", "light-client", "load-balancer"),
    }
    assert all(name == part.name for name, part in PARTS.items())


def test_the_genesis_hash_is_read_from_the_json_log() -> None:
    log = '\n{"msg":"Writing custom genesis block"}\n{"msg":"Successfully wrote genesis state","hash":"0xab"}\nnoise'

    assert _written_genesis(log) == "0xab"
