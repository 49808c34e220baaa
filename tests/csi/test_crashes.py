"""SIGKILL before every single side effect of every operation: nothing is leaked, nothing lost, and a retry succeeds.

No socket here: the services are called in a child process that dies just before its Nth side effect (dying.py), for N
from one until the operation ends by itself. The parent is the next start of the driver.
"""

import multiprocessing
import os
import sys
from collections.abc import Iterator
from multiprocessing import forkserver
from pathlib import Path

import csitest
import pytest
from plumbline_csi import loop
from world import CONTENT, COPY, OPERATIONS, SOURCE, World, die_during


@pytest.fixture(scope="module")
def folder(fit_machine: None) -> Iterator[Path]:
    with csitest.fresh_folder() as folder:
        yield folder
        World(folder).storage.pool.close()
        assert csitest.left_below(folder) == ([], [])


@pytest.fixture(scope="module")
def children() -> multiprocessing.context.BaseContext:
    """Children forked from a server that has imported everything and has no threads."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["world"])
    with pytest.MonkeyPatch.context() as patch:  # the server imports before it is told the path
        patch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
        forkserver.ensure_running()
    return context


@pytest.mark.parametrize("name", OPERATIONS)
def test_killed_before_each_step(folder: Path, children: multiprocessing.context.BaseContext, name: str) -> None:
    prepare, operation = OPERATIONS[name]
    steps = 0
    finished = False
    while not finished:
        prepare(World(folder))
        child = children.Process(target=die_during, args=(folder, name, steps + 1))
        child.start()
        child.join(30)
        finished = child.exitcode == 0
        steps += not finished

        world = World(folder)
        world.check()
        operation(world)
        world.check()
        if Path(world.stage_path, "file").exists():
            assert Path(world.stage_path, "file").read_bytes() == CONTENT
        if world.storage.volumes.get(COPY):
            world.unpublish()
            world.unstage()
            world.stage(COPY)
            assert Path(world.stage_path, "file").read_bytes() == CONTENT
            world.unstage(COPY)
        world.wipe()
        assert not list(world.storage.volumes.all())
        assert not loop.find(world.storage.volumes.image(SOURCE))
    print(f"{name}: {steps} steps")
    assert steps >= 2
