"""What is not as it should be is said in one line with the fix, with the right exit code, and nothing is touched."""

from __future__ import annotations

import json
import shutil
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from plumbline import cli, doctor

Refused = Callable[..., str]
NOBODY = "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?"


def remembered(checkout: Path, **record: Any) -> None:
    (checkout / ".plumbline").mkdir(exist_ok=True)
    (checkout / ".plumbline" / "cluster.json").write_text(json.dumps(record))


# -- the engine -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["up", "engine status"])
def test_no_engine(command: str, checkout: Path, docker: Any, refused: Refused) -> None:
    docker.answer(info=(1, "", NOBODY))

    said = refused(*command.split(), code=3)

    assert said.endswith('unix:///var/run/docker.sock (nothing listens there): start it, or run "make engine"')


def test_an_engine_that_is_named_is_not_replaced(
    checkout: Path, docker: Any, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent.sock")
    docker.answer(info=(1, "", NOBODY))

    said = refused("up", code=3)

    assert said.startswith("no container engine answers at unix:///nonexistent.sock (nothing listens there)")
    assert said.endswith("unset DOCKER_HOST and DOCKER_CONTEXT")


def test_an_engine_without_privileges(checkout: Path, docker: Any, refused: Refused) -> None:
    refusal = "docker: Error response from daemon: privileged mode is incompatible\nwith user namespaces.\nSee 'docker run --help'."
    docker.answer(run=(125, "", refusal))

    said = refused("up", code=3)

    assert (
        "refuses privileged containers (privileged mode is incompatible with user namespaces): KinD needs them" in said
    )


def test_too_small_a_disk(checkout: Path, docker: Any, refused: Refused, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "CACHE_BYTES", {"cold": 15 * doctor.GB, "warm": 3 * doctor.GB})
    monkeypatch.setattr(shutil, "disk_usage", lambda _: namedtuple("usage", "total used free")(0, 0, doctor.GB))

    assert "1.0 GB free at" in (said := refused("up", code=3))
    assert said.endswith("point PLUMBLINE_CACHE at a larger disk")


# -- a cluster of others ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["up", "down", "plan"])
def test_a_cluster_of_others_is_not_touched(command: str, checkout: Path, docker: Any, refused: Refused) -> None:
    said = refused(command, "--target", "existing", code=2)

    assert said.startswith("--target existing is only read: pytest suites --target existing judges it")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("propose --context a --kubeconfig none", "none cannot be read (No such file or directory): name a kubeconfig"),
        ("check --context a --kubeconfig none --map map.toml", "none cannot be read (No such file or directory)"),
        ("propose --context a --kubeconfig README.md", "README.md is no kubeconfig: name one"),
        ("propose --context a --kubeconfig theirs.yaml", "theirs.yaml has no context a: choose one of theirs"),
        ("check --context a --kubeconfig none", "the following arguments are required: --map"),
        ("propose", "the following arguments are required: --context, --kubeconfig"),
        ("", "the following arguments are required: ACTION"),
    ],
)
def test_who_reads_must_say_what(words: str, says: str, checkout: Path, docker: Any, refused: Refused) -> None:
    (checkout / "theirs.yaml").write_text("contexts: [{name: theirs}]\n")

    assert says in refused("existing", *words.split(), code=2)


# -- configuration --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('netwrok = "devnet"', 'plumbline.toml has an unknown key "netwrok"; did you mean "network"?'),
        ('network = "goerli"', "choose one of devnet, sepolia, mainnet"),
        ("network = devnet", "plumbline.toml is not valid TOML"),
        ('keep = "yes"', "keep = 'yes' is not possible; choose true or false"),
        ("beacon_api = 5", "beacon_api = 5 is not possible; it is a text"),
        ('cluster_name = "A b"', "it is at most 49 of a-z, 0-9 and -"),
        ("\0", "plumbline.toml is not valid TOML"),
    ],
)
def test_a_wrong_plumbline_toml(text: str, says: str, checkout: Path, docker: Any, refused: Refused) -> None:
    (checkout / "plumbline.toml").write_text(text)

    assert says in refused("up", code=2)
    assert not docker.asked


def test_wrong_files_of_the_checkout(checkout: Path, docker: Any, refused: Refused) -> None:
    local = checkout / "local"
    genuine = local.resolve()
    local.unlink()
    local.mkdir()
    for path in genuine.iterdir():
        (local / path.name).symlink_to(path)
    (local / "kind-config.yaml").unlink()
    (local / "kind-config.yaml").write_text("nodes: [")

    assert refused("up", "cluster", code=2).startswith("local/kind-config.yaml is not valid YAML: ")
    assert not docker.removed


# -- whose cluster it is --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["up", "up --fresh", "down", "summary", "query", "logs geth"])
@pytest.mark.parametrize(
    "record",
    [
        {},
        {"name": "ethereum-cluster", "phase": "standing", "containers": ["another"], "owner": "me"},
        {"name": "ethereum-cluster", "phase": "creating", "owner": "me"},
        {"name": "of-another-name", "phase": "creating", "owner": "somebody"},
    ],
    ids=["nothing known", "another one known", "one was being made", "one of another name was being made"],
)
def test_a_cluster_that_is_not_ours_is_left_alone(
    command: str, record: dict[str, Any], checkout: Path, docker: Any, refused: Refused
) -> None:
    if record:
        remembered(checkout, **record)
    docker.stands("1234", "/etc/plumbline-somebody")

    said = refused(*command.split(), code=2 if record.get("name") == "of-another-name" else 3)

    assert "was not made by this checkout: use another name (--cluster-name)" in said or "of this checkout is" in said
    assert not docker.removed


def test_a_checkout_has_one_cluster(checkout: Path, docker: Any, refused: Refused) -> None:
    remembered(checkout, name="mine", phase="standing", containers=["1234"])
    docker.stands("1234")

    said = refused("down", code=2)

    assert said.endswith("name it (--cluster-name mine), or destroy it first (make destroy CLUSTER_NAME=mine)")
    assert (checkout / ".plumbline" / "cluster.json").exists()


def test_what_a_killed_creation_left_is_no_obstacle(checkout: Path, docker: Any) -> None:
    remembered(checkout, name="ethereum-cluster", phase="creating", owner="me")
    folder = checkout / ".plumbline"
    (folder / "credentials").mkdir()
    for name in ("kubeconfig.lock", ".stack.json.cut-short", "credentials/tmpkey"):
        (folder / name).touch()

    assert cli.main(["down"]) == 0

    assert sorted(file.name for file in folder.iterdir()) == ["stack.holders", "stack.lock"]


# -- nothing stands -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["summary", "query", "logs geth"])
@pytest.mark.parametrize("info", [(0, "", ""), (1, "", NOBODY)], ids=["engine", "no engine"])
def test_no_stack_to_look_at(
    command: str, info: tuple[int, str, str], checkout: Path, docker: Any, refused: Refused
) -> None:
    if info[0]:
        docker.answer(info=info)

    assert refused(*command.split(), code=3).endswith('bring it up with "make all-local"')


@pytest.mark.parametrize("info", [(0, "", ""), (1, "", NOBODY)], ids=["engine", "no engine"])
def test_destroying_nothing_is_as_good(
    info: tuple[int, str, str], checkout: Path, docker: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    from plumbline import cli

    if info[0]:
        docker.answer(info=info)

    assert cli.main(["down"]) == cli.main(["down"]) == 0
    assert capsys.readouterr().out == "no stack of this checkout stands: nothing to do\n" * 2


def test_destroying_without_its_engine_forgets_nothing(checkout: Path, docker: Any, refused: Refused) -> None:
    remembered(checkout, name="ethereum-cluster", phase="standing", containers=["1234"])
    docker.answer(info=(1, "", NOBODY))

    assert "nothing listens there" in refused("down", code=3)
    assert (checkout / ".plumbline" / "cluster.json").exists()


# -- charts ---------------------------------------------------------------------------------------------------------------

SCHEMA = """Error: UPGRADE FAILED: values don't meet the specifications of the schema(s) in the following chart(s):
geth-node:
- at '/replicas': got string, want integer
- at '': additional properties 'nosuchkey' not allowed
"""


@pytest.mark.parametrize(
    ("said", "code", "says"),
    [
        (
            SCHEMA,
            2,
            "values.local.yaml is refused: at '/replicas': got string, want integer; at the top: additional prop",
        ),
        (
            "Error: failed to parse /x/values.local.yaml: yaml: line 3: bad\n",
            2,
            "cannot be read: yaml: line 3: bad; put it",
        ),
        (
            "Error: open /x/values.local.yaml: no such file or directory\n",
            2,
            "charts/geth-node/values.local.yaml is not there",
        ),
        (
            "W0101 warned\nError: forbidden:\n  no such namespace\n",
            4,
            "install geth: Error: forbidden: | no such namespace",
        ),
    ],
)
def test_what_helm_refuses(said: str, code: int, says: str, tmp_path: Path) -> None:
    from plumbline.core.errors import PlumblineError
    from plumbline.kube.api import Kube
    from plumbline.kube.helm import Helm

    helm = tmp_path / "helm"
    helm.write_text(f"#!/bin/sh\ncat >&2 <<'END'\n{said}END\nexit 1\n")
    helm.chmod(0o755)

    with pytest.raises(PlumblineError) as refusal:
        Helm(Kube(tmp_path / "kubeconfig", "x", tmp_path), tmp_path, tmp_path).upgrade(
            "geth", "geth-node", "ethereum", "values.local.yaml", {}
        )

    assert refusal.value.exit_code == code
    assert says in str(refusal.value)
    assert "\n" not in str(refusal.value)
