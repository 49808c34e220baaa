"""Pull mode: the node image is made of what a mirror has, each image demanded by the digest that the lock records.

The mirror keeps every image under its full upstream name, ``<mirror>/<upstream registry>/<repository>:<tag>``. Its copy of the
node's system becomes the base; the node's own containerd fetches the others by their upstream names. All digests are looked at
first, so that what is missing or wrong is said before anything is made.
"""

from __future__ import annotations

import shutil
import tarfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import IO

import zstandard

from plumbline.core import events, lease, shell, state
from plumbline.core.checksum import sha256_of
from plumbline.core.errors import ChecksumMismatch, ConfigError, Unfit
from plumbline.core.paths import Paths
from plumbline.images import docker, engine, lock, population, workshop
from plumbline.images.content import SHORT, key_of
from plumbline.images.credentials import Login
from plumbline.images.distribution import ImageMissing, Registry
from plumbline.images.lock import Entry
from plumbline.images.node import NAME as NODE
from plumbline.images.recipes import Recipe
from plumbline.images.tree import Tree
from plumbline.images.workshop import Workshop

Digests = Mapping[str, str]
TOOLS = "tools"
NODES, _BASES = "plumbline.local/pulled/node", "plumbline.local/pulled/node-base"
_AT_ONCE = 8
_LOCKED_WITHIN_S = 3600.0


class Unpinned(ConfigError):
    """Images are to be pulled whose digest nobody recorded."""

    def __init__(self, refs: list[str]) -> None:
        """Keep the images' names."""
        self.refs = refs
        more = f" and {len(refs) - 1} more" if len(refs) > 1 else ""
        super().__init__(
            f"the image lock records no digest of {refs[0]}{more}: record what the mirror has "
            '("plumbline images lock --registry-mirror URL"), or take it as it is (--allow-unpinned)'
        )


class PullFailed(Unfit):
    """The node's containerd could not fetch an image that the mirror has."""

    def __init__(self, mirror: str, said: str) -> None:
        """Keep the mirror's address and containerd's words."""
        self.mirror = mirror
        super().__init__(f"the images cannot be pulled from {mirror} ({said}): put the mirror right, or --images build")


def digests(paths: Paths, mirror: str) -> dict[str, str]:
    """Return the digests of the lock's images that a mirror has, by name and tag."""
    registry = Registry(mirror)
    entries = list(lock.load(paths.root))
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = pool.map(lambda entry: _digest(registry, entry), entries)
    return {entry.ref: digest for entry, digest in zip(entries, found, strict=True) if digest}


def resolve(paths: Paths, mirror: str, *, allow_unpinned: bool) -> dict[str, str]:
    """Return the digest of each image that is to be pulled, by name and tag.

    Raises:
        RegistryUnavailable, RegistryRefused: the mirror cannot be asked.
        ImageMissing: the mirror lacks one that the stack needs.
        ChecksumMismatch: the mirror has another one than the lock records.
        Unpinned: the lock records no digest, and that is not allowed.
    """
    found = digests(paths, mirror)
    entries = [entry for entry in lock.load(paths.root) if entry.ref in found or not entry.optional]
    for entry in entries:
        if entry.ref not in found:
            raise ImageMissing(mirror, entry.ref)
        if entry.digest and found[entry.ref] != entry.digest:
            fix = 'put the mirror right, or record its own ("plumbline images lock --registry-mirror URL")'
            raise ChecksumMismatch(f"{entry.ref} at {mirror}", entry.digest, found[entry.ref], fix)
    unpinned = [entry.ref for entry in entries if not entry.digest]
    if unpinned and not allow_unpinned:
        raise Unpinned(unpinned)
    return found


def node_image(paths: Paths, mirror: str, wanted: Digests) -> str:
    """Have a node image in the engine with all images that were resolved, and the programs of the bring-up; return its name."""
    engine.ensure()
    shop, registry = workshop.of(paths), Registry(mirror)
    with lease.exclusive(
        shop.store.path("build.lock"), "the image cache", within_s=_LOCKED_WITHIN_S, purpose="pulling images"
    ):
        shop.store.sweep()
        _have_programs(shop, registry, wanted)
        tag = _have_node(shop, registry, wanted)
    state.write_json(_record(paths), dict(wanted))
    return tag


def discard(*kept: str) -> None:
    """Remove pulled node images from the engine, except those to keep and those that a container still uses."""
    for repository in (NODES, _BASES):
        population.retire(repository, *kept)


def node_tag(paths: Paths) -> str:
    """Return the name of the pulled node image: that of the digests that the lock demands, else of those pulled last."""
    last = pulled(paths)
    entries = [entry for entry in lock.load(paths.root) if entry.ref in last or not entry.optional]
    return _tag(
        workshop.of(paths).recipes[NODE], {entry.ref: entry.digest or last.get(entry.ref, "") for entry in entries}
    )


def pulled(paths: Paths) -> Digests:
    """Return the digests of the images that the standing stack was pulled as, by name and tag; none where it was built."""
    return state.read_json(_record(paths)) or {}


def program(paths: Paths, name: str) -> Path | None:
    """Return a program of the bring-up that was pulled with the standing stack's images."""
    digest = pulled(paths).get(_ref(paths, TOOLS))
    file = _programs(paths, digest) / "bin" / name if digest else None
    return file if file and file.exists() else None


def forget(paths: Paths) -> None:
    """Forget what was pulled: the next stack is one that is built."""
    _record(paths).unlink(missing_ok=True)


def hosts(mirror: str, login: Login | None, refs: Digests) -> Tree:
    """Return the files that send containerd to the mirror for each registry (https://github.com/containerd/containerd/blob/main/docs/hosts.md)."""
    known = f'[header]\nauthorization = "{login.header}"\n' if login else ""
    tree = Tree()
    for registry in {ref.partition("/")[0] for ref in refs}:
        where = f'server = "{mirror.rstrip("/")}/v2/{registry}"\n'
        text = f'{where}capabilities = ["pull", "resolve"]\noverride_path = true\n{known}'
        tree.add(f"/{registry}/hosts.toml", text.encode())
    return tree


def _digest(registry: Registry, entry: Entry) -> str:
    try:
        return registry.manifest(entry.ref).digest
    except ImageMissing:
        return ""


def _have_programs(shop: Workshop, registry: Registry, wanted: Digests) -> None:
    """Have the programs of the bring-up in the cache."""
    ref = _ref(shop.paths, TOOLS)
    folder = _programs(shop.paths, wanted[ref])
    if folder.is_dir():
        return
    with events.phase("images", "pull the tools"), shop.store.scratch() as scratch, shop.store.making(folder) as made:
        made.mkdir()
        for layer in _layers(registry, ref, wanted, scratch):
            with tarfile.open(fileobj=layer, mode="r|") as tar:
                tar.extractall(made, filter="data")


def _have_node(shop: Workshop, registry: Registry, wanted: Digests) -> str:
    """Have the node image in the engine, and return its name."""
    recipe, system = shop.recipes[NODE], _ref(shop.paths, NODE)
    tag, base = _tag(recipe, wanted), f"{_BASES}:{_short(wanted[system])}"
    if not docker.has_image(tag):
        if not docker.has_image(base):
            with events.phase("images", "pull the node's system"), shop.store.scratch() as scratch:
                for layer in _layers(registry, system, wanted, scratch):  # one: the node's file system
                    unpack = partial(shutil.copyfileobj, layer)
                    docker.feed(["import", "-", base], unpack, within_s=population.WITHIN_S)
        with events.phase("images", "pull the images inside"):
            inside = {ref: wanted[ref] for ref in wanted if ref not in (system, _ref(shop.paths, TOOLS))}
            _populate(recipe, base, tag, registry, inside)
    discard(tag, base)
    return tag


def _layers(registry: Registry, ref: str, wanted: Digests, scratch: Path) -> Iterator[IO[bytes]]:
    """Yield the layers of an image of ours as tar files, lowest first, each held to its digest."""
    manifest = registry.manifest(ref)
    if manifest.digest != wanted[ref]:
        raise ChecksumMismatch(ref, wanted[ref], manifest.digest)
    for layer in manifest.document["layers"]:
        packed = scratch / layer["digest"]
        with packed.open("wb") as file:
            registry.fetch(ref.rpartition(":")[0], layer["digest"], file)
        with packed.open("rb") as file:
            yield zstandard.ZstdDecompressor().stream_reader(file)


def _populate(recipe: Recipe, base: str, tag: str, mirror: Registry, inside: Digests) -> None:
    """Have the node's containerd fetch the images; it is on the machine's own network, where the mirror was just asked."""

    def send_hosts(out: IO[bytes]) -> None:
        with tarfile.open(fileobj=out, mode="w|") as tar:
            hosts(mirror.url, mirror.login, inside).write(tar)

    names = [f"{ref}@{digest}" for ref, digest in sorted(inside.items())]
    try:
        population.populate(recipe, base, tag, tag, send_hosts, fetched=names, network="host")
    except shell.CommandFailed as failure:
        said = [line for line in failure.result.stderr.splitlines() if line.startswith("ctr: ")]
        if not said:
            raise
        raise PullFailed(mirror.url, said[0].removeprefix("ctr: ")) from failure


def _tag(recipe: Recipe, wanted: Digests) -> str:
    script = sha256_of(recipe.folder / population.SCRIPT)
    key = key_of("pulled-1", recipe.settings(), recipe.node, script, sorted(wanted.items()))
    return f"{NODES}:{str(recipe.ref).rpartition(':')[2]}-{key[:SHORT]}"


def _short(digest: str) -> str:
    return digest.partition(":")[2][:SHORT]


def _ref(paths: Paths, name: str) -> str:
    return lock.load(paths.root).entries[name].ref


def _programs(paths: Paths, digest: str) -> Path:
    return workshop.of(paths).store.path("bin", f"pulled-{_short(digest)}")


def _record(paths: Paths) -> Path:
    return paths.state / "images" / "pulled.json"
