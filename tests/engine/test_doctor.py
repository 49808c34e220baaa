"""The doctor: it looks at everything, and each finding ends with its fix."""

from __future__ import annotations

import dataclasses
import shutil
import socket
from collections import namedtuple
from pathlib import Path

import pytest

from plumbline import doctor
from plumbline.core import shell
from plumbline.core.config import Config
from plumbline.core.errors import DiskTooSmall, EngineUnavailable, EngineUnprivileged, ForeignCluster, Unfit
from plumbline.core.paths import Paths
from plumbline.images import engine

URL = "unix:///var/run/docker.sock"


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> doctor._Machine:
    """A machine that has all that is needed, and a running engine without images or containers."""
    status = engine.EngineStatus(False, URL, "26.1.5", tmp_path, "overlay2", "1", None)
    monkeypatch.setattr(engine, "engine_status", lambda: status)
    monkeypatch.setattr(engine, "require_privileged", lambda: None)
    monkeypatch.setattr(engine, "docker_env", dict)
    monkeypatch.setattr(doctor.machine, "kernel_options", lambda: dict.fromkeys(doctor.KERNEL, "y"))
    monkeypatch.setattr(doctor.machine, "controllers", lambda: doctor.CONTROLLERS)
    monkeypatch.setattr(doctor.Cluster, "claim", lambda _: False)
    answer(monkeypatch, stdout="")
    return doctor._Machine(Paths.of(), Config())


def answer(monkeypatch: pytest.MonkeyPatch, stdout: str) -> None:
    monkeypatch.setattr(shell, "run", lambda argv, **_: shell.Result(tuple(argv), 0, stdout, "", 0.0))


def refuse(error: Exception) -> None:
    raise error


def test_one_failure_does_not_hide_the_others(machine: doctor._Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "engine_status", lambda: refuse(EngineUnavailable(URL, "permission denied")))
    monkeypatch.setattr(engine, "require_privileged", lambda: refuse(EngineUnprivileged(URL, "no caps: none")))

    found = {check.name: check for check in doctor.checks(machine.paths)}

    assert found["engine"].detail == f"no container engine answers at {URL} (permission denied)"
    assert found["engine"].fix == 'start it, or run "make engine"'
    assert found["privileged"].fix.startswith("KinD needs them")
    assert found["python"].ok
    assert not found["disk"].ok


def test_require_raises_the_first_failure(machine: doctor._Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "require_privileged", lambda: refuse(EngineUnprivileged(URL, "no caps")))

    with pytest.raises(EngineUnprivileged):
        doctor.require(machine.paths)


def test_folders_on_one_disk_share_its_room(machine: doctor._Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(0, 0, 20 * doctor.GB))

    with pytest.raises(DiskTooSmall) as failure:
        machine.disk()
    assert failure.value.needed_bytes == 25 * doctor.GB

    answer(monkeypatch, stdout="sha256:1234")  # a node image is there
    assert machine.disk() == "20.0 GB free, 8.0 GB needed (warm)"


def test_a_cluster_of_our_name_that_is_not_ours(machine: doctor._Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    assert machine.cluster() == "none is named ethereum-cluster"

    foreign = ForeignCluster("ethereum-cluster", "was not made by this checkout", "use another name")
    monkeypatch.setattr(doctor.Cluster, "claim", lambda _: refuse(foreign))
    with pytest.raises(ForeignCluster, match="was not made by this checkout: use another name"):
        machine.cluster()

    monkeypatch.setattr(doctor.Cluster, "claim", lambda _: True)
    assert machine.cluster() == "ethereum-cluster stands and is ours"


@pytest.mark.parametrize("option", doctor.KERNEL)
def test_a_kernel_without_a_facility_is_told_with_its_purpose(
    machine: doctor._Machine, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    monkeypatch.setattr(doctor.machine, "kernel_options", lambda: {**dict.fromkeys(doctor.KERNEL, "m"), option: "n"})

    with pytest.raises(Unfit, match=f"has no {option}, needed for {doctor.KERNEL[option]}"):
        machine.kernel()


def test_a_kernel_that_does_not_tell_is_not_blamed(machine: doctor._Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.machine, "kernel_options", lambda: None)

    assert "could not be looked at" in machine.kernel()


def test_too_little_memory(machine: doctor._Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "MEMORY_BYTES", 10**18)

    with pytest.raises(Unfit, match="needed: use a machine with more memory"):
        machine.memory()


def test_a_kernel_without_a_cgroup_controller(machine: doctor._Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    assert machine.cgroups() == "cpu, cpuset, memory, pids"

    monkeypatch.setattr(doctor.machine, "controllers", lambda: {"cpu", "cpuset", "pids"})
    with pytest.raises(Unfit, match=r"no cgroup controller memory, .*: boot it with them"):
        machine.cgroups()


def test_a_clock_that_is_wrong(machine: doctor._Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "the same" in machine.clock()

    off = dataclasses.replace(engine.engine_status(), clock_off_s=-61.5)
    monkeypatch.setattr(engine, "engine_status", lambda: off)
    with pytest.raises(Unfit, match=r"the engine's clock is -61\.5 s off this machine's: set both clocks"):
        machine.clock()

    monkeypatch.setattr(doctor.time, "time", lambda: 0.0)
    with pytest.raises(Unfit, match="which is over: set the clock"):
        machine.clock()


def test_a_network_of_the_engine_that_is_elsewhere(machine: doctor._Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, stdout="127.0.0.1\n")
    assert machine.network() == "the engine's gateway 127.0.0.1 is this machine"

    answer(monkeypatch, stdout="192.0.2.1\n")  # TEST-NET-1, RFC 5737: nobody's
    assert "192.0.2.1) is not on this machine, as with Docker Desktop: the ingress is reached by" in machine.network()
    machine.config = dataclasses.replace(machine.config, reach="direct")
    with pytest.raises(
        Unfit, match=r"as with Docker Desktop, so the ingress cannot be reached at its address: leave --reach"
    ):
        machine.network()


def test_a_port_that_is_taken(machine: doctor._Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    assert machine.ports() == "none is asked for"

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr(doctor.Cluster, "host_ports", lambda _: {("127.0.0.1", port)})
        monkeypatch.setattr(doctor.Cluster, "standing", lambda _: False)
        with pytest.raises(Unfit, match=f"port {port} of 127.0.0.1 is taken: end what listens there"):
            machine.ports()

        monkeypatch.setattr(doctor.Cluster, "standing", lambda _: True)
        assert machine.ports() == "held by our cluster"


def test_how_images_are_had(machine: doctor._Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.docker, "has_image", lambda _: False)
    assert machine.images() == "build: no mirror is named (--registry-mirror)"

    machine.config = Config(images="pull", registry_mirror="http://127.0.0.1:1")
    with pytest.raises(Unfit, match=r"the registry at http://127\.0\.0\.1:1 does not answer"):
        machine.images()

    monkeypatch.setattr(doctor.docker, "has_image", lambda _: True)
    assert machine.images() == "the pulled node image is here"


def test_another_architecture_is_refused(machine: doctor._Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.paths = Paths(root=machine.paths.root, state=machine.paths.state / "other", cache=machine.paths.cache)
    monkeypatch.setattr("platform.machine", lambda: "aarch64")

    with pytest.raises(Unfit, match="images can be built on amd64 machines, this one is arm64: use one of those"):
        machine.architecture()


def test_each_further_node_needs_room(machine: doctor._Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    several = doctor._Machine(machine.paths, Config(nodes="multi"))
    monkeypatch.setattr(doctor, "MORE_MEMORY_BYTES", 10**18)

    assert machine.memory()
    with pytest.raises(Unfit, match="use a machine with more memory"):
        several.memory()


def test_the_table_shows_each_fix_below_its_finding() -> None:
    table = doctor.render(
        [
            doctor.Check("disk", ok=False, detail="1 GB free", fix="free some"),
            doctor.Check("python", ok=True, detail="3.13"),
        ]
    )

    assert table.splitlines() == [
        "NOT OK  disk   1 GB free",
        "               fix: free some",
        "ok      python 3.13",
    ]
