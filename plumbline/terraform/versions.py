"""Bounded versions: every folder says which Terraform and which providers it is for, and stays where the schema was checked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from plumbline.terraform.findings import Finding
from plumbline.terraform.roots import FOLDER
from plumbline.terraform.schema import Schema

CHECK = "bounded-versions"
_FILE = "versions.tf"
_TERRAFORM = re.compile(r'required_version = "([^"]*)"')
_PROVIDER = re.compile(r'(\w+) = \{\s+source\s+= "hashicorp/\w+"\s+version = "([^"]*)"')
_BOUND = re.compile(r"(>=|<) *(\d+(?:\.\d+)*)$")
_USED = re.compile(r'^(?:resource|data|provider) "([a-z]+)', re.MULTILINE)
_BUILT_IN = {"terraform"}


def unbounded(tree: Path, schemas: Sequence[Schema]) -> list[Finding]:
    """Return what is not bounded, or bounded to versions whose schema is not the one that was checked."""
    checked = {schema.provider: schema.version for schema in schemas}
    folders = sorted({file.parent for file in tree.rglob("*.tf") if ".terraform" not in file.parts})
    return [finding for folder in folders for finding in _folder(folder, tree, checked)]


def _folder(folder: Path, tree: Path, checked: Mapping[str, str]) -> Iterator[Finding]:
    where = f"{FOLDER}/{(folder / _FILE).relative_to(tree)}"
    text = (folder / _FILE).read_text() if (folder / _FILE).is_file() else ""
    terraform = _TERRAFORM.search(text)
    if terraform is None or _bounds(terraform[1]) is None:
        yield Finding(CHECK, where, "required_version needs a lower and an upper bound (>= a, < b)")
    constraints = dict(_PROVIDER.findall(text))
    used = {name for file in folder.glob("*.tf") for name in _USED.findall(file.read_text())}
    for provider in sorted((used | set(constraints)) - _BUILT_IN):
        bounds = _bounds(constraints.get(provider, ""))
        if bounds is None:
            yield Finding(CHECK, where, f"the provider {provider} needs a lower and an upper bound (>= a, < b)")
        elif not bounds[0] <= _numbers(checked[provider]) < bounds[1]:
            yield Finding(
                CHECK,
                where,
                f"{provider} {constraints[provider]} leaves out {checked[provider]}, whose schema is checked",
            )


def _bounds(constraint: str) -> tuple[list[int], list[int]] | None:
    """Return the lower and the upper bound of a constraint that has both."""
    found = {match[1]: match[2] for part in constraint.split(",") if (match := _BOUND.match(part.strip()))}
    return (_numbers(found[">="]), _numbers(found["<"])) if len(found) == 2 else None


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]
