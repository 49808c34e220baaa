"""The recipes: every one can be read, is complete, and fits the pins beside it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from plumbline.core.errors import ConfigError
from plumbline.images import assembly, npm, recipes, tools, wheels
from plumbline.images.native import PACKAGES, SUITE
from plumbline.images.node import Node
from plumbline.images.parts.compiled import GoPart
from plumbline.images.parts.python import PipPart, SourcePart, StubsPart
from plumbline.images.recipes import RecipeError
from plumbline.images.workshop import Workshop


def write(folder: Path, text: str) -> Path:
    file = folder / "local" / "images" / "thing" / "recipe.toml"
    file.parent.mkdir(parents=True)
    file.write_text(text)
    return file


def test_images_have_names_that_no_registry_default_completes(shop: Workshop) -> None:
    for recipe in shop.recipes.values():
        if recipe.ref:
            assert re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+/[a-z0-9/._-]+:[A-Za-z0-9._-]+", recipe.ref), recipe.name


def test_no_two_recipes_make_the_same_image(shop: Workshop) -> None:
    refs = [recipe.ref for recipe in shop.recipes.values() if recipe.ref]

    assert sorted(set(refs)) == sorted(refs)


def test_an_image_says_where_it_comes_from(shop: Workshop, root: Path) -> None:
    for recipe in shop.recipes.values():
        assert recipe.title, recipe.name
        assert recipe.source.startswith("https://") or (root / recipe.source).is_dir(), recipe.name
        assert recipe.license or not recipe.ref, recipe.name


def test_go_parts_ask_for_binaries_that_their_program_has(shop: Workshop) -> None:
    asked = [part for recipe in shop.recipes.values() for part in recipe.parts if isinstance(part, GoPart)]

    assert asked
    for part in asked:
        assert set(part.files.values()) <= set(shop.programs[part.program].mains), part


def test_programs_are_pinned_with_checksums(shop: Workshop) -> None:
    for program in shop.programs.values():
        mod = (program.folder / "go.mod").read_text()
        assert mod.startswith(f"module plumbline.local/build/{program.name}\n")
        assert re.search(rf"^require {re.escape(program.module)} {re.escape(program.version)}$", mod, re.MULTILINE)
        assert program.sum.startswith("h1:")


def test_binaries_are_told_their_version(shop: Workshop) -> None:
    """A wrapper module's build information names the wrapper; these read it from nowhere else."""
    for name in ("kubernetes", "kube-router", "csi-provisioner", "helm", "sealed-secrets", "kubeconform"):
        program = shop.programs[name]
        assert any(program.version in flag for flag in program.ldflags), name


def test_tools_are_binaries_of_programs_at_their_version_or_of_debian_packages(shop: Workshop, root: Path) -> None:
    for tool in tools.load(root).values():
        if tool.program:
            program = shop.programs[tool.program]
            assert tool.name in program.mains
            assert program.version == f"v{tool.version}"
        elif tool.npm:
            assert (tool.npm, tool.version) in {pin[:2] for pin in npm.pins(root / "local" / "programs" / tool.npm)}
        elif tool.pypi:
            assert wheels.pins(root / "requirements" / f"{tool.pypi}.txt")[tool.pypi] == tool.version
        else:
            assert tool.suite
            assert tool.package
            assert tool.file


def test_every_debian_package_that_files_are_taken_from_is_recorded(shop: Workshop) -> None:
    from plumbline.images.pinning import single_packages

    wanted = single_packages(shop)

    assert set(PACKAGES) <= wanted[SUITE]
    for suite, packages in wanted.items():
        assert set(shop.debian_lock.of(suite)) == packages, suite


def test_the_debian_system_is_recorded_with_what_was_asked_for(shop: Workshop) -> None:
    assert set(shop.system.part.packages) <= set(shop.debian_lock.of("system"))


def test_wheels_are_pinned_with_checksums(shop: Workshop) -> None:
    files = [
        part.folder / part.requirements for r in shop.recipes.values() for part in r.parts if isinstance(part, PipPart)
    ]
    files += list((shop.paths.local / "programs" / "toolchain").glob("*.txt"))
    for file in files:
        from plumbline.images import wheels

        assert set(map(wheels.normal, wheels.pins(file))) == set(wheels.hashes(file)), file


def test_what_parts_are_made_from_is_in_the_checkout(shop: Workshop) -> None:
    for recipe in shop.recipes.values():
        for part in recipe.parts:
            if isinstance(part, SourcePart):
                assert (part.folder / part.package / "__init__.py").is_file(), recipe.name
            if isinstance(part, StubsPart):
                assert (part.folder / part.script).is_file(), recipe.name


def test_python_paths_agree(shop: Workshop) -> None:
    """A program of ours finds the packages of its base: all its Python parts lie where PYTHONPATH says."""
    for name in ("beacon", "csi"):
        recipe = shop.recipes[name]
        paths = {p.path for p in assembly.parts(shop, recipe) if isinstance(p, PipPart | SourcePart | StubsPart)}
        assert {f"PYTHONPATH={path}" for path in paths} == {env for env in recipe.env if env.startswith("PYTHONPATH=")}


def test_our_own_programs_are_side_loaded_onto_bases_that_the_node_has(shop: Workshop) -> None:
    inside = {recipe.name for recipe in Node(shop).inside}

    for name in ("beacon", "csi"):
        assert name not in inside
        assert shop.recipes[name].base in inside


def test_the_node_has_what_kubeadm_asks_for(shop: Workshop, root: Path) -> None:
    refs = {recipe.ref for recipe in Node(shop).inside}
    kubernetes = shop.programs["kubernetes"].version

    for part in ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy"):
        assert f"registry.k8s.io/{part}:{kubernetes}" in refs
    assert (root / "local/images/node/files/kind/version").read_text() == kubernetes
    assert shop.recipes["node"].ref == f"plumbline.local/node:{kubernetes}"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("title = ", "it is not valid TOML"),
        ('title = "a"\nversion = "1"', "source is missing"),
        ('title = "a"\nversion = "1"\nsource = "b"\ncolour = "red"', "unknown key colour"),
        ('title = "a"\nversion = "1"\nsource = "b"\nload = "never"', 'load = "never" is not possible'),
        ('title = "a"\nversion = "1"\nsource = "b"\n[[part]]\nkind = "rpm"', 'part kind "rpm" is unknown'),
        ('title = "a"\nversion = "1"\nsource = "b"\n[[part]]\nkind = "go"\nprogram = "x"', 'part "go" lacks files'),
        (
            'title = "a"\nversion = "1"\nsource = "b"\n[[part]]\nkind = "go"\nprogram = "x"\nfiles = {}\nflags = 1',
            'part "go" has an unknown key flags',
        ),
    ],
)
def test_a_bad_recipe_is_refused_with_file_and_key(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(RecipeError, match=re.escape(problem)) as refused:
        recipes.parse(write(tmp_path, text))

    assert str(refused.value).startswith("images/thing/recipe.toml: ")
    assert refused.value.exit_code == ConfigError.exit_code


def test_an_unknown_base_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path, 'title = "a"\nversion = "1"\nsource = "b"\nbase = "slackware"')

    with pytest.raises(RecipeError, match='base = "slackware" is no recipe'):
        recipes.load(file.parents[1])
