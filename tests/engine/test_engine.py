"""Which engine is used, and what is said when none can be."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from plumbline.core.errors import EngineUnavailable, EngineUnprivileged, ToolMissing
from plumbline.images import engine
from plumbline.images.private_engine import EngineNotInstallable, PrivateEngine

EVERYBODYS = "unix:///var/run/docker.sock"


def test_a_running_docker_is_used_as_it_is(docker: Callable[..., None], private: PrivateEngine) -> None:
    docker(EVERYBODYS)

    assert engine.docker_env() == {}
    status = engine.ensure()
    assert (status.private, status.url, status.data) == (False, EVERYBODYS, Path("/data"))
    assert private.pid is None


def test_the_private_engine_is_used_where_no_other_answers(
    docker: Callable[..., None], dockerd: Callable[..., None], private: PrivateEngine
) -> None:
    docker(private.url)
    dockerd()

    status = engine.engine_up()

    assert engine.docker_env() == {"DOCKER_HOST": private.url}
    assert (status.private, status.pid) == (True, private.pid)
    assert str(status).startswith(f"private engine (process {status.pid}): Docker 26.1.5 at {private.url}")


def test_a_stopped_private_engine_is_forgotten(
    docker: Callable[..., None], dockerd: Callable[..., None], private: PrivateEngine
) -> None:
    docker(private.url)
    dockerd()
    engine.engine_up()

    assert engine.engine_down()
    with pytest.raises(EngineUnavailable, match=r"nothing listens there"):
        engine.docker_env()
    assert not engine.engine_down()


@pytest.mark.parametrize(
    ("refusal", "reason"),
    [
        ("permission denied while trying to connect to the Docker daemon socket at {}", "permission denied"),
        ("Cannot connect to the Docker daemon at {}. Is the docker daemon running?", "nothing listens there"),
        ("error during connect: tls: bad certificate", "error during connect: tls: bad certificate"),
    ],
)
def test_an_engine_that_does_not_answer_is_one_sentence_with_the_fix(
    docker: Callable[..., None], private: PrivateEngine, refusal: str, reason: str
) -> None:
    docker(refusal=refusal)

    with pytest.raises(EngineUnavailable) as failure:
        engine.engine_status()

    assert (
        str(failure.value) == f'no container engine answers at {EVERYBODYS} ({reason}): start it, or run "make engine"'
    )


def test_a_missing_client_says_where_to_get_one(programs: Path, private: PrivateEngine) -> None:
    with pytest.raises(ToolMissing, match="make engine"):
        engine.docker_env()


def test_a_missing_client_is_borrowed_from_the_private_engine(
    docker: Callable[..., None], dockerd: Callable[..., None], private: PrivateEngine, programs: Path
) -> None:
    docker(EVERYBODYS)
    dockerd()
    (private.programs / "usr" / "bin").mkdir()
    (programs / "docker").rename(private.programs / "usr" / "bin" / "docker")

    assert engine.docker_env()["PATH"].startswith(f"{private.programs}/usr/bin:")


def test_an_engine_without_privileges_is_told_by_its_own_words(
    docker: Callable[..., None], private: PrivateEngine
) -> None:
    docker(
        EVERYBODYS,
        run="docker: Error response from daemon: unable to apply caps: operation not permitted.\nSee 'docker run'.",
    )

    with pytest.raises(EngineUnprivileged, match=r"\(unable to apply caps: operation not permitted\)"):
        engine.require_privileged()


def test_an_engine_with_privileges_passes(docker: Callable[..., None], private: PrivateEngine) -> None:
    docker(EVERYBODYS)

    engine.require_privileged()


def test_a_stopped_docker_is_left_to_its_owner(
    docker: Callable[..., None], dockerd: Callable[..., None], private: PrivateEngine, programs: Path
) -> None:
    docker()
    dockerd()
    (programs / "dockerd").touch(mode=0o755)

    with pytest.raises(EngineUnavailable):
        engine.ensure()
    assert private.pid is None


def test_without_root_no_engine_is_set_up(
    docker: Callable[..., None], private: PrivateEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker()
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    with pytest.raises(EngineNotInstallable, match=r"needs root on Debian \(this is not root\): start Docker"):
        engine.ensure()


def test_a_bare_machine_gets_the_private_engine(
    docker: Callable[..., None], dockerd: Callable[..., None], private: PrivateEngine
) -> None:
    docker(private.url)
    dockerd()

    assert engine.ensure().private


@pytest.mark.parametrize(("clock", "off_s"), [(99.0, -1.0), (100.5, 0.0), (103.0, 2.0)])
def test_a_clock_is_off_by_what_its_answer_s_time_does_not_explain(clock: float, off_s: float) -> None:
    assert engine._off(clock, asked=100.0, answered=101.0) == off_s
