from __future__ import annotations

from typing import Any

from plumbline.components import parts
from plumbline.components.devnet import _written_genesis
from plumbline.components.parts import PARTS


def pod(identity: str, state: str = "running") -> dict[str, Any]:
    return {"status": {"containerStatuses": [{"name": "geth", "containerID": identity, "state": {state: {}}}]}}


def test_only_a_running_container_is_an_instance() -> None:
    assert parts._instance(pod("containerd://a"), "geth") == "containerd://a"
    assert parts._instance(pod("containerd://a", "terminated"), "geth") == ""
    assert parts._instance({}, "geth") == ""


def test_every_part_says_which_component_its_death_breaks() -> None:
    assert {part.breaks for part in PARTS.values()} == {"consensus", "execution", "ingress", "load-balancer"}
    assert all(name == part.name for name, part in PARTS.items())


def test_the_genesis_hash_is_read_from_the_json_log() -> None:
    log = '\n{"msg":"Writing custom genesis block"}\n{"msg":"Successfully wrote genesis state","hash":"0xab"}\nnoise'

    assert _written_genesis(log) == "0xab"
