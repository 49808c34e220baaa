"""What is asked of the harness that runs in the cluster by itself."""

from __future__ import annotations

from typing import Any

import pytest

from plumbline.components.base import Site
from plumbline.components.existing import nightly
from plumbline.components.existing.mapping import Cluster, Map
from plumbline.components.existing.nightly import Nightly
from plumbline.components.telemetry.prometheus import Sample
from plumbline.core.config import Config
from plumbline.core.paths import Paths
from plumbline.core.patience import settle

VERDICTS = [
    Sample({"control": "EXT-002", "verdict": "proved"}, 1),
    Sample({"control": "EXT-004", "verdict": "failed"}, 1),
]


class Prometheus:
    """One that knows the results of one run."""

    def __init__(self, *runs: str) -> None:
        self.runs = runs

    def query(self, expression: str) -> list[Sample]:
        return VERDICTS if "verdict" in expression else [Sample({"run": run}, 1) for run in self.runs]


@pytest.fixture
def harness() -> Nightly:
    return Nightly(Site(Config(), Paths.of()), Map(Cluster("v1.36.4", ("ethereum",))))


@pytest.mark.parametrize(("runs", "told"), [((), False), (("nightly-1",), False), (("nightly-2",), True)])
def test_a_run_is_told_of_when_its_own_results_are(harness: Nightly, runs: tuple[str, ...], told: bool) -> None:
    prometheus: Any = Prometheus(*runs)
    seen = settle(harness.told(prometheus, "nightly-2"), named="told", within_s=0.1)

    assert seen.ok == told
    assert seen.value == {"EXT-002": "proved", "EXT-004": "failed"}


def test_the_map_goes_into_the_release(harness: Nightly) -> None:
    (release,) = harness.releases

    assert harness.values(release) == {"harness": {"map": Map(Cluster("v1.36.4", ("ethereum",))).text()}}
    assert release.namespace == nightly.NAMESPACE


def test_what_it_tells_of_its_last_run_is_read_where_it_is_kept() -> None:
    class Kube:
        def request(self, method: str, path: str) -> str:
            assert path == "/api/v1/namespaces/plumbline-reader/services/nightly-results:http/proxy/metrics"
            return 'plumbline_run_info{run="r"} 1\nplumbline_run_success 0\n# EOF\n'

    kube: Any = Kube()

    assert nightly.last(kube) == {"plumbline_run_success": 0.0}
