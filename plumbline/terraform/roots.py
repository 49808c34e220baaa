"""What can be planned: production's environments, the examples, and the bucket of the state."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from plumbline.components.delivery.renderings import CLOUD

FOLDER = "terraform"
_EXAMPLES = ("bootstrap", "examples/*")
_VALUES = "example.tfvars"


@dataclass(frozen=True)
class Root:
    """One configuration with one set of values.

    Attributes:
        name: the environment, or the folder.
        folder: where it is, below terraform/.
        workspace: the workspace that it is planned in.
        values: its file of values, from its folder; empty where it needs none.
    """

    name: str
    folder: str
    workspace: str = "default"
    values: str = ""


def environments() -> list[Root]:
    """Return the environments, in the order in which a change reaches them."""
    return [Root(name, ".", name, f"env/{name}.tfvars") for name in CLOUD]


def examples(tree: Path) -> list[Root]:
    """Return the examples and the bootstrap of a copy of terraform/."""
    folders = [folder for pattern in _EXAMPLES for folder in sorted(tree.glob(pattern)) if folder.is_dir()]
    return [
        Root(str(folder.relative_to(tree)), str(folder.relative_to(tree)), values=_values(folder)) for folder in folders
    ]


def _values(folder: Path) -> str:
    return _VALUES if (folder / _VALUES).is_file() else ""
