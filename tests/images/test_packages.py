"""What is read from packages: build information, wheels' pins, Debian's records, and the bill of materials."""

from __future__ import annotations

import dataclasses
import io
import json
import tarfile
from pathlib import Path

import pytest

from plumbline.core import events
from plumbline.core.errors import DiskTooSmall, UsageError
from plumbline.images import assembly, builder, debian, golang, pinning, sbom, wheels
from plumbline.images.debian_lock import DebianLock
from plumbline.images.parts.files import FolderPart
from plumbline.images.tree import EPOCH, Tree
from plumbline.images.workshop import Workshop, WrongArchitecture

BUILD_INFO = """/x/geth: go1.26.8
\tpath\tgithub.com/ethereum/go-ethereum/cmd/geth
\tmod\tplumbline.local/build/geth\t(devel)\t
\tdep\tgithub.com/ethereum/go-ethereum\tv1.17.10\th1:b3W=
\tdep\tgithub.com/vishvananda/netlink\tv1.3.2-0.2025
\t=>\tgithub.com/vishvananda/netlink\tv1.3.1\th1:Qw=
\tbuild\t-compiler=gc
"""


def test_build_information_gives_the_modules_that_were_linked() -> None:
    found = golang.modules_of(BUILD_INFO)

    assert [entry["purl"] for entry in found] == [
        "pkg:golang/std@1.26.8",
        "pkg:golang/github.com/ethereum/go-ethereum@v1.17.10",
        "pkg:golang/github.com/vishvananda/netlink@v1.3.1",
    ]
    assert found[1]["properties"] == [{"name": "plumbline:go.sum", "value": "h1:b3W="}]


def test_a_wrapper_repeats_the_replacements_that_go_would_drop(shop: Workshop) -> None:
    text = pinning.wrapper(shop.programs["kubernetes"], ["k8s.io/api", "k8s.io/kubelet"])

    assert "require k8s.io/kubernetes v1.36.4\n" in text
    assert "replace k8s.io/kubelet => k8s.io/kubelet v0.36.4\n" in text
    assert "godebug default=go1.26\n" in text
    assert "netlink v1.3.1" in pinning.wrapper(shop.programs["kube-router"], [])


def test_pins_of_wheels_are_read_with_their_checksums(tmp_path: Path) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text(
        f"# a comment\neth-hash[pycryptodome]==0.8.0 \\\n    --hash=sha256:{'a' * 64} \\\n    --hash=sha256:{'b' * 64}\n"
        f"Py_ECC==8.0.0 --hash=sha256:{'c' * 64}\n"
    )

    assert wheels.pins(file) == {"eth-hash": "0.8.0", "Py_ECC": "8.0.0"}
    assert wheels.hashes(file) == {"eth-hash": ["a" * 64, "b" * 64], "py-ecc": ["c" * 64]}


def test_debian_records_are_read_from_checksums() -> None:
    lines = [
        f"{'d' * 64}  util-linux_2.41.5-0+deb13u1_amd64.deb",
        f"{'e' * 64}  bsdutils_1%3a2.41.5-0+deb13u1_amd64.deb",
    ]

    assert dict(debian.parse_sums(lines)) == {
        "util-linux": {"version": "2.41.5-0+deb13u1", "sha256": "d" * 64},
        "bsdutils": {"version": "1:2.41.5-0+deb13u1", "sha256": "e" * 64},
    }


def test_drift_of_debian_is_a_warning_that_names_packages(tmp_path: Path) -> None:
    file = tmp_path / "debian.lock.json"
    file.write_text(json.dumps({"forky": {"runc": {"version": "1.3.6", "sha256": "0"}}}))
    lock = DebianLock(file)
    heard: list[events.Event] = []
    stop = events.subscribe(heard.append)
    lock.report_drift("forky", {"runc": {"version": "1.3.7", "sha256": "1"}, "new": {"version": "1", "sha256": "2"}})
    lock.report_drift("forky", {"runc": {"version": "1.3.6", "sha256": "0"}})
    stop()

    (warning,) = heard
    assert warning["event"] == "warning"
    assert "new 1 (not recorded), runc 1.3.7 (recorded: 1.3.6)" in warning["text"]


def test_an_installed_system_is_copied_without_traces_of_this_machine(tmp_path: Path) -> None:
    system = tmp_path / "system.tar"
    with tarfile.open(system, "w") as tar:
        for name in (
            "./etc/passwd",
            "./etc/apt/sources.list",
            "./var/cache/apt/x.deb",
            "./usr/lib/perl/x",
            "./usr/bin/ls",
        ):
            info = tarfile.TarInfo(name)
            info.size, info.mtime, info.uname = 1, 5, "somebody"
            tar.addfile(info, io.BytesIO(b"x"))
        device = tarfile.TarInfo("./dev/null")
        device.type = tarfile.CHRTYPE
        tar.addfile(device)
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        names = debian.copy_system(system, tar, ["usr/lib/perl*"], replaced={"usr/bin/ls"})
    out.seek(0)
    with tarfile.open(fileobj=out) as copied:
        (member,) = copied.getmembers()

    assert names == {"etc/passwd"}
    assert (member.name, member.mtime, member.uname) == ("etc/passwd", EPOCH, "")


def test_a_bill_names_every_component_once_and_where_the_image_comes_from(shop: Workshop) -> None:
    recipe = shop.recipes["geth"]
    twice = golang.component("example.org/m", "v1.0.0", "h1:x")
    bill = sbom.document(recipe, "key", None, assembly.provenance(shop, recipe), [twice, twice])

    assert sbom.is_about(bill, "key")
    assert not sbom.is_about(bill, "another")
    assert not sbom.is_about(None, "key")
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert bill["components"] == [twice]
    assert bill["metadata"]["component"]["name"] == recipe.ref
    assert any("go-ethereum@v1.17.10 h1:" in entry["value"] for entry in bill["metadata"]["component"]["properties"])
    assert bill == sbom.document(recipe, "key", None, assembly.provenance(shop, recipe), [twice])


def test_a_disk_that_would_fill_up_is_refused_before_the_work(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = type("Usage", (), {"free": 10 * 10**9})
    monkeypatch.setattr(builder.shutil, "disk_usage", lambda _path: usage)

    with pytest.raises(DiskTooSmall, match=r"10\.0 GB free at .*, 25\.0 GB needed"):
        builder._check_disk(shop)


def test_another_kind_of_machine_is_refused(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "riscv64")

    with pytest.raises(WrongArchitecture, match="images can be built on amd64 machines, this one is riscv64"):
        _ = shop.architecture


def test_an_image_that_no_recipe_builds_is_refused(shop: Workshop) -> None:
    assert builder.by_ref(shop, "docker.io/ethereum/client-go:v1.17.10").name == "geth"
    with pytest.raises(UsageError, match=r"no recipe builds a\.b/c:1"):
        builder.by_ref(shop, "a.b/c:1")


def test_a_layer_that_is_not_built_is_named(shop: Workshop) -> None:
    with pytest.raises(assembly.NotBuilt, match=r"quay\.io/metallb/speaker:v0\.16\.1 is not built yet"):
        assembly.image(shop, shop.recipes["metallb-speaker"])


def test_dropping_the_compile_cache_keeps_what_was_built_and_what_is_the_user_s(shop: Workshop) -> None:
    cache = Path(shop.go.env["GOCACHE"])
    assert cache.is_relative_to(shop.store.root)
    for folder in (cache, shop.store.path("bin")):
        folder.mkdir(parents=True)

    shop.go.drop_cache()

    assert not cache.exists()
    assert shop.store.path("bin").exists()


def test_some_files_of_the_checkout_are_all_that_is_laid_of_it(shop: Workshop, tmp_path: Path) -> None:
    part = FolderPart(
        folder=shop.paths.local / "images" / "harness", source="../../..", path="/opt", only=["conftest.py"]
    )
    tree = Tree()
    part.lay(shop, tree, tmp_path)

    assert set(tree.entries) == {"opt/conftest.py"}
    assert part.provenance(shop)[0].startswith("source conftest.py sha256:")
    assert part.key(shop) != dataclasses.replace(part, only=["pyproject.toml"]).key(shop)
