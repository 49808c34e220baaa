"""Variables and outputs are read as they are written, and shown on one line each."""

from __future__ import annotations

from pathlib import Path

import pytest

from plumbline.terraform import interface

CODE = """# What it is,
# on two lines.

variable "pools" {
  description = "Pools by name."
  type = map(object({
    machine = string
    zones   = optional(list(string), ["a"]) # where
  }))
  default = {}

  validation {
    condition     = length(var.pools) > 0
    error_message = "Name one."
  }
}

variable "nameless" {
  type = string
}

output "names" {
  description = "Names of the pools."
  value       = keys(var.pools)
}
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "pools").mkdir()
    (tmp_path / "pools" / "main.tf").write_text(CODE)
    return tmp_path


def test_a_readme_says_what_the_code_says(tree: Path) -> None:
    text = interface.readme(tree / "pools", tree)

    assert text.startswith("# terraform/pools\n\nWhat it is, on two lines.\n")
    assert (
        '| `pools` | Pools by name. | `map(object({ machine = string, zones = optional(list(string), ["a"]) }))` | `{}` |'
        in text
    )
    assert "| `nameless` |  | `string` | required |" in text
    assert "| `names` | Names of the pools. |" in text


def test_what_is_not_described_is_named(tree: Path) -> None:
    (finding,) = interface.undescribed(tree)

    assert str(finding) == "documented: terraform/pools: the variable nameless has no description"


def test_an_outdated_readme_is_named_with_the_cure(tree: Path) -> None:
    (finding,) = interface.outdated(tree)

    assert finding.where == "terraform/pools/README.md"
    assert "plumbline.terraform.interface" in finding.what

    (tree / "pools" / "README.md").write_text(interface.readme(tree / "pools", tree))
    assert interface.outdated(tree) == []
