"""The registry client: what is pushed is whole and sent once, and what is fetched is what its digest says."""

from __future__ import annotations

import io
import json
import socket
from pathlib import Path

import pytest
from stub_registry import StubRegistry, digest_of

from plumbline.core.errors import ChecksumMismatch
from plumbline.images import layers, oci
from plumbline.images.content import Store
from plumbline.images.distribution import ImageMissing, Registry, RegistryRefused, RegistryUnavailable
from plumbline.images.tree import Tree


def image(store: Store, ref: str, *contents: str) -> oci.Image:
    made = []
    for content in contents:
        tree = Tree()
        tree.add("/a", content.encode())
        made.append(layers.make(store, content, lambda tar, tree=tree: tree.write(tar) or []))  # type: ignore[misc]
    return oci.image(ref, made, {}, {}, "amd64")


def test_a_pushed_image_is_there_whole_under_its_upstream_name(stub: StubRegistry, tmp_path: Path) -> None:
    pushed = image(Store(tmp_path), "docker.io/ethereum/client-go:v1", "low", "high")

    sent = Registry(stub.url).push(pushed)

    repository = "docker.io/ethereum/client-go"
    assert stub.manifests == {(repository, "v1"): pushed.manifest}
    assert stub.blobs[repository, oci.digest_of(pushed.config)] == pushed.config
    assert [stub.blobs[repository, layer.digest] for layer in pushed.layers] == [
        layer.file.read_bytes() for layer in pushed.layers
    ]
    assert sent == pushed.size
    assert Registry(stub.url).manifest(pushed.ref).digest == pushed.digest


def test_what_the_registry_has_is_not_sent_again(stub: StubRegistry, tmp_path: Path) -> None:
    pushed = image(Store(tmp_path), "a.b/c:1", "low")
    Registry(stub.url).push(pushed)

    assert Registry(stub.url).push(pushed) == 0


def test_layers_that_images_share_are_sent_once(stub: StubRegistry, tmp_path: Path) -> None:
    store, registry = Store(tmp_path), Registry(stub.url)
    one, two = image(store, "a.b/one:1", "low", "high"), image(store, "a.b/two:1", "low")
    registry.push(one)

    assert registry.push(two) == 0
    assert stub.blobs["a.b/two", two.layers[0].digest] == two.layers[0].file.read_bytes()


def test_a_blob_is_held_to_its_digest(stub: StubRegistry) -> None:
    stub.blobs["a.b/c", digest_of(b"x")] = b"x"
    stub.blobs["a.b/c", digest_of(b"y")] = b"z"
    out = io.BytesIO()

    Registry(stub.url).fetch("a.b/c", digest_of(b"x"), out)
    assert out.getvalue() == b"x"

    with pytest.raises(ChecksumMismatch, match=digest_of(b"z")):
        Registry(stub.url).fetch("a.b/c", digest_of(b"y"), out)


def test_a_missing_image_is_named_with_the_way_to_get_it(stub: StubRegistry) -> None:
    with pytest.raises(ImageMissing, match=r'has no a\.b/c:1: push it \("plumbline images push"\)'):
        Registry(stub.url).manifest("a.b/c:1")


def test_a_manifest_s_digest_is_computed_not_believed(stub: StubRegistry) -> None:
    document = json.dumps({"layers": []}).encode()
    stub.has("a.b/c:1", document)

    assert Registry(stub.url).manifest("a.b/c:1").digest == digest_of(document)


def test_a_refusal_names_status_and_request(stub: StubRegistry, tmp_path: Path) -> None:
    stub.refuses = 401

    with pytest.raises(
        RegistryRefused, match=r"answers 401 to GET /v2/a\.b/c/manifests/1: have its name and password in"
    ):
        Registry(stub.url).manifest("a.b/c:1")
    with pytest.raises(RegistryRefused, match="answers 401 to POST"):
        Registry(stub.url).push(image(Store(tmp_path), "a.b/c:1", "low"))


def test_a_dead_registry_is_named() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"

        with pytest.raises(RegistryUnavailable, match=f"the registry at {url} does not answer .*: start it") as failure:
            Registry(url).manifest("a.b/c:1")
    assert failure.value.exit_code == 3
