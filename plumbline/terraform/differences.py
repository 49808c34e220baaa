"""In which arguments the environments' plans differ, and whether the documents say so."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from plumbline.terraform.findings import Finding
from plumbline.terraform.plan import Plan, Resource

CHECK = "differences"
DOCUMENT = "docs/production-gcp.md"
_SECTION = re.compile(r"^## How environments differ\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
_ARGUMENT = re.compile(r"`((?:google|helm)_[a-z0-9_.]+)`")


def undocumented(plans: Sequence[Plan], root: Path) -> list[Finding]:
    """Return the arguments in which plans differ though the table in the documents does not say so, and the reverse."""
    section = _SECTION.search((root / DOCUMENT).read_text())
    said = set(_ARGUMENT.findall(section[1])) if section else set()
    last = plans[-1]
    found = {argument for plan in plans[:-1] for argument in differing(plan, last)}
    return [
        *(Finding(CHECK, DOCUMENT, f"the table does not say that {each} differs") for each in sorted(found - said)),
        *(
            Finding(CHECK, DOCUMENT, f"the table says that {each} differs, and it does not")
            for each in sorted(said - found)
        ),
    ]


def differing(one: Plan, other: Plan) -> set[str]:
    """Return the arguments in which two plans differ, names of the environment aside; a type where a resource is missing."""
    ours, theirs = _by_address(one), _by_address(other)
    found = {(ours.get(address) or theirs[address]).type for address in ours.keys() ^ theirs.keys()}
    for address in ours.keys() & theirs.keys():
        mine, others = dict(_leaves(ours[address].values, one.name)), dict(_leaves(theirs[address].values, other.name))
        paths = {path for path in mine.keys() | others.keys() if mine.get(path) != others.get(path)}
        found |= {".".join((ours[address].type, *(part for part in path if not part.isdigit()))) for path in paths}
    return found


def _by_address(plan: Plan) -> dict[str, Resource]:
    return {resource.address: resource for resource in plan.resources}


def _leaves(value: Any, environment: str, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every value with its path; the environment's own name counts for nothing in it."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from _leaves(each, environment, (*path, key))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _leaves(each, environment, (*path, str(number)))
    else:
        own = rf"(?<=-){environment}\b|^{environment}$"
        yield path, re.sub(own, "ENVIRONMENT", value) if isinstance(value, str) else value
