"""CHT: charts and their values, in every environment, as far as they can be judged without a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from plumbline.components.delivery import environments, loose_values, policy
from plumbline.components.delivery.renderings import CLOUD, LOCAL
from plumbline.components.delivery.schemas import UNPUBLISHED, group
from plumbline.components.isolation.privileges import Privileges
from reports.evidence import attach

if TYPE_CHECKING:
    from plumbline.components.delivery.renderings import Charts, Rendering
    from plumbline.components.delivery.schemas import Schemas

pytestmark = pytest.mark.control("CHT-001")


def test_each_chart_lints_and_renders(charts: Charts) -> None:
    """Preconditions: none; no cluster is needed.
    Steps: have Helm lint each chart, which renders it, with the values of each way in which it is installed.
    Expected: it finds nothing to complain of, and there is a way for each environment.
    """
    assert {*CLOUD, LOCAL} <= {way.name for way in charts.ways}

    complaints = charts.complaints(*charts.ways)

    assert not complaints, "\n".join(complaints)


def test_each_object_is_what_the_api_takes(renderings: list[Rendering], schemas: Schemas) -> None:
    """Preconditions: none; no cluster is needed.
    Steps: hold every object to the schema that upstream publishes for its kind, made strict.
    Expected: none offends. Kinds that Google serves on its clusters only have no published schema; they are listed.
    """
    objects = [each for rendering in renderings for each in rendering.objects]
    unknown = {f"{each['apiVersion']} {each['kind']}" for each in objects if group(each) in UNPUBLISHED}
    attach("kinds without a published schema", "\n".join(sorted(unknown)))

    offences = schemas.offences(renderings)

    assert not offences, "\n".join(offences)


def test_each_chart_refuses_bad_values(charts: Charts) -> None:
    """Preconditions: none; no cluster is needed.
    Steps: give each chart a key that it does not know; put nonsense in the place of each value that it does.
    Expected: its schema refuses both, each time.
    """
    one_each = {way.chart: way for way in charts.ways}.values()
    took = [f"charts/{way.chart} takes an unknown key" for way in one_each if charts.render(way, {"repliacs": 2}).ok]
    took += [
        f"charts/{way.chart} takes anything as {value}" for way in one_each for value in loose_values.find(charts, way)
    ]

    assert not took, "\n".join(took)


@pytest.mark.parametrize("environment", CLOUD)
@pytest.mark.parametrize("rule", policy.RULES)
def test_the_policy_is_kept(renderings: list[Rendering], rule: str, environment: str) -> None:
    """Preconditions: none; no cluster is needed.
    Steps: ask one rule of our policy (plumbline/components/delivery/policy.py) about everything that an environment of the cloud has.
    Expected: nothing offends against it.
    """
    deployed = [rendering for rendering in renderings if rendering.way.name == environment]

    offences = list(policy.RULES[rule](deployed))

    assert not offences, "\n".join(f"{rule}: {offence}" for offence in offences)


@pytest.mark.parametrize("environment", CLOUD)
def test_pods_are_restricted(renderings: list[Rendering], environment: str, pytestconfig: pytest.Config) -> None:
    """Preconditions: none; no cluster is needed.
    Steps: compare what the pods of an environment may do with the restricted level and with the table of exceptions.
    Expected: nothing goes beyond both.
    """
    deployed = [rendering for rendering in renderings if rendering.way.name == environment]

    offences = list(policy.unrestricted(deployed, Privileges.read(pytestconfig.rootpath / "local")))

    assert not offences, "\n".join(offences)


def test_environments_differ_only_where_the_documents_say_so(
    charts: Charts, renderings: list[Rendering], pytestconfig: pytest.Config
) -> None:
    """Preconditions: none; no cluster is needed.
    Steps: render production with the values that the table in docs/production.md gives dev and stage; compare with dev and stage.
    Expected: they are the same, object by object.
    """
    table = environments.documented(pytestconfig.rootpath)

    contradictions = environments.contradictions(charts, renderings, table)

    assert not contradictions, "\n".join(contradictions)
