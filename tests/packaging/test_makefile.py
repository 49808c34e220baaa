"""The Makefile: every target that users were promised, explained, and nothing in it but calls."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml

from plumbline import cli

ROOT = Path(__file__).parents[2]
STACK = {
    "all-local",
    "cluster",
    "metallb-local",
    "ingress-local",
    "deploy-monitoring-local",
    "deploy-eth-local",
    "deploy-helios-local",
    "summary",
    "query",
    "destroy",
}
MACHINE = {"engine", "engine-stop", "images", "doctor", "report", "env"}
PARTS = {"alerts", "drills"}  # of verify
NIGHTLY = {"existing", "total-loss", "verify-multi", "verify-pull", "gitops", "faults", "repetitions"}
TARGETS = {"help", "verify", "test", "lint", *STACK, *MACHINE, *PARTS, *NIGHTLY}
CALLS = (
    "$(PLUMBLINE) ",
    "pytest ",
    "ruff ",
    "mypy",
    "lint-imports",
    "@requirements/env.sh",
    "@requirements/packages.sh",
    "@awk",
)


def make(*arguments: str) -> list[str]:
    argv = ["make", "--no-print-directory", *arguments]
    return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()


def commands(target: str, *variables: str) -> list[list[str]]:
    """The arguments of each plumbline command that a target would run."""
    lines = (shlex.split(line) for line in make("--dry-run", target, *variables))
    return [words[3:] for words in lines if words[:3] == ["python", "-m", "plumbline"]]


def test_help_lists_every_target() -> None:
    listed = {match[1] for line in make("help") if (match := re.match(r"  make ([a-z-]+) +\S", line))}

    assert listed == TARGETS


def test_bare_make_is_help() -> None:
    assert make() == make("help")


def test_recipes_only_call() -> None:
    joined = (ROOT / "Makefile").read_text().replace("\\\n", " ")
    recipes = [line.strip() for line in joined.splitlines() if line.startswith("\t")]

    assert recipes
    assert [line for line in recipes if not line.startswith(CALLS)] == []


@pytest.mark.parametrize("target", sorted(STACK | MACHINE | PARTS | NIGHTLY | {"verify"}))
def test_the_command_line_knows_what_a_target_calls(target: str) -> None:
    for words in commands(target):
        assert cli._parser().parse_args(words)


@pytest.mark.parametrize("target", ["all-local", "deploy-eth-local", "deploy-helios-local"])
def test_networks_are_passed_on(target: str) -> None:
    for words in commands(target, "NETWORK=sepolia", "HELIOS_NETWORK=mainnet"):
        options = cli._parser().parse_args(words)
        assert (options.network, options.helios_network) == ("sepolia", "mainnet")


def test_flags_are_passed_on() -> None:
    (up, _) = commands("all-local", "KEEP=1", "FRESH=1", "IMAGES=pull", "REGISTRY_MIRROR=http://m", "PROFILE=prod")

    options = cli._parser().parse_args(up)
    assert (options.keep, options.fresh, options.images, options.profile) == (True, True, "pull", "prod")
    assert (options.registry_mirror, options.allow_unpinned) == ("http://m", None)


def test_the_nightly_workflow_runs_every_stage_and_has_no_logic_of_its_own() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "nightly.yml").read_text())
    (job,) = workflow["jobs"].values()

    assert set(job["strategy"]["matrix"]["stage"]) == {"verify", *NIGHTLY}
    runs = ["make ${{ matrix.stage }}", 'make -s report >> "$GITHUB_STEP_SUMMARY"', "make destroy"]
    assert [step["run"] for step in job["steps"] if "run" in step] == runs
    assert all(re.search(r"@[0-9a-f]{40}$", step["uses"]) for step in job["steps"] if "uses" in step), "pinned"
