"""OpenTofu on copies of terraform/, with stand-ins for the providers: what it says of format, validity and plans.

OpenTofu reads the same language as Terraform, and can be built from Go modules like the other pinned tools.
"""

from __future__ import annotations

import json
import posixpath
import re
import shutil
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plumbline.core import shell
from plumbline.core.paths import Paths
from plumbline.images import tools, workshop
from plumbline.terraform import messages, stand_in
from plumbline.terraform.bindings import Bindings
from plumbline.terraform.findings import Finding
from plumbline.terraform.plan import Plan
from plumbline.terraform.roots import FOLDER, Root
from plumbline.terraform.schema import Schema

_WITHIN_S = 120.0
_LEFT_BEHIND = (".terraform", "*.tfstate*", ".terraform.lock.hcl")
_OVERRIDE = "offline_override.tf"  # files so named change what other files say
_LOCAL_STATE = 'terraform {\n  backend "local" {}\n}\n'
_USED = re.compile(r'^(resource|data) "(([a-z]+)_\w+)"', re.MULTILINE)
_QUIET = {"CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1", "TF_CLI_CONFIG_FILE": "/dev/null"}


_preparing = threading.Lock()  # environments share a folder, and with it their modules


class NotPlanned(Exception):
    """OpenTofu made no plan; it says why."""

    def __init__(self, findings: list[Finding]) -> None:
        """Keep what it said."""
        self.findings = findings
        super().__init__("\n".join(map(str, findings)))


@dataclass(frozen=True)
class Workbench:
    """A copy of terraform/ that OpenTofu works on.

    Attributes:
        tree: the copy.
        tofu: the pinned OpenTofu.
        checkov: the pinned checkov.
        schemas: what the providers accept.
        env: OpenTofu's environment: where the stand-ins are.
    """

    tree: Path
    tofu: Path
    checkov: Path
    schemas: tuple[Schema, ...]
    env: Mapping[str, str]

    def format(self) -> list[Finding]:
        """Return the files that are not formatted, or cannot be read."""
        ended = self._run(".", "fmt", "-check", "-recursive", "-list=true", "-no-color")
        found = [Finding("format", f"{FOLDER}/{name}", "tofu fmt would change it") for name in ended.stdout.split()]
        return found or ([] if ended.ok else [Finding("format", FOLDER, shell.gist(ended.stderr))])

    def validate(self, root: Root) -> list[Finding]:
        """Return what does not fit the language or the providers' schemas, wherever in the root's modules it is."""
        if found := self._prepared(root):
            return found
        ended = self._run(root.folder, "validate", "-json")
        return _findings("valid", root, json.loads(ended.stdout)["diagnostics"])

    def plan(self, root: Root) -> Plan:
        """Return the plan of a root.

        Raises:
            NotPlanned: there is none, and why.
        """
        if found := self._prepared(root):
            raise NotPlanned(found)
        file = self.tree / root.folder / f"{root.workspace}.plan"
        argv = ["plan", "-json", "-input=false", "-lock=false", "-refresh=false", f"-out={file}"]
        ended = self._run(root.folder, *argv, *([f"-var-file={root.values}"] if root.values else []), root=root)
        if not ended.ok:
            lines = [json.loads(line) for line in ended.stdout.splitlines() if line.startswith("{")]
            raise NotPlanned(
                _findings("planned", root, [line["diagnostic"] for line in lines if "diagnostic" in line])
                or [Finding("planned", root.name, shell.gist(ended.stdout + ended.stderr))]
            )
        shown = self._run(root.folder, "show", "-json", str(file), root=root, check=True)
        return Plan(root.name, json.loads(shown.stdout))

    def _prepared(self, root: Root) -> list[Finding]:
        """Have a root's modules installed and its workspace there; return what stands against it."""
        folder = self.tree / root.folder
        with _preparing:
            if root.workspace != "default":
                (folder / "terraform.tfstate.d" / root.workspace).mkdir(parents=True, exist_ok=True)
            if (folder / "backend.tf").is_file():
                (folder / _OVERRIDE).write_text(_LOCAL_STATE)
            if (folder / ".terraform").is_dir():
                return []
            ended = self._run(root.folder, "init", "-input=false", "-no-color")
        return [] if ended.ok else [Finding("valid", root.name, shell.gist(ended.stderr))]

    def _run(self, folder: str, *argv: str, root: Root | None = None, check: bool = False) -> shell.Result:
        env = {**_QUIET, **self.env, **({"TF_WORKSPACE": root.workspace} if root else {})}
        return shell.run([self.tofu, *argv], within_s=_WITHIN_S, cwd=self.tree / folder, env=env, check=check)


@contextmanager
def opened(paths: Paths, *checkouts: Path) -> Iterator[list[Workbench]]:
    """Lend a workbench with a copy of terraform/ for each of some checkouts; all share the same stand-ins."""
    with tempfile.TemporaryDirectory(prefix="plumbline-tf-") as folder:
        scratch = Path(folder)
        trees = [_copied(checkout, scratch / str(number)) for number, checkout in enumerate(checkouts)]
        schemas = tuple(_schemas(paths, trees))
        with stand_in.serving(schemas, messages.load(workshop.of(paths)), scratch) as env:
            yield [_bench(paths, tree, schemas, env) for tree in trees]


@contextmanager
def online(paths: Paths, project: str) -> Iterator[Workbench]:
    """Lend a workbench with the real providers, which OpenTofu fetches, and the caller's credentials.

    Args:
        paths: the checkout.
        project: the project that production is planned for; nothing is changed in it.
    """
    with tempfile.TemporaryDirectory(prefix="plumbline-tf-") as folder:
        tree = _copied(paths.root, Path(folder))
        (tree / "project.auto.tfvars").write_text(f'projects = {{ prod = "{project}" }}\n')
        yield _bench(paths, tree, (), {})


def _bench(paths: Paths, tree: Path, schemas: tuple[Schema, ...], env: Mapping[str, str]) -> Workbench:
    return Workbench(tree, tools.tool(paths, "tofu"), tools.tool(paths, "checkov"), schemas, env)


def _copied(checkout: Path, into: Path) -> Path:
    return Path(shutil.copytree(checkout / FOLDER, into / FOLDER, ignore=shutil.ignore_patterns(*_LEFT_BEHIND)))


def bindings(paths: Paths) -> list[Bindings]:
    """Return the bindings of every provider that terraform/ uses."""
    store, pins = workshop.of(paths).store, paths.root / "requirements" / "providers"
    return [
        Bindings("google", pins / "google.txt", store),
        Bindings("helm", pins / "helm.txt", store, blocks_are_arguments=True),
    ]


def _schemas(paths: Paths, trees: Iterable[Path]) -> Iterator[Schema]:
    """Yield what each provider accepts in the resources and data sources that the trees use."""
    used = {match for tree in trees for file in tree.rglob("*.tf") for match in _USED.findall(file.read_text())}

    def types(kind: str, provider: str) -> set[str]:
        return {name for what, name, of in used if (what, of) == (kind, provider)}

    for each in bindings(paths):
        yield each.schema(types("resource", each.provider), types("data", each.provider))


def _findings(check: str, root: Root, diagnostics: list[dict[str, Any]]) -> list[Finding]:
    return sorted(
        {
            Finding(check, _where(root, each), " ".join(f"{each['summary']}: {each.get('detail', '')}".split()))
            for each in diagnostics
            if each["severity"] == "error"
        }
    )


def _where(root: Root, diagnostic: Mapping[str, Any]) -> str:
    found = diagnostic.get("range")
    if not found:
        return root.name
    file = posixpath.normpath(f"{FOLDER}/{root.folder}/{found['filename']}")
    return f"{root.name}: {file}:{found['start']['line']}"
