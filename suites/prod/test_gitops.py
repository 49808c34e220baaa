"""GIT: what Argo CD would deploy, where, and in which order."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from plumbline.components.delivery import gitops_policy as policy
from plumbline.components.delivery.gitops import GitOps
from plumbline.components.delivery.renderings import CLOUD, Rendering
from reports.evidence import attach

if TYPE_CHECKING:
    from plumbline.components.delivery.schemas import Schemas

pytestmark = pytest.mark.control("GIT-001")


def test_the_applicationsets_generate_each_environment_from_the_same_charts(gitops: GitOps, schemas: Schemas) -> None:
    """Preconditions: none; no cluster is needed.
    Steps: expand the ApplicationSets and render what their Applications deploy; hold all to Argo CD's own definitions; compare the
    environments with each other and with the ways in which the charts are proved (charts/renderings.yaml).
    Expected: dev, stage and prod are made of every chart that has values for production, as it is proved, and of nothing else.
    """
    table = [(each.environment, *each.wave, each.spec["project"], each.name) for each in gitops.deployments]
    attach(
        "deployments",
        "\n".join(" ".join(map(str, row)) for row in sorted(table, key=lambda row: (CLOUD.index(row[0]), row))),
    )
    made = Rendering(gitops.root.way, "\n---\n".join(map(json.dumps, gitops.generated)))

    offences = [*schemas.offences([made]), *policy.differences(gitops)]

    assert not offences, "\n".join(offences)


def test_nothing_comes_before_what_it_needs(gitops: GitOps, renderings: list[Rendering]) -> None:
    """Preconditions: none; no cluster is needed.
    Steps: look at the steps of the ApplicationSets, at the sync waves, at the kinds of what is deployed, and where secrets may go.
    Expected: dev, then stage, then prod; in each definitions, namespaces, controllers, secrets, workloads and monitoring; for each
    kind that Kubernetes or Google does not bring, its definition is among them; and what comes after the secrets can have some.
    """
    offences = [
        *policy.disorder(gitops),
        *policy.undefined(gitops, renderings),
        *policy.unsealed(gitops, renderings),
    ]

    assert not offences, "\n".join(offences)


def test_definitions_are_those_that_everything_was_proved_with(gitops: GitOps, schemas: Schemas) -> None:
    """Preconditions: none; no cluster is needed.
    Steps: compare the versions of upstream's definitions with those that this repository pins.
    Expected: they are the same.
    """
    offences = list(policy.unpinned(gitops, policy.pinned(schemas.paths)))

    assert not offences, "\n".join(offences)


def test_there_is_no_light_client(gitops: GitOps) -> None:
    """Preconditions: none; no cluster is needed.
    Steps: look for Helios in everything that Argo CD is given, and in everything that comes of it.
    Expected: it is nowhere.
    """
    told = [*gitops.root.objects, *gitops.generated, *(each.application for each in gitops.deployments)]

    found = [
        f"charts/{gitops.root.way.chart}: {each['metadata']['name']}"
        for each in told
        if "helios" in json.dumps(each).lower()
    ]

    assert not found, "\n".join(found)


def test_projects_permit_what_is_needed_and_no_more(gitops: GitOps, renderings: list[Rendering]) -> None:
    """Preconditions: none; no cluster is needed.
    Steps: compare what each project permits (repositories, clusters, namespaces, kinds) with what is deployed by it.
    Expected: neither lacks anything, nor is there anything to spare.
    """
    offences = list(policy.privileges(gitops, renderings))

    assert not offences, "\n".join(offences)


def test_drift_is_healed_and_nothing_of_value_is_pruned(gitops: GitOps, renderings: list[Rendering]) -> None:
    """Preconditions: none; no cluster is needed.
    Steps: look at the sync policies.
    Expected: what is changed by hand is put back, what is gone from Git goes, but for definitions, secrets and namespaces; and an
    ApplicationSet that is deleted takes nothing along.
    """
    offences = list(policy.unkept(gitops, renderings))

    assert not offences, "\n".join(offences)


@pytest.mark.parametrize("environment", CLOUD)
def test_one_commit_changes_one_environment(gitops: GitOps, environment: str) -> None:
    """Preconditions: none; no cluster is needed.
    Steps: set another revision for one environment, and expand the ApplicationSets again.
    Expected: the Applications of that environment are other ones, and those of no other.
    """
    changed = policy.promoted(gitops, environment, "v9.9.9")

    assert changed == {environment}, (
        f"charts/{gitops.root.way.chart}: promoting {environment} changes {sorted(changed)}"
    )
