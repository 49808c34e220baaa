"""Pull mode: everything is demanded before anything is made, and ``auto`` decides in time."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from stub_registry import StubRegistry

from plumbline.core import events, state
from plumbline.core.config import Config
from plumbline.core.errors import ChecksumMismatch
from plumbline.core.paths import Paths
from plumbline.images import builder, lock, pull, supply, tools
from plumbline.images.distribution import ImageMissing, RegistryUnavailable

GETH = "docker.io/ethereum/client-go:v1.17.10"
GRAFANA = "docker.io/grafana/grafana:13.1.0"
DEAD = "http://127.0.0.1:1"


@pytest.fixture
def paths(checkout: Path, tmp_path: Path) -> Paths:
    """A checkout of its own, so that its lock can be changed."""
    return Paths(root=checkout, state=tmp_path / "state", cache=tmp_path / "cache")


@pytest.fixture
def mirror(stub: StubRegistry, paths: Paths) -> StubRegistry:
    """A registry that has all that can be built."""
    for entry in lock.load(paths.root):
        if entry.recipe:
            stub.has(entry.ref, entry.ref.encode().join((b'{"layers": ["', b'"]}')))
    return stub


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch, paths: Paths) -> list[str]:
    """What was made of images, instead of making it."""
    done: list[str] = []

    def build(_: Paths) -> builder.Built:
        done.append("built")
        return builder.Built("built", {}, {})

    def pulled(_: Paths, url: str, wanted: pull.Digests) -> str:
        done.append(f"pulled {len(wanted)} from {url}")
        state.write_json(paths.state / "images" / "pulled.json", dict(wanted))
        return pull.node_tag(paths)

    monkeypatch.setattr(builder, "build", build)
    monkeypatch.setattr(pull, "node_image", pulled)
    monkeypatch.setattr(tools, "ensure", lambda *_: None)
    return done


def record(paths: Paths, digests: dict[str, str]) -> None:
    """Have the lock record digests, as ``plumbline images lock`` does."""
    from plumbline.images import workshop

    text = lock.renewed(lock.load(paths.root), workshop.of(paths), digests)
    (paths.root / lock.FILE).write_text(text)
    lock.load.cache_clear()


def said(paths: Paths, config: Config) -> list[str]:
    """Have the node image, and return what was told on the way."""
    told: list[str] = []
    stop = events.subscribe(lambda event: told.append(event.get("text", "")))
    try:
        supply.node_image(paths, config)
    finally:
        stop()
    return told


def test_the_lock_s_digests_are_demanded(mirror: StubRegistry, paths: Paths) -> None:
    found = pull.digests(paths, mirror.url)
    record(paths, found)

    assert pull.resolve(paths, mirror.url, allow_unpinned=False) == found
    assert found[GETH].startswith("sha256:")

    mirror.has(GETH, b'{"layers": ["other"]}')
    with pytest.raises(ChecksumMismatch, match=f"{GETH} at {mirror.url} has checksum .*: put the mirror right"):
        pull.resolve(paths, mirror.url, allow_unpinned=True)


def test_without_digests_a_pull_is_refused_unless_that_is_allowed(mirror: StubRegistry, paths: Paths) -> None:
    with pytest.raises(pull.Unpinned, match=r"no digest of .* and \d+ more: record .* \(--allow-unpinned\)") as refusal:
        pull.resolve(paths, mirror.url, allow_unpinned=False)

    assert GETH in refusal.value.refs
    assert GETH in pull.resolve(paths, mirror.url, allow_unpinned=True)


def test_an_image_that_the_stack_needs_must_be_there(mirror: StubRegistry, paths: Paths) -> None:
    del mirror.manifests["docker.io/ethereum/client-go", "v1.17.10"]

    with pytest.raises(ImageMissing, match=f"has no {GETH}"):
        pull.resolve(paths, mirror.url, allow_unpinned=True)


def test_an_optional_image_is_pulled_where_it_can_be(mirror: StubRegistry, paths: Paths) -> None:
    assert GRAFANA not in pull.resolve(paths, mirror.url, allow_unpinned=True)

    mirror.has(GRAFANA)
    assert GRAFANA in pull.resolve(paths, mirror.url, allow_unpinned=True)


def test_containerd_is_sent_to_the_mirror_for_each_registry() -> None:
    tree = pull.hosts("http://10.0.0.1:5000/", None, {GETH: "", "registry.k8s.io/pause:3.10": ""})

    assert sorted(tree.entries) == ["docker.io/hosts.toml", "registry.k8s.io/hosts.toml"]
    assert tree.entries["docker.io/hosts.toml"].source == (
        b'server = "http://10.0.0.1:5000/v2/docker.io"\ncapabilities = ["pull", "resolve"]\noverride_path = true\n'
    )


def test_asked_for_means_pulled_or_nothing(mirror: StubRegistry, paths: Paths, made: list[str]) -> None:
    with pytest.raises(supply.NoMirror, match="--registry-mirror URL"):
        supply.node_image(paths, Config(images="pull"))
    with pytest.raises(pull.Unpinned):
        supply.node_image(paths, Config(images="pull", registry_mirror=mirror.url))
    with pytest.raises(RegistryUnavailable):
        supply.node_image(paths, Config(images="pull", registry_mirror=DEAD))
    assert made == []

    supply.node_image(paths, Config(images="pull", registry_mirror=mirror.url, allow_unpinned=True))
    assert made == [f"pulled {len(mirror.manifests)} from {mirror.url}"]


@pytest.mark.parametrize(
    ("mirror_url", "reason"),
    [(None, "no mirror is named (--registry-mirror)"), (DEAD, f"the registry at {DEAD} does not answer")],
)
def test_auto_builds_where_nothing_can_be_pulled_and_says_so(
    paths: Paths, made: list[str], mirror_url: str | None, reason: str
) -> None:
    config = Config(registry_mirror=mirror_url)
    (told,) = said(paths, config)

    assert told.startswith("images are built here: ")
    assert reason in told
    assert (made, supply.mode(paths, config)) == (["built"], "build")


def test_auto_pulls_from_a_mirror_that_has_all_and_the_decision_stays(
    mirror: StubRegistry, paths: Paths, made: list[str]
) -> None:
    config = Config(registry_mirror=mirror.url, allow_unpinned=True)
    (told,) = said(paths, config)

    assert told == f"images are pulled: {mirror.url} has all of them"
    asked = len(mirror.asked)
    assert supply.mode(paths, Config()) == "pull"
    assert supply.node_tag(paths, Config()) == pull.node_tag(paths)
    assert len(mirror.asked) == asked  # whether a stack may be used again is not asked of a mirror


def test_auto_decides_within_three_seconds(mirror: StubRegistry, paths: Paths, made: list[str]) -> None:
    mirror.answers_after.clear()
    start = time.monotonic()
    (told,) = said(paths, Config(registry_mirror=mirror.url, allow_unpinned=True))
    took = time.monotonic() - start
    mirror.answers_after.set()

    assert "not all was said within 3 s" in told
    assert made == ["built"]
    assert took < supply.DECIDED_WITHIN_S + 0.5


def test_tools_are_those_that_were_pulled_with_the_stack(paths: Paths, made: list[str]) -> None:
    digest = "sha256:" + "1" * 64
    state.write_json(paths.state / "images" / "pulled.json", {lock.load(paths.root).entries["tools"].ref: digest})
    program = paths.cache / "bin" / f"pulled-{'1' * 12}" / "bin" / "kind"
    program.parent.mkdir(parents=True)
    program.touch()

    assert tools.tool(paths, "kind").readlink() == program

    supply.node_image(paths, Config(images="build"))
    assert pull.program(paths, "kind") is None
    assert supply.mode(paths, Config()) == "build"


def test_the_pulled_node_is_another_when_a_digest_is(mirror: StubRegistry, paths: Paths) -> None:
    found = pull.digests(paths, mirror.url)
    record(paths, found)
    before = pull.node_tag(paths)
    record(paths, {**found, GETH: "sha256:" + "0" * 64})

    assert before.startswith("plumbline.local/pulled/node:v1.36.4-")
    assert pull.node_tag(paths) != before
