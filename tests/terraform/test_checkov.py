"""What checkov says of plans, and how it is asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from plumbline.terraform.checkov import judge
from plumbline.terraform.plan import Plan

Stub = Callable[..., Path]
PLANS = [Plan("prod", {}), Plan("examples/minimal", {})]


@pytest.fixture
def stub(tmp_path: Path) -> Stub:
    """A checkov that notes how it was asked, and says what it is told to about plans by their number."""

    def make(failed: dict[int, list[str]], passed: tuple[int, ...] = ()) -> Path:
        said = {"failed_checks": [_record(number, check) for number, checks in failed.items() for check in checks]}
        said["passed_checks"] = [_record(number, "CKV_GCP_1") for number in passed]
        program = tmp_path / "checkov"
        (tmp_path / "said.json").write_text(json.dumps({"results": said} if failed or passed else {"passed": 0}))
        told = f'printf "%s\\n" "$@" > {tmp_path}/arguments; /usr/bin/env > {tmp_path}/environment'
        program.write_text(f'#!/bin/sh\n{told}\n/bin/sed "s|FOLDER|$HOME|g" {tmp_path}/said.json\n')
        program.chmod(0o755)
        return program

    return make


def _record(number: int, check: str) -> dict[str, Any]:
    return {
        "check_id": check,
        "check_name": "Ensure it is so",
        "resource": "module.m.google_x.this",
        "file_abs_path": f"FOLDER/{number}.json",
    }


def test_a_finding_names_the_check_the_plan_and_the_resource(stub: Stub) -> None:
    found = judge(stub({1: ["CKV_GCP_2"]}, passed=(0, 1)), PLANS)

    assert list(map(str, found)) == [
        'CKV_GCP_2: examples/minimal: module.m.google_x.this: does not pass "Ensure it is so"'
    ]


def test_a_plan_that_was_not_looked_at_is_a_finding(stub: Stub) -> None:
    unread = "checkov looked at nothing in this plan"

    assert [(each.where, each.what) for each in judge(stub({}, passed=(0,)), PLANS)] == [("examples/minimal", unread)]
    assert [each.where for each in judge(stub({}), PLANS)] == ["examples/minimal", "prod"]


def test_it_knows_nothing_of_its_user_and_asks_nobody(
    stub: Stub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BC_API_KEY", "of-the-user")

    judge(stub({}, passed=(0, 1)), PLANS)

    variables = (tmp_path / "environment").read_text().splitlines()
    assert {line.partition("=")[0] for line in variables} <= {
        "HOME",
        "CKV_SKIP_PACKAGE_UPDATE_CHECK",
        "PWD",
        "_",
        "SHLVL",
    }
    assert "CKV_SKIP_PACKAGE_UPDATE_CHECK=true" in variables
    assert f"HOME={Path.home()}" not in variables
    assert "--skip-download" in (tmp_path / "arguments").read_text().splitlines()
