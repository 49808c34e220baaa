"""Pull mode, against a real registry on this machine: costs a second cluster, so it runs only where it is asked for (``-m pull``)."""

from __future__ import annotations

import dataclasses
import os
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from plumbline.core.errors import ChecksumMismatch, PlumblineError
from plumbline.images import credentials, docker, lock, population, pull, registry
from plumbline.images.builder import BRING_UP_TOOLS
from plumbline.images.distribution import ImageMissing, RegistryRefused, RegistryUnavailable
from plumbline.stack import Stack
from reports.evidence import attach

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.pull
GETH = "docker.io/ethereum/client-go"
NOBODY = "http://127.0.0.1:1"


@pytest.mark.control("CLU-004")
def test_a_stack_comes_up_from_pulled_images(elsewhere: Stack) -> None:
    """Preconditions: a registry with every image that was built, and nothing of it in the engine.
    Steps: bring the whole stack up in a cluster of its own by pulling from that registry; look at every container's image.
    Expected: all is ready, each image has its upstream name and the digest that the lock records, and the tools were pulled, too.
    """
    elsewhere.up()
    found = elsewhere.cluster.containers()
    attach("containers", "\n".join(f"{container.name}: {container.ref}" for container in found))
    elsewhere.steady()

    assert any(container.ref.startswith(GETH) for container in found)
    assert elsewhere.cluster.strangers(found) == []
    for tool in BRING_UP_TOOLS:
        assert (elsewhere.site.paths.bin / tool).readlink() == pull.program(elsewhere.site.paths, tool)
    assert pull.pulled(elsewhere.site.paths) == {
        entry.ref: entry.digest for entry in lock.load(elsewhere.site.paths.root) if not entry.optional
    }


@contextmanager
def _dead(stack: Stack, _: Path) -> Iterator[Stack]:
    site = stack.site
    yield Stack(dataclasses.replace(site, config=dataclasses.replace(site.config, registry_mirror=NOBODY)))


@contextmanager
def _missing(stack: Stack, registry: Path) -> Iterator[Stack]:
    (tags,) = registry.glob(f"**/{GETH}/_manifests/tags")
    lost = tags.rename(tags.with_name("lost"))
    yield stack
    lost.rename(tags)


@contextmanager
def _another(stack: Stack, _: Path) -> Iterator[Stack]:
    yield _recorded(stack, f'digest = "sha256:{"0" * 64}"')


@contextmanager
def _unpinned(stack: Stack, _: Path) -> Iterator[Stack]:
    yield _recorded(stack, "")


@contextmanager
def _unknown(stack: Stack, folder: Path) -> Iterator[Stack]:
    """Have Docker know nothing of the registry."""
    with _docker(folder / "nobody"):
        yield stack


@contextmanager
def _mistaken(stack: Stack, folder: Path) -> Iterator[Stack]:
    """Have Docker know a wrong password."""
    with _docker(folder / "mistaken") as docker_config:
        wrong = credentials.Login(registry.LOGIN.name, "another")
        credentials.kept(docker_config, str(stack.site.config.registry_mirror), wrong)
        yield stack


@contextmanager
def _docker(folder: Path) -> Iterator[Path]:
    """Have Docker keep what it knows in a folder of its own."""
    folder.mkdir(exist_ok=True)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("DOCKER_CONFIG", str(folder))
        yield folder


def _recorded(stack: Stack, line: str) -> Stack:
    """Have another line in the lock in place of Geth's digest."""
    file = stack.site.paths.root / lock.FILE
    known = lock.load(stack.site.paths.root).entries["geth"].digest
    file.write_text(file.read_text().replace(f'digest = "{known}"', line))
    lock.load.cache_clear()
    return stack


@contextmanager
def _damaged(stack: Stack, registry: Path) -> Iterator[Stack]:
    """Change a byte of Geth's layers behind the registry's back."""
    (links,) = registry.glob(f"**/{GETH}/_layers/sha256")
    names = [link.name for link in links.iterdir()]
    layer = max(
        (next(registry.glob(f"**/blobs/sha256/*/{name}/data")) for name in names), key=lambda f: f.stat().st_size
    )
    content = layer.read_bytes()
    layer.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    yield stack
    layer.write_bytes(content)


@pytest.mark.parametrize(
    ("spoilt", "error", "says"),
    [
        (_dead, RegistryUnavailable, f"the registry at {NOBODY} does not answer"),
        (_missing, ImageMissing, f"has no {GETH}:"),
        (_another, ChecksumMismatch, f"{GETH}:.* put the mirror right"),
        (_unpinned, pull.Unpinned, f"no digest of {GETH}:.*--allow-unpinned"),
        (_damaged, pull.PullFailed, "put the mirror right"),
        (_unknown, RegistryRefused, "answers 401 .*: have its name and password in"),
        (_mistaken, RegistryRefused, "answers 401 .*: put right its name and password in"),
    ],
    ids=["dead mirror", "missing image", "wrong digest", "no digest", "damaged layer", "unknown", "wrong password"],
)
def test_what_cannot_be_pulled_is_said_and_nothing_is_half_made(
    elsewhere: Stack,
    registry_folder: Path,
    spoilt: Callable[[Stack, Path], AbstractContextManager[Stack]],
    error: type[PlumblineError],
    says: str,
) -> None:
    """Preconditions: a registry, and nothing pulled in the engine.
    Steps: spoil one thing; bring the cluster up by pulling.
    Expected: one sentence says what is wrong and what to do; there is no cluster, no node image and no container of it.
    """
    with spoilt(elsewhere, registry_folder) as stack, pytest.raises(error, match=says) as failure:
        stack.up(["cluster"])

    assert failure.value.exit_code in (2, 3)
    assert "\n" not in str(failure.value)
    assert not stack.standing
    assert docker.run("image", "ls", "--quiet", pull.NODES).stdout == ""
    assert docker.run("ps", "--all", "--quiet", "--filter", f"name={population.CONTAINER}{os.getpid()}").stdout == ""
