"""Versions are bounded, and stay where the schema was checked."""

from __future__ import annotations

from pathlib import Path

import pytest

from plumbline.terraform.schema import Block, Schema
from plumbline.terraform.versions import unbounded

CHECKED = [Schema("google", "6.50.0", Block(), {}, {})]
TEXT = """terraform {{
  required_version = "{terraform}"

  required_providers {{
    google = {{
      source  = "hashicorp/google"
      version = "{google}"
    }}
  }}
}}
"""


def said(tree: Path, terraform: str = ">= 1.9, < 2.0", google: str = ">= 6.50, < 7.0") -> list[str]:
    (tree / "versions.tf").write_text(TEXT.format(terraform=terraform, google=google))
    return [finding.what for finding in unbounded(tree, CHECKED)]


def test_bounds_around_what_was_checked_pass(tmp_path: Path) -> None:
    assert said(tmp_path) == []


@pytest.mark.parametrize("constraint", [">= 6.50", "~> 6.50", "6.50.0", "< 7.0", ""])
def test_a_provider_needs_both_bounds(tmp_path: Path, constraint: str) -> None:
    assert said(tmp_path, google=constraint) == ["the provider google needs a lower and an upper bound (>= a, < b)"]


@pytest.mark.parametrize("constraint", [">= 7.0, < 8.0", ">= 6.0, < 6.50.0", ">= 6.51, < 7.0"])
def test_what_was_checked_lies_within(tmp_path: Path, constraint: str) -> None:
    assert said(tmp_path, google=constraint) == [f"google {constraint} leaves out 6.50.0, whose schema is checked"]


def test_terraform_needs_both_bounds(tmp_path: Path) -> None:
    assert said(tmp_path, terraform=">= 1.9") == ["required_version needs a lower and an upper bound (>= a, < b)"]


def test_a_provider_that_is_used_but_not_named(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text('resource "helm_release" "this" {}\n')

    assert said(tmp_path) == ["the provider helm needs a lower and an upper bound (>= a, < b)"]
