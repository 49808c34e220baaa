"""Nodes with a driver, on real loop devices and file systems, where the machine allows it."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from csitest import Node

sys.path.insert(0, str(Path(__file__).parent))  # csitest.py and dying.py


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in its own hook, and later marks are lost on it
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One worker for all drivers: one that looks for a free loop device has that of another open for a moment, and holds its pool."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.xdist_group("loop devices"))


@pytest.fixture(scope="session")
def fit_machine() -> None:
    """Skip, with what is missing, where no file system can be mounted."""
    from plumbline_csi.commands import CommandFailed, run
    from plumbline_csi.driver import check_machine
    from plumbline_csi.errors import StartError

    try:
        check_machine()
        if "xfs" not in Path("/proc/filesystems").read_text().split():
            run("modprobe", "xfs")
    except (StartError, CommandFailed) as reason:
        pytest.skip(f"real volumes cannot be tried here: {reason}")


@pytest.fixture(scope="session")
def node(fit_machine: None) -> Iterator["Node"]:
    """A node whose driver runs for all tests: they take names of their own and leave nothing mounted."""
    import csitest

    with csitest.fresh_folder() as folder:
        node = csitest.Node(folder, pool_gib=8)
        node.start()
        yield node
        assert node.stop() == 0
        assert csitest.left_below(folder) == ([], [])


@pytest.fixture
def new_node(fit_machine: None) -> Iterator[Callable[..., "Node"]]:
    """Makes nodes for one test, which may do with their drivers as it likes."""
    import csitest

    with ExitStack() as stack:
        made = []

        def make(**fields: object) -> csitest.Node:
            made.append(csitest.Node(stack.enter_context(csitest.fresh_folder()), **fields))
            return made[-1]

        yield make
        for node in made:
            if node.process and node.process.poll() is None:
                node.kill()
