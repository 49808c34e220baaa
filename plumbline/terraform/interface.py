"""The interface of each folder of Terraform code: its variables and outputs, and the README that is generated from them.

    python -m plumbline.terraform.interface    writes terraform/**/README.md

The code is read as `tofu fmt` leaves it, which a check of its own holds it to.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from plumbline.core.paths import Paths
from plumbline.terraform.findings import Finding
from plumbline.terraform.roots import FOLDER

UNDESCRIBED, OUTDATED = "documented", "readme"
README = "README.md"
_BLOCK = re.compile(r'^(variable|output) "(\w+)" \{\n(.*?)^\}', re.MULTILINE | re.DOTALL)
_ARGUMENT = re.compile(r"^  (\w+) += (.*?)(?=^  \w|^$|\Z)", re.MULTILINE | re.DOTALL)
_COMMENT, _END = re.compile(r"(?:^|\s)#.*"), re.compile(r", ([}\])])")
_HEADING = re.compile(r"\A((?:# .*\n)+)")


@dataclass(frozen=True)
class Item:
    """A variable or an output.

    Attributes:
        kind: which of both.
        name: its name.
        arguments: what the code says of it: description, type, default, as they are written.
    """

    kind: str
    name: str
    arguments: dict[str, str]

    @property
    def description(self) -> str:
        """What it says it is."""
        return self.arguments.get("description", "").strip('"')


def folders(tree: Path) -> list[Path]:
    """Return every folder of a copy of terraform/ that holds code."""
    return sorted({file.parent for file in tree.rglob("*.tf") if ".terraform" not in file.parts})


def items(folder: Path) -> list[Item]:
    """Return the variables and outputs of a folder, as they stand."""
    text = "\n".join(file.read_text() for file in sorted(folder.glob("*.tf")))
    return [
        Item(kind, name, {key: value.strip() for key, value in _ARGUMENT.findall(body)})
        for kind, name, body in _BLOCK.findall(text)
    ]


def undescribed(tree: Path) -> list[Finding]:
    """Return the variables without description or type, and the outputs without description."""
    return [
        Finding(UNDESCRIBED, _shown(folder, tree), f"the {item.kind} {item.name} has no {argument}")
        for folder in folders(tree)
        for item in items(folder)
        for argument in (("description", "type") if item.kind == "variable" else ("description",))
        if not item.arguments.get(argument)
    ]


def outdated(tree: Path) -> list[Finding]:
    """Return the READMEs that do not say what the code does."""
    return [
        Finding(OUTDATED, f"{_shown(folder, tree)}/{README}", f'run "{sys.executable} -m {__name__}"')
        for folder in folders(tree)
        if _read(folder / README) != readme(folder, tree)
    ]


def readme(folder: Path, tree: Path) -> str:
    """Return the README of a folder: what main.tf says at its top, and the tables of its variables and outputs."""
    heading = _HEADING.match(_read(folder / "main.tf"))
    about = " ".join(line.lstrip("# ") for line in heading[1].splitlines()) if heading else ""
    found = items(folder)
    lines = [f"# {_shown(folder, tree)}", "", about, ""]
    lines += _table("Variables", [item for item in found if item.kind == "variable"])
    lines += _table("Outputs", [item for item in found if item.kind == "output"])
    return "\n".join(lines).rstrip() + "\n"


def _table(title: str, found: list[Item]) -> Iterator[str]:
    if not found:
        return
    variables = found[0].kind == "variable"
    yield f"## {title}"
    yield "| name | what it is | type | default |" if variables else "| name | what it is |"
    yield "|---|---|---|---|" if variables else "|---|---|"
    for item in sorted(found, key=lambda item: item.name):
        row = [f"`{item.name}`", item.description]
        if variables:
            default = item.arguments.get("default")
            row += [_code(item.arguments["type"]), "required" if default is None else _code(default)]
        yield "| " + " | ".join(row) + " |"
    yield ""


def _code(text: str) -> str:
    """Return a piece of code on one line, where what stood on lines of its own needs commas."""
    lines = [line for line in (" ".join(_COMMENT.sub("", line).split()) for line in text.splitlines()) if line]
    joined = "".join(f"{line} " if line[-1] in "{([" else f"{line}, " for line in lines).rstrip(", ")
    return f"`{_END.sub(r' \1', joined)}`"


def _read(file: Path) -> str:
    return file.read_text() if file.is_file() else ""


def _shown(folder: Path, tree: Path) -> str:
    below = folder.relative_to(tree)
    return FOLDER if below == Path() else f"{FOLDER}/{below}"


def main() -> int:
    """Write every README."""
    tree = Paths.of().root / FOLDER
    for folder in folders(tree):
        (folder / README).write_text(readme(folder, tree))
    return 0


if __name__ == "__main__":
    sys.exit(main())
