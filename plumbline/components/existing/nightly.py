"""The harness in a cluster, by itself: a release of the chart ``conformance`` on a schedule, its runs, and what it tells of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

from plumbline.components.base import HelmComponent, Release, Site, Workload
from plumbline.components.existing import reader
from plumbline.components.existing.mapping import Map
from plumbline.components.monitoring import Monitoring
from plumbline.components.telemetry.prometheus import Questions
from plumbline.core import wait
from plumbline.kube import jobs, metrics
from plumbline.kube.api import Kube, Object, pod_state
from plumbline.kube.transport import ApiError

NAMESPACE, RELEASE = reader.NAMESPACE, "nightly"
RESULTS = f"{RELEASE}-results"
IMAGE = "plumbline.local/harness:0.1.0"
_RUN_WITHIN_S = 300.0
_GONE_WITHIN_S = 60.0
_FORGOTTEN_WITHIN_S = 330.0  # five minutes, where an interrupted run has left the target without a monitor
_LAST_LINES = 80
_INFO = f'plumbline_run_info{{namespace="{NAMESPACE}"}}'


@dataclass(frozen=True)
class Night:
    """One run of it.

    Attributes:
        name: the Job's name, and the run's.
        ok: whether all that was judged is well.
        said: the last lines of each share.
    """

    name: str
    ok: bool
    said: str


class Nightly(HelmComponent):
    """Judges a stack by a map, as the account that may only read.

    It is part of no stack: what it judges stands without it, and it is installed beside that.
    """

    name: ClassVar[str] = "harness-results"
    releases: ClassVar[tuple[Release, ...]] = (
        Release(RELEASE, "conformance", NAMESPACE, values_file="values.local-nightly.yaml", asks_api_server=True),
    )
    workloads: ClassVar[tuple[Workload, ...]] = (Workload("Deployment", RESULTS, NAMESPACE),)
    asked: ClassVar[tuple[str, ...]] = ("8080",)
    own_images: ClassVar[tuple[str, ...]] = (IMAGE,)

    def __init__(self, site: Site, mapped: Map) -> None:
        """Bind it to the place where its stack stands, and to the map by which that is judged."""
        super().__init__(site)
        self._mapped = mapped

    def values(self, release: Release) -> Mapping[str, Any]:
        """Return the map."""
        return {"harness": {"map": self._mapped.text()}}

    def prepare(self) -> None:
        """Have the account that it reads by."""
        reader.apply(self.kube, self.site.paths.local)

    @contextmanager
    def standing(self) -> Iterator[None]:
        """Have it there while the block runs."""
        self.remove()  # an interrupted run left it
        try:
            self.load()
            self.stage()
            self.deploy()
            wait.until(self.ready(), named="who keeps the harness' results", within_s=self.within_s)
            yield
        finally:
            self.remove()

    def remove(self) -> None:
        """Remove it with its runs and what they found; the account stays, since it may only read.

        First the target goes, then its monitor: of a target whose monitor is gone Prometheus shows the last values for minutes.
        """
        self.kube.delete("Deployment", RESULTS, NAMESPACE)
        prometheus = Monitoring(self.site).prometheus
        forgotten = wait.holds(lambda: not prometheus.query(_INFO), every_s=0.5)
        wait.until(forgotten, named="the harness' results forgotten", within_s=_FORGOTTEN_WITHIN_S)
        self.site.helm.uninstall(RELEASE, NAMESPACE)
        self.kube.delete("NetworkPolicy", self.way_in, NAMESPACE)

        def judge(left: dict[str, Object]) -> wait.Observation[None]:
            return wait.Observation(not left, None, f"{', '.join(left)} still there")

        own = f"app.kubernetes.io/instance={RELEASE}"
        gone = self.kube.watch("Pod", NAMESPACE, judge, selector=own)
        wait.until(gone, named="the harness' pods gone", within_s=_GONE_WITHIN_S)

    # -- what can be asked of it ---------------------------------------------------------------------------------

    def run(self, number: int) -> Night:
        """Make a run before it is due, and return how it ended.

        Raises:
            wait.Timeout: it does not end.
        """
        name = jobs.start(self.kube, RELEASE, NAMESPACE, number)

        def judge(found: dict[str, Object]) -> wait.Observation[bool]:
            ok = jobs.outcome(found.get(name, {}))
            pods = [pod_state(pod) for pod in jobs.pods_of(self.kube, name, NAMESPACE)]
            return wait.Observation(ok is not None, bool(ok), "; ".join(pods) or "no pod yet")

        ended = self.kube.watch("Job", NAMESPACE, judge, name=name)
        ok = wait.until(ended, named=f"the harness' run {name}", within_s=_RUN_WITHIN_S)
        return Night(name, ok, "\n".join(self._log(pod) for pod in jobs.pods_of(self.kube, name, NAMESPACE)))

    def told(self, prometheus: Questions, run: str) -> wait.Condition[Mapping[str, str]]:
        """Return the condition that Prometheus has the results of a run; its value are the verdicts, by control."""

        def look() -> wait.Observation[Mapping[str, str]]:
            known = {each.labels["run"] for each in prometheus.query(_INFO)}
            verdicts = prometheus.query(f'plumbline_control_verdict{{namespace="{NAMESPACE}"}} == 1')
            found = {each.labels["control"]: each.labels["verdict"] for each in verdicts}
            return wait.Observation(known == {run}, found, f"Prometheus knows of {', '.join(known) or 'no run'}")

        return wait.poll(look, every_s=0.5)

    def _log(self, pod: Object) -> str:
        try:
            return self.kube.logs(NAMESPACE, pod["metadata"]["name"], tail=_LAST_LINES)
        except ApiError as error:
            return f"{pod['metadata']['name']}: {error}"


def last(kube: Kube) -> Mapping[str, float]:
    """Return what the one that stands tells of its last run: metrics without labels, by name; none before the first."""
    return metrics.at(kube, f"/api/v1/namespaces/{NAMESPACE}/services/{RESULTS}:http/proxy/metrics")
