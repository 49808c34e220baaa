"""EXT: a stack that others installed is only read, and its objects are what they should be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reports.evidence import attach

if TYPE_CHECKING:
    from plumbline.components.existing.stack import Existing

pytestmark = pytest.mark.reading


@pytest.mark.control("EXT-001")
def test_who_reads_may_do_nothing_else(existing: Existing) -> None:
    """Preconditions: the published account (local/existing/reader.yaml), or one of the user's own.
    Steps: ask the API server by access reviews whether it has any writing verb, any verb on Secrets, or any way into pods, for
    everything that the harness can name, in each mapped namespace and everywhere; try each write as a dry run.
    Expected: every right is denied, and every write forbidden.
    """
    assert not existing.excess, "\n".join(existing.excess)


@pytest.mark.control("EXT-002")
def test_workloads_have_rolled_out(existing: Existing) -> None:
    """Preconditions: a map that names workloads.
    Steps: read each.
    Expected: it exists, and all its replicas are ready and of its newest version.
    """
    wrong = existing.not_rolled_out()

    assert not wrong, "\n".join(wrong)


@pytest.mark.control("EXT-003")
def test_pods_are_pinned_probed_and_bounded(existing: Existing) -> None:
    """Preconditions: a map that names workloads.
    Steps: read each one's pod template.
    Expected: each has an image of a version, requests of CPU and memory, and a limit on memory; its pod has a readiness probe.
    """
    wrong = existing.unbounded()

    assert not wrong, "\n".join(wrong)


@pytest.mark.control("EXT-004")
def test_namespaces_deny_by_default(existing: Existing) -> None:
    """Preconditions: a map that names the stack's namespaces.
    Steps: read the NetworkPolicies of each.
    Expected: every pod, those to come included, is isolated both ways but for what policies list.
    """
    wrong = existing.open_by_default()

    assert not wrong, "\n".join(wrong)


@pytest.mark.control("EXT-005")
def test_replicas_are_under_a_budget(existing: Existing) -> None:
    """Preconditions: a map that names workloads, some with several replicas.
    Steps: read the PodDisruptionBudgets over each.
    Expected: each is under one that keeps at least one replica.
    """
    wrong = existing.unbudgeted()

    assert not wrong, "\n".join(wrong)


@pytest.mark.control("EXT-006")
def test_addresses_and_hosts_answer(existing: Existing) -> None:
    """Preconditions: a map that names Services of type LoadBalancer, and hosts.
    Steps: read each Service's address; get each host, and one that nobody serves, at its address.
    Expected: each address is of the mapped pool, each host answers with the mapped status, and the one that nobody serves with 404.
    """
    attach("map", existing.mapped.text())

    wrong = existing.unreachable()

    assert not wrong, "\n".join(wrong)
