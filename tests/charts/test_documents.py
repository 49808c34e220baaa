"""The commands of the production guide: each is run, or says that it needs a cloud."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import chartrender
import pytest
import yaml
from chartrender import ROOT, Helm

GUIDE = (ROOT / "docs" / "production.md").read_text()
BLOCK = re.compile(r"^ *```(bash.*)\n((?:.*\n)*?) *```$", re.MULTILINE)
IDENTITY = {f"GIT_{who}_{what}": "nobody" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


def test_each_command_is_tested_or_needs_a_cloud() -> None:
    assert {marked for marked, _ in BLOCK.findall(GUIDE)} == {"bash tested", "bash needs-a-cloud"}


@pytest.fixture
def fork(tmp_path: Path) -> Path:
    """A repository with what Argo CD reads."""
    for part in ("charts", "secrets"):
        shutil.copytree(ROOT / part, tmp_path / part)
    for argv in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "as it is"]):
        subprocess.run(["git", *argv], cwd=tmp_path, check=True, env=os.environ | IDENTITY)
    return tmp_path


def test_the_tested_commands_do_what_the_guide_says(fork: Path, helm: Helm) -> None:
    commands = [text for marked, text in BLOCK.findall(GUIDE) if marked == "bash tested"]
    path = f"{helm.helm.parent}:{os.environ['PATH']}"

    for text in commands:
        script = "set -euo pipefail\n" + re.sub(r"(?m)^ {3}", "", text)
        argv = ["bash", "-c", script]
        env = os.environ | IDENTITY | {"PATH": path}
        done = subprocess.run(argv, cwd=fork, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{text}{done.stderr}"

    kinds = [each["kind"] for each in yaml.safe_load_all((fork / "gitops.yaml").read_text()) if each]
    assert kinds.count("ApplicationSet") == 2
    revisions = {
        each["name"]: each["revision"] for each in Helm(fork / "charts", helm.helm).values(ARGO)["environments"]
    }
    assert revisions == {"dev": "main", "stage": "v0.2.0", "prod": "v0.1.0"}


ARGO = chartrender.named("gitops-argocd")


def test_charts_that_stay_local_are_listed_with_a_reason() -> None:
    line = re.search(
        r"^Charts without `values.prod.yaml` are for local clusters only: ((?:.+\n)+)", GUIDE, re.MULTILINE
    )
    assert line
    local = [chart for chart in chartrender.charts() if not (ROOT / "charts" / chart / "values.prod.yaml").is_file()]

    assert re.findall(r"`([a-z-]+)`", line[1]) == local
