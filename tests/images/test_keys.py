"""Content keys: they change when an image would, and only then."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from plumbline.images.content import key_of, key_of_tree

Keys = Callable[[], dict[str, str]]


def changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    return {name for name in before if before[name] != after[name]}


def replace(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_computing_again_changes_nothing(keys: Keys) -> None:
    assert keys() == keys()


def test_times_and_leftovers_of_tools_change_nothing(keys: Keys, checkout: Path) -> None:
    before = keys()
    package = checkout / "local/beacon/plumbline_beacon"
    for file in checkout.rglob("*"):
        os.utime(file, (1, 1))
    (package / "__pycache__").mkdir()
    (package / "__pycache__" / "x.pyc").write_bytes(b"compiled")

    assert changed(before, keys()) == set()


@pytest.mark.parametrize(
    ("file", "images"),
    [
        ("local/csi/plumbline_csi/__init__.py", {"csi"}),
        ("local/beacon/plumbline_beacon/__init__.py", {"beacon", "harness"}),
        ("suites/existing/test_existing.py", {"harness"}),
        ("conftest.py", {"harness"}),
    ],
)
def test_a_source_file_of_ours_changes_what_it_is_in_only(
    keys: Keys, checkout: Path, file: str, images: set[str]
) -> None:
    before = keys()
    with (checkout / file).open("a") as opened:
        opened.write("# changed\n")

    assert changed(before, keys()) == images


def test_a_pinned_package_changes_what_stands_on_it(keys: Keys, checkout: Path) -> None:
    before = keys()
    with (checkout / "local/csi/requirements.txt").open("a") as file:
        file.write("\n")

    assert changed(before, keys()) == {"csi-base", "csi", "node"}


def test_a_program_s_checksums_change_its_images_and_the_node(keys: Keys, checkout: Path) -> None:
    before = keys()
    with (checkout / "local/programs/metallb/go.sum").open("a") as file:
        file.write("example.org/m v1.0.0 h1:x\n")

    assert changed(before, keys()) == {"metallb-controller", "metallb-speaker", "node"}


def test_a_linker_flag_changes_the_image(keys: Keys, checkout: Path) -> None:
    before = keys()
    replace(checkout / "local/programs/csi-provisioner/program.toml", "main.version", "main.other")

    assert changed(before, keys()) == {"csi-provisioner", "node"}


def test_an_entrypoint_changes_the_image(keys: Keys, checkout: Path) -> None:
    before = keys()
    replace(checkout / "local/images/geth/recipe.toml", 'entrypoint = ["geth"]', 'entrypoint = ["geth", "version"]')

    assert changed(before, keys()) == {"geth", "node"}


def test_a_recorded_debian_package_changes_everything_on_the_system(keys: Keys, checkout: Path) -> None:
    before = keys()
    replace(
        checkout / "local/images/debian.lock.json", '"system": {', '"system": {"new": {"sha256": "0", "version": "1"},'
    )
    after = changed(before, keys())

    assert {"kube-proxy", "kube-router", "toolbox", "beacon", "node"} <= after


@pytest.mark.parametrize("file", ["files/etc/cni/net.d/10-ptp.conflist", "populate.sh"])
def test_a_file_of_the_node_changes_the_node_only(keys: Keys, checkout: Path, file: str) -> None:
    before = keys()
    with (checkout / "local/images/node" / file).open("a") as opened:
        opened.write("\n")

    assert changed(before, keys()) == {"node"}


def test_a_toolchain_changes_what_it_compiles(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    from plumbline.images.golang import Go

    before = keys()
    monkeypatch.setattr(Go, "version", lambda _, series: f"go{series}.99")
    after = changed(before, keys())

    assert "geth" in after
    assert after.isdisjoint({"pause", "traefik", "toolbox", "beacon", "csi"})


def test_a_folder_s_key_holds_names_bytes_and_executable_bits(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_text("x")
    seen = {key_of_tree(tmp_path)}
    file.chmod(0o755)
    seen.add(key_of_tree(tmp_path))
    file.write_text("y")
    seen.add(key_of_tree(tmp_path))
    file.rename(tmp_path / "b")
    seen.add(key_of_tree(tmp_path))

    assert len(seen) == 4


def test_the_order_of_a_mapping_is_not_content() -> None:
    assert key_of({"a": 1, "b": 2}) == key_of({"b": 2, "a": 1})
    assert key_of(["a", "b"]) != key_of(["b", "a"])
