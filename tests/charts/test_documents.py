"""The commands of the production guide: each is run, or says that it needs a cloud and names what is there."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import chartrender
import pytest
import yaml
from chartrender import ROOT, Helm

from plumbline.components.delivery import environments, gitops_policy
from plumbline.components.delivery.gitops import GitOps
from plumbline.components.delivery.renderings import CLOUD
from plumbline.components.secrets.sealing import SealingKey
from plumbline.core.paths import Paths
from plumbline.terraform import interface

# In the order in which a newcomer reads them.
PAGES = ("production-gcp.md", "production.md", "key-custody.md")
GUIDE = (ROOT / "docs" / "production.md").read_text()
BLOCK = re.compile(r"^ *```(bash.*)\n((?:.*\n)*?) *```$", re.MULTILINE)
TESTED, NEEDS_A_CLOUD = "bash tested", "bash needs-a-cloud"
IDENTITY = {f"GIT_{who}_{what}": "nobody" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
EXAMPLES = ("example.com", "github.com/example/", "example-ethereum")
NAMED = (
    "charts/*/values*.yaml",
    "terraform/terraform.tfvars",
    "terraform/bootstrap/example.tfvars",
    "docs/production.md",
)
TERRAFORM = ROOT / "terraform"
OUTPUT = re.compile(r"terraform (?:-chdir=(\w+) )?output (?:-raw )?`?(\w+)")
FILE = re.compile(r"-(?:var|from)-file=(?:[\w.]+=)?([\w./-]+)(?=\s)")
MANIFEST = re.compile(r"<<END\n(.*)^END$", re.DOTALL | re.MULTILINE)
ADDRESS = re.compile(r"\b((?:module\.\w+\.)?)(google_\w+)\.(\w+)")


def blocks(marked: str) -> Iterator[str]:
    """The commands of the guide that are marked so."""
    for page in PAGES:
        for mark, text in BLOCK.findall((ROOT / "docs" / page).read_text()):
            if mark == marked:
                yield re.sub(r"(?m)^ {3}", "", text)


@pytest.mark.parametrize("page", PAGES)
def test_each_command_is_tested_or_needs_a_cloud(page: str) -> None:
    marks = {mark for mark, _ in BLOCK.findall((ROOT / "docs" / page).read_text())}

    assert marks
    assert marks <= {TESTED, NEEDS_A_CLOUD}


@pytest.fixture
def keys() -> dict[str, SealingKey]:
    """What the controllers of the environments have made."""
    return {environment: SealingKey.made() for environment in CLOUD}


@pytest.fixture
def fork(tmp_path: Path, keys: dict[str, SealingKey]) -> Path:
    """A clone of a fork, with the certificates of the environments."""
    for part in ("charts", "docs", "secrets", "terraform"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns(".terraform"))
    told = tmp_path / "charts" / "gitops" / "values.prod.yaml"
    told.write_text(as_nobody_has_it(told.read_text()))
    for argv in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "as it is"]):
        subprocess.run(["git", *argv], cwd=tmp_path, check=True, env=os.environ | IDENTITY)
    for environment, key in keys.items():
        (tmp_path / f"{environment}.pem").write_text(key.pair.certificate_pem)
    return tmp_path


def as_nobody_has_it(told: str) -> str:
    """What Argo CD is told before anybody has followed the guide: whoever runs this has, perhaps."""
    return re.sub(
        r"revision: v\S+", "revision: v0.1.0", re.sub(r"url: \S+", f"url: https://{EXAMPLES[1]}plumbline.git", told)
    )


@pytest.fixture
def followed(fork: Path, helm: Helm) -> Path:
    """That clone after every command of the guide that needs no cloud."""
    path = f"{Path(sys.executable).parent}:{helm.helm.parent}:{os.environ['PATH']}"
    for text in blocks(TESTED):
        argv = ["bash", "-c", f"set -euo pipefail\n{text}"]
        env = os.environ | IDENTITY | {"PATH": path}
        done = subprocess.run(argv, cwd=fork, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{text}{done.stderr}"
    return fork


def test_the_tested_commands_do_what_the_guide_says(followed: Path, helm: Helm, keys: dict[str, SealingKey]) -> None:
    charts = Helm(followed / "charts", helm.helm)
    gitops = GitOps(charts)

    assert not examples(followed)
    of_the_cloud = [way for environment in CLOUD for way in charts.of(environment)]
    assert not environments.contradictions(charts, charts.rendered(*of_the_cloud), environments.documented(followed))

    made = [each for each in yaml.safe_load_all((followed / "gitops.yaml").read_text()) if each]
    assert [each["metadata"]["name"] for each in made if each["kind"] == "ApplicationSet"] == ["platform", "workloads"]
    assert {each["spec"]["source"]["repoURL"] for each in made if each["kind"] == "Application"} == {
        "https://github.com/acme/plumbline.git"
    }
    revisions = {each["name"]: each["revision"] for each in charts.values(ARGO)["environments"]}
    assert revisions == {"dev": "main", "stage": "v0.2.0", "prod": "v0.1.0"}

    for environment in CLOUD:
        sealed = [yaml.safe_load(file.read_text()) for file in (followed / "secrets" / environment).glob("*.yaml")]
        assert {each["metadata"]["namespace"] for each in sealed} == {"consensus", "ethereum"}
        for each in sealed:
            assert [name for name, key in keys.items() if key.opens(each)] == [environment]
            destination = {"name": environment, "namespace": each["metadata"]["namespace"]}
            assert destination in gitops.projects["secrets"]["destinations"]


ARGO = chartrender.named("gitops-argocd")


def examples(folder: Path) -> list[str]:
    """Where the names still stand that a newcomer replaces."""
    files = [file for pattern in NAMED for file in sorted(folder.glob(pattern))]
    return [f"{file.name}: {name}" for file in files for name in EXAMPLES if name in file.read_text()]


def test_what_the_guide_asks_terraform_for_is_there() -> None:
    pages = "".join((ROOT / "docs" / page).read_text() for page in PAGES)
    asked = {(folder, name) for folder, name in OUTPUT.findall(pages)}
    there = {
        (named, item.name)
        for named, folder in (("", TERRAFORM), ("terraform", TERRAFORM), ("bootstrap", TERRAFORM / "bootstrap"))
        for item in interface.items(folder)
        if item.kind == "output"
    }

    assert asked
    assert asked <= there


def test_the_files_and_addresses_of_the_guide_are_there() -> None:
    for text in blocks(NEEDS_A_CLOUD):
        entered = re.search(r"^cd (\S+)$", text, re.MULTILINE)
        folder = ROOT / (entered[1] if entered else "")
        for file in FILE.findall(text):
            assert (folder / file).is_file(), file
        for module, kind, name in ADDRESS.findall(text):
            code = folder / "modules" / module.split(".")[1] if module else folder
            assert f'resource "{kind}" "{name}"' in "".join(file.read_text() for file in code.glob("*.tf"))


def test_a_cluster_is_made_known_to_argo_cd_without_a_token() -> None:
    (manifest,) = (found[1] for block in blocks(NEEDS_A_CLOUD) if (found := MANIFEST.search(block)))
    secret = yaml.safe_load(re.sub(r"\$\(.*\)", "https://known-after-apply", manifest))

    assert secret["metadata"]["labels"] == {"argocd.argoproj.io/secret-type": "cluster"}
    assert set(secret["stringData"]) == {"name", "server", "config"}
    assert set(json.loads(secret["stringData"]["config"])) == {"execProviderConfig"}


def test_argo_cd_is_at_the_version_that_everything_was_proved_with() -> None:
    version = gitops_policy.pinned(Paths.of(ROOT))["https://github.com/argoproj/argo-cd.git"]

    assert set(re.findall(r"argo-cd/(v[\d.]+)/", GUIDE)) == {version}
    assert f"**Argo CD** {version.removeprefix('v')}," in GUIDE


def test_charts_that_stay_local_are_listed_with_a_reason() -> None:
    line = re.search(
        r"^Charts without `values.prod.yaml` are for local clusters only: ((?:.+\n)+)", GUIDE, re.MULTILINE
    )
    assert line
    local = [chart for chart in chartrender.charts() if not (ROOT / "charts" / chart / "values.prod.yaml").is_file()]

    assert re.findall(r"`([a-z-]+)`", line[1]) == local
