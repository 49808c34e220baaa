"""Helm by its command line: install or upgrade a chart of ours, without waiting (readiness is watched, not asked of Helm)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from plumbline.core import events, shell
from plumbline.core.errors import ConfigError, PlumblineError
from plumbline.kube.api import Kube

_WITHIN_S = 60.0
_REQUESTS_PER_S: Final = 100  # to the API server; after the first hundred at once it is five, if nobody says anything


class Helm:
    """Releases in our cluster."""

    def __init__(self, kube: Kube, charts: Path, tools: Path, *, waits_s: float = 0) -> None:
        """Bind Helm to a cluster, our charts, and the folder of the pinned binary.

        Args:
            kube: the cluster.
            charts: folder of our charts.
            tools: folder of the pinned binary.
            waits_s: how long, in seconds, Helm itself waits for what it installs to be ready; 0: not at all.
        """
        self.kube, self.charts, self.tools, self.waits_s = kube, charts, tools, waits_s

    def upgrade(self, release: str, chart: str, namespace: str, values_file: str, values: Mapping[str, Any]) -> None:
        """Install a chart, or upgrade its release to what chart and values say now.

        Args:
            release: name of the release.
            chart: folder below charts/.
            namespace: an existing namespace.
            values_file: file in the chart's folder.
            values: on top of that file.

        Raises:
            ConfigError: the chart's schema refuses the values.
            PlumblineError: the API server refused an object, in Helm's words.
        """
        folder = self.charts / chart
        argv: list[str | Path] = ["upgrade", "--install", release, folder, "--namespace", namespace]
        argv += ["--values", folder / values_file, "--values", "-"]
        argv.append("--force-conflicts")  # what somebody changed by hand is put right, and no reason to stop
        if self.waits_s:
            argv += ["--wait", f"--timeout={self.waits_s:.0f}s"]
        else:  # half of Helm's time; the API server checks every object by the same schemas when it is applied (strictly, in Helm 4)
            argv.append("--disable-openapi-validation")
        with events.phase("helm", f"release {release}", chart=chart, namespace=namespace):
            result = self._helm(*argv, input=json.dumps(dict(values)))
            if "another operation" in result.stderr and "in progress" in result.stderr:
                self._forget_interrupted(release, namespace)
                result = self._helm(*argv, input=json.dumps(dict(values)))
        if result.ok:
            return
        raise _refusal(result.stderr, release, chart, values_file)

    def _forget_interrupted(self, release: str, namespace: str) -> None:
        """Drop the record of an operation whose Helm was killed: only one stack lease is held, so nobody is at work on it."""
        events.emit(
            "helm", "warning", text=f"the last operation on release {release} was interrupted; its record is dropped"
        )
        for status in ("pending-install", "pending-upgrade", "pending-rollback"):
            for secret in self.kube.objects("Secret", namespace, selector=f"owner=helm,name={release},status={status}"):
                self.kube.delete("Secret", secret["metadata"]["name"], namespace)

    def rollback(self, release: str, namespace: str) -> None:
        """Put a release back to the revision before its last one.

        Raises:
            PlumblineError: it has none, or the API server refused an object, in Helm's words.
        """
        result = self._helm("rollback", release, "--namespace", namespace, "--force-conflicts")
        if not result.ok:
            raise PlumblineError(f"helm could not roll {release} back: {shell.gist(result.stderr)}")

    def uninstall(self, release: str, namespace: str) -> None:
        """Remove a release; one that is not there is as good."""
        self._helm("uninstall", release, "--namespace", namespace, "--ignore-not-found", "--wait")

    def releases(self) -> list[dict[str, Any]]:
        """Return every release of the cluster (name, namespace, revision, status, chart)."""
        result = self._helm("list", "--all-namespaces", "--output", "json")
        return json.loads(result.stdout) if result.ok else []

    def manifest(self, release: str, namespace: str) -> str:
        """Return what a release is: its values, its notes, and its objects as the chart rendered them."""
        return self._helm("get", "all", release, "--namespace", namespace).stdout

    def _helm(self, *words: str | Path, input: str | None = None) -> shell.Result:  # noqa: A002
        argv = [
            self.tools / "helm",
            f"--kubeconfig={self.kube.kubeconfig}",
            f"--kube-context={self.kube.context}",
            f"--qps={_REQUESTS_PER_S}",
            *words,
        ]
        return shell.run(argv, within_s=_WITHIN_S + self.waits_s, input=input, check=False)


def _refusal(said: str, release: str, chart: str, values_file: str) -> PlumblineError:
    """Return what Helm's words mean: the values are wrong, or the cluster refused something."""
    where = f"charts/{chart}/{values_file}"
    if "values don't meet the specifications of the schema" in said:
        wrong = "; ".join(re.findall(r"^- (.+)$", said, re.MULTILINE)).replace("at '':", "at the top:") or shell.gist(
            said
        )
        return ConfigError(f"{where} is refused: {wrong}; charts/{chart}/values.schema.json says what is possible")
    if f"{values_file}: no such file" in said:
        return ConfigError(f"{where} is not there: put it back")
    if match := re.search(rf"failed to parse \S*{re.escape(values_file)}: (.+)", said):
        return ConfigError(f"{where} cannot be read: {match[1]}; put it right, and run the same command again")
    return PlumblineError(f"helm could not install {release}: {shell.gist(said)}")
