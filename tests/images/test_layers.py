"""Layers and images: equal content is an equal digest, and nothing half-made stays."""

from __future__ import annotations

import io
import json
import os
import tarfile
from pathlib import Path

import pytest
import zstandard

from plumbline.images import layers, oci
from plumbline.images.content import Store
from plumbline.images.layers import Layer
from plumbline.images.tree import EPOCH, Tree


def tree(folder: Path) -> Tree:
    made = Tree()
    made.add("/usr/bin/b", folder / "program")
    made.add("/etc/a.conf", b"a = 1\n")
    made.link("/bin", "usr/bin")
    made.folder("/tmp", 0o1777)
    return made


def layer(store: Store, key: str, content: Tree) -> Layer:
    def write(tar: tarfile.TarFile) -> list[dict[str, str]]:
        content.write(tar)
        return [{"bom-ref": "pkg:generic/x@1"}]

    return layers.make(store, key, write)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "files"
    made.mkdir()
    (made / "program").write_text("#!/bin/sh\n")
    (made / "program").chmod(0o700)
    return made


def names(made: Layer) -> list[tarfile.TarInfo]:
    raw = zstandard.ZstdDecompressor().stream_reader(made.file.open("rb")).read()
    return tarfile.open(fileobj=io.BytesIO(raw)).getmembers()


def test_the_same_files_are_the_same_layer_anywhere_and_at_any_time(tmp_path: Path, folder: Path) -> None:
    one = layer(Store(tmp_path / "one"), "k", tree(folder))
    os.utime(folder / "program", (1, 1))
    two = layer(Store(tmp_path / "two"), "k", tree(folder))

    assert (one.digest, one.diff_id, one.size) == (two.digest, two.diff_id, two.size)


def test_a_layer_has_fixed_owners_times_order_and_modes(tmp_path: Path, folder: Path) -> None:
    members = names(layer(Store(tmp_path / "s"), "k", tree(folder)))

    assert [m.name for m in members] == ["bin", "etc", "etc/a.conf", "tmp", "usr", "usr/bin", "usr/bin/b"]
    assert {(m.uid, m.gid, m.mtime) for m in members} == {(0, 0, EPOCH)}
    assert {m.name: m.mode for m in members if not m.issym()} == {
        "etc": 0o755,
        "etc/a.conf": 0o644,
        "tmp": 0o1777,
        "usr": 0o755,
        "usr/bin": 0o755,
        "usr/bin/b": 0o755,
    }


def test_what_is_present_already_is_not_repeated(folder: Path) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        tree(folder).write(tar, present={"usr", "usr/bin", "etc"})

    assert archive(out).getnames() == ["bin", "etc/a.conf", "tmp", "usr/bin/b"]


def test_a_stored_layer_is_not_made_again(tmp_path: Path, folder: Path) -> None:
    store = Store(tmp_path / "s")
    first = layer(store, "k", tree(folder))

    def refuse(_tar: tarfile.TarFile) -> list[dict[str, str]]:
        raise AssertionError

    assert layers.make(store, "k", refuse) == first
    assert first.components == [{"bom-ref": "pkg:generic/x@1"}]


def test_an_aborted_layer_leaves_nothing(tmp_path: Path, folder: Path) -> None:
    store = Store(tmp_path / "s")

    def abort(tar: tarfile.TarFile) -> list[dict[str, str]]:
        tree(folder).write(tar)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        layers.make(store, "k", abort)

    assert layers.stored(store, "k") is None
    assert [path for path in store.root.rglob("*") if path.is_file()] == []


def test_what_a_killed_process_left_is_swept_and_what_a_living_one_makes_is_not(tmp_path: Path) -> None:
    store = Store(tmp_path)
    (tmp_path / "tmp" / "999999999-dead").mkdir(parents=True)
    (tmp_path / "tmp" / "999999999-dead" / "half").write_text("x")
    living = tmp_path / "tmp" / f"{os.getpid()}-alive"
    living.mkdir()
    store.sweep()

    assert list((tmp_path / "tmp").iterdir()) == [living]


def image(folder: Path, store: Store, ref: str = "a.b/c:1") -> oci.Image:
    parts = [layer(store, "low", tree(folder)), layer(store, "high", _one_file())]
    return oci.image(ref, parts, {"Entrypoint": ["/usr/bin/b"], "User": "", "Env": ["A=1"]}, {"title": "t"}, "amd64")


def _one_file() -> Tree:
    made = Tree()
    made.add("/a", b"1")
    return made


def archive(out: io.BytesIO) -> tarfile.TarFile:
    """Open what was written to memory; nothing needs to be closed."""
    out.seek(0)
    return tarfile.open(fileobj=out)


def test_an_image_refers_to_its_layers_and_settings(tmp_path: Path, folder: Path) -> None:
    made = image(folder, Store(tmp_path / "s"))
    config, manifest = json.loads(made.config), json.loads(made.manifest)

    assert config["rootfs"]["diff_ids"] == [part.diff_id for part in made.layers]
    assert [part["digest"] for part in manifest["layers"]] == [part.digest for part in made.layers]
    assert manifest["config"]["digest"] == oci.digest_of(made.config)
    assert config["config"]["Entrypoint"] == ["/usr/bin/b"]
    assert "User" not in config["config"]
    assert "A=1" in config["config"]["Env"]


def test_an_archive_holds_shared_layers_once(tmp_path: Path, folder: Path) -> None:
    store, out = Store(tmp_path / "s"), io.BytesIO()
    images = [image(folder, store, "a.b/c:1"), image(folder, store, "a.b/d:2")]
    packed = oci.write_archive(out, images)
    inside = archive(out)
    index = json.load(inside.extractfile("index.json"))

    assert packed == images[0].size
    assert len(inside.getnames()) == len(set(inside.getnames()))
    assert [m["annotations"]["io.containerd.image.name"] for m in index["manifests"]] == ["a.b/c:1", "a.b/d:2"]
    for digest in (index["manifests"][0]["digest"], *(part.digest for part in images[0].layers)):
        content = inside.extractfile(f"blobs/{digest.replace(':', '/')}").read()
        assert oci.digest_of(content) == digest


def test_an_archive_leaves_out_what_the_reader_has(tmp_path: Path, folder: Path) -> None:
    made, out = image(folder, Store(tmp_path / "s")), io.BytesIO()
    packed = oci.write_archive(out, [made], present={made.layers[0].digest})
    inside = archive(out).getnames()

    assert packed == made.layers[1].size
    assert f"blobs/{made.layers[0].digest.replace(':', '/')}" not in inside
    assert f"blobs/{made.layers[1].digest.replace(':', '/')}" in inside


def test_equal_images_are_equal_to_the_byte(tmp_path: Path, folder: Path) -> None:
    one, two = io.BytesIO(), io.BytesIO()
    oci.write_archive(one, [image(folder, Store(tmp_path / "one"))])
    oci.write_archive(two, [image(folder, Store(tmp_path / "two"))])

    assert one.getvalue() == two.getvalue()
