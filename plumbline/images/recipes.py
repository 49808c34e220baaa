"""Recipes: what an image is made of, as data in ``local/images/<name>/recipe.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

from plumbline.core.errors import ConfigError
from plumbline.images import parts
from plumbline.images.parts.base import Part

FILE = "recipe.toml"
Load = Literal["node", "side", "host", "asked"]
LOADS: tuple[Load, ...] = get_args(Load)
ASKED: Load = "asked"


class RecipeError(ConfigError):
    """A recipe does not say what it must, or says what nobody understands."""

    def __init__(self, file: Path, problem: str) -> None:
        """Keep the file and what is wrong in it."""
        self.file, self.problem = file, problem
        super().__init__(f"{file.parent.parent.name}/{file.parent.name}/{file.name}: {problem}")


@dataclass(frozen=True)
class Recipe:
    """One image, or layers that images stand on.

    Attributes:
        name: the folder's name.
        folder: where the recipe is; its files are beside it.
        title: what it is, in words.
        version: version of what it carries.
        source: where that comes from: an address, or a folder of this repository.
        license: its licence, as SPDX names it.
        ref: the image's name and tag inside the cluster; None for layers that are no image by themselves.
        base: the recipe whose layers come first.
        load: "node": stored in the node image; "side": loaded into the running node, so that a change costs seconds;
            "host": unpacked on a machine that pulls; "asked": as "side", but built only when it is asked for by name.
        entrypoint: what the image runs.
        user: as whom.
        env: its environment, as NAME=value.
        workdir: where it starts.
        parts: what is in it, a layer each.
        node: further settings of the one recipe that is a KinD node.
    """

    name: str
    folder: Path
    title: str
    version: str
    source: str
    license: str = ""
    ref: str | None = None
    base: str | None = None
    load: Load = "node"
    entrypoint: tuple[str, ...] = ()
    user: str = ""
    env: tuple[str, ...] = ()
    workdir: str = ""
    parts: tuple[Part, ...] = ()
    node: Mapping[str, Any] = field(default_factory=dict)

    def settings(self) -> dict[str, Any]:
        """Return the run-time settings as an OCI image configuration names them."""
        return {
            "Entrypoint": list(self.entrypoint),
            "User": self.user,
            "Env": list(self.env),
            "WorkingDir": self.workdir,
        }


@cache
def load(folder: Path) -> dict[str, Recipe]:
    """Return all recipes below ``folder``, by name.

    Raises:
        RecipeError: a recipe cannot be used; the message names the file and the key.
    """
    recipes = {file.parent.name: parse(file) for file in sorted(folder.glob(f"*/{FILE}"))}
    for recipe in recipes.values():
        if recipe.base is not None and recipe.base not in recipes:
            raise RecipeError(
                recipe.folder / FILE, f'base = "{recipe.base}" is no recipe; there are {", ".join(recipes)}'
            )
    return recipes


def parse(file: Path) -> Recipe:
    """Return the recipe in ``file``."""
    try:
        table = tomllib.loads(file.read_text())
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(file, f"it is not valid TOML: {error}") from None
    known = {item.name for item in fields(Recipe)} - {"name", "folder", "parts"} | {"part"}
    if unknown := sorted(set(table) - known):
        raise RecipeError(file, f"unknown key {', '.join(unknown)}; known are {', '.join(sorted(known))}")
    if missing := sorted({"title", "version", "source"} - set(table)):
        raise RecipeError(file, f"{', '.join(missing)} is missing")
    if table.get("load", "node") not in LOADS:
        raise RecipeError(file, f'load = "{table["load"]}" is not possible; choose one of {", ".join(LOADS)}')
    try:
        made = tuple(parts.parse(part, file.parent) for part in table.pop("part", ()))
    except ConfigError as error:
        raise RecipeError(file, str(error)) from None
    for key in ("entrypoint", "env"):
        table[key] = tuple(table.get(key, ()))
    return Recipe(name=file.parent.name, folder=file.parent, parts=made, **table)
