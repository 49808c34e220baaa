"""Each wrong change to charts, values and Argo CD's part is named by a check.

`plumbline faults run --static` has the suites' own tests judge the same changes, which takes minutes.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from plumbline.components.delivery import environments, gitops_policy, loose_values, policy
from plumbline.components.delivery.gitops import GitOps
from plumbline.components.delivery.renderings import CLOUD, PROD, Charts, Rendering, Way
from plumbline.components.delivery.schemas import Schemas
from plumbline.components.isolation.privileges import Privileges
from plumbline.core.errors import ConfigError
from plumbline.core.paths import Paths
from plumbline.faults import registry

if TYPE_CHECKING:
    from plumbline.faults.registry import Fault

ROOT = Path(__file__).parents[2]
PRODUCTION = [fault for fault in registry.load().all() if fault.static and fault.breaks in ("CHT-001", "GIT-001")]
PATHS = Paths.of(ROOT)


class Copy:
    """A copy of the charts, in one of which something is wrong."""

    def __init__(self, folder: Path, chart: str) -> None:
        for part in ("charts", "docs"):
            shutil.copytree(ROOT / part, folder / part)
        self.folder, self.chart = folder, chart
        self.charts = Charts(folder / "charts", PATHS.bin / "helm")
        self.gitops = GitOps(self.charts)

    @property
    def way(self) -> Way:
        """How the chart is installed in production."""
        return next(way for way in self.charts.of(PROD) if way.chart == self.chart)

    @cached_property
    def production(self) -> list[Rendering]:
        """What it comes to there."""
        return self.charts.rendered(self.way)


def by_policy(copy: Copy) -> Iterator[str]:
    return (said for rule in policy.RULES.values() for said in rule(copy.production))


def by_exceptions(copy: Copy) -> Iterator[str]:
    return policy.unrestricted(copy.production, Privileges.read(ROOT / "local"))


def by_schema(copy: Copy) -> list[str]:
    return Schemas(PATHS, PATHS.bin / "kubeconform").offences(copy.production)


def by_the_table(copy: Copy) -> list[str]:
    ways = [way for way in copy.charts.ways if way.chart == copy.chart and way.name in CLOUD]
    return environments.contradictions(copy.charts, copy.charts.rendered(*ways), environments.documented(copy.folder))


def by_helm(copy: Copy) -> list[str]:
    return copy.charts.complaints(copy.way)


def by_looseness(copy: Copy) -> Iterator[str]:
    if copy.charts.render(copy.way, {"repliacs": 2}).ok:
        yield f"charts/{copy.chart} takes an unknown key"
    yield from (f"charts/{copy.chart} takes anything as {value}" for value in loose_values.find(copy.charts, copy.way))


def by_order(copy: Copy) -> Iterator[str]:
    return gitops_policy.disorder(copy.gitops)


def by_sync_policy(copy: Copy) -> Iterator[str]:
    return gitops_policy.unkept(
        copy.gitops, copy.charts.rendered(*(w for w in copy.charts.of(PROD) if w.chart == "namespaces"))
    )


def by_pins(copy: Copy) -> Iterator[str]:
    return gitops_policy.unpinned(copy.gitops, gitops_policy.pinned(PATHS))


def by_sameness(copy: Copy) -> Iterator[str]:
    return gitops_policy.differences(copy.gitops)


def by_definitions(copy: Copy) -> Iterator[str]:
    return gitops_policy.undefined(copy.gitops, copy.charts.rendered(*copy.charts.of(PROD)))


def by_rights(copy: Copy) -> Iterator[str]:
    return gitops_policy.privileges(copy.gitops, everywhere(copy))


def by_secrets(copy: Copy) -> Iterator[str]:
    return gitops_policy.unsealed(copy.gitops, everywhere(copy))


def everywhere(copy: Copy) -> list[Rendering]:
    return copy.charts.rendered(*(way for environment in CLOUD for way in copy.charts.of(environment)))


OF_CHARTS = (by_policy, by_exceptions, by_schema, by_helm, by_looseness, by_the_table)
OF_GITOPS = (by_order, by_sync_policy, by_pins, by_sameness, by_definitions, by_rights, by_secrets)


def test_where_nothing_is_wrong_no_check_says_anything(tmp_path: Path) -> None:
    copy = Copy(tmp_path, "geth-node")

    assert not [said for check in (*OF_CHARTS, *OF_GITOPS) for said in check(copy)]


@pytest.mark.parametrize("fault", PRODUCTION, ids=lambda fault: fault.name)
def test_a_check_names_it(fault: Fault, tmp_path: Path) -> None:
    copy = Copy(tmp_path, fault.injured.removeprefix("charts/"))
    assert fault.mutate
    fault.mutate(tmp_path)

    named = next((found for check in checks(fault) if (found := says(check, copy, fault.injured))), None)

    assert named, f"{fault.name}: {fault.summary} Nobody names {fault.injured}"


def checks(fault: Fault) -> tuple[Callable[[Copy], Iterator[str] | list[str]], ...]:
    return OF_CHARTS if fault.breaks == "CHT-001" else OF_GITOPS


def says(check: Callable[[Copy], Iterator[str] | list[str]], copy: Copy, injured: str) -> str | None:
    """What a check says of what was injured; one that cannot look says nothing."""
    try:
        return next((said for said in check(copy) if injured in said), None)
    except ConfigError:
        return None
