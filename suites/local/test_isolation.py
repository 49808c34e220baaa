"""POL and SEC-005: only listed flows are open, pods may do no more than they must, and nobody reads a Secret of others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from plumbline.components.devnet import NAMESPACE
from plumbline.components.execution import CONTAINER
from plumbline.components.isolation import budgets, census, picture, readers
from plumbline.components.isolation.matrix import Verdict
from plumbline.core.patience import settle
from reports.evidence import attach, figure

if TYPE_CHECKING:
    from plumbline.components.cluster import Cluster
    from plumbline.components.isolation.privileges import Privileges
    from plumbline.components.isolation.readers import Readers
    from plumbline.components.isolation.sweep import Sweep
    from plumbline.stack import Stack

TAKES_EFFECT_WITHIN_S = 10.0
SWEEP_TARGET_S = 15.0
PRODUCERS = ("geth-0", "geth-1")  # the pods of one release, whose budget keeps one of them


@pytest.mark.control("POL-001")
@pytest.mark.undisturbed
def test_only_listed_flows_are_open(sweep: Sweep) -> None:
    """Preconditions: the table of flows (local/isolation/flows.toml).
    Steps: from the network namespace of every pod, from each node, try every port of every pod, Service, node, and of a
    machine outside, all at once; compare each pair with the table.
    Expected: what is listed is open, and all else is closed while its listener answers somebody who may; no pod and no port
    is there that the table does not know.
    """
    found = settle(sweep.settled(), named="all flows as listed", within_s=TAKES_EFFECT_WITHIN_S)
    assert found.value is not None, found.summary
    matrix = found.value
    attach("flows", picture.svg(matrix).encode(), "image/svg+xml")
    attach("flows in words", matrix.text())
    figure("flows tried", len(matrix.cells), "")
    figure("flows open", matrix.count(Verdict.OPEN), "")
    figure("sweep of all flows", matrix.seconds, "s", target=SWEEP_TARGET_S)

    assert not matrix.wrong(), "\n".join(matrix.wrong())


@pytest.mark.control("POL-001")
def test_every_namespace_denies_by_default(sweep: Sweep) -> None:
    """Preconditions: a standing stack.
    Steps: read the NetworkPolicies of every namespace, those of Kubernetes and empty ones included.
    Expected: each has one that denies everything to and from all of its pods, those to come included.
    """
    undefended = sweep.undefended()

    assert not undefended, "\n".join(undefended)


@pytest.mark.control("POL-002")
@pytest.mark.undisturbed
def test_pods_are_restricted_but_for_listed_exceptions(cluster: Cluster, privileges: Privileges) -> None:
    """Preconditions: the table of exceptions (local/isolation/privileges.toml).
    Steps: compare every pod, those that a schedule will start included, with the restricted Pod Security level, and with what
    is asked beyond it: a read-only root, a limit on memory, no token of the Kubernetes API; read the level that each namespace
    enforces.
    Expected: each deviation is listed, each one listed is needed, and only where one needs it a level is lower.
    """
    pods = [*cluster.pods(), *census.scheduled(cluster.cron_jobs())]
    attach("exceptions", {name: dict(reasons) for name, reasons in privileges.reasons.items()})

    wrong = privileges.unlisted(pods) + privileges.stale(pods) + privileges.too_lenient(cluster.namespaces(), pods)

    assert not wrong, "\n".join(wrong)


@pytest.mark.destructive("execution")
@pytest.mark.control("POL-003")
def test_budget_keeps_the_last_producer(stack: Stack) -> None:
    """Preconditions: two block producers, of which a PodDisruptionBudget keeps one.
    Steps: ask for the eviction of each, as a dry run; let one stand still until it is not ready, and ask for the other's.
    Expected: while both are ready each may go; the last one may not: 429, in the budget's name. Nothing is evicted, and the one
    that stood still goes on.
    """
    first, last = PRODUCERS
    free = [budgets.ask(stack.site, NAMESPACE, pod) for pod in PRODUCERS]
    names = budgets.of_pod(stack.site, NAMESPACE, last)
    with budgets.paused(stack.site, NAMESPACE, first, CONTAINER):
        for name in names:
            counted = budgets.noticed(stack.site, NAMESPACE, name, healthy=1)
            settle(counted, named=f"PodDisruptionBudget {name} counts one", within_s=TAKES_EFFECT_WITHIN_S)
        answer = budgets.ask(stack.site, NAMESPACE, last)

    budget = " and ".join(f"PodDisruptionBudget {NAMESPACE}/{name}" for name in names) or "no PodDisruptionBudget"
    under = f"{NAMESPACE}/{last} is under {budget}"
    attach("asked while both were ready", "\n".join(map(str, free)))
    attach("asked while one stood still", f"{answer}\n{under}")
    assert answer.refused, f"{answer}, though no other producer is ready; {under}"
    assert not [each for each in free if each.refused], f"no node with one of them could ever be drained; {under}"


@pytest.mark.control("SEC-005")
@pytest.mark.undisturbed
def test_nobody_reads_secrets_of_others(stack: Stack, readers_listed: Readers) -> None:
    """Preconditions: the table of who may read which Secret (local/isolation/secrets.toml).
    Steps: ask the API server, for every ServiceAccount and every Secret, whether the one may get, list or watch the other; look
    which Secrets are given to the pods of each account.
    Expected: nobody can read what the table does not list for it, and what it lists is needed.
    """
    accounts, secrets = (readers.names(stack.site.kube, kind) for kind in ("ServiceAccount", "Secret"))
    rights = readers.rights(stack.site.kube, accounts, secrets)
    attach("who can read what", "\n".join(f"{who} reads {what}: {how}" for (who, what), how in sorted(rights.items())))
    figure("accounts and Secrets asked about", len(accounts) * len(secrets), "")

    wrong = readers_listed.foreign(rights) + readers_listed.stale(rights, accounts)

    assert not wrong, "\n".join(wrong)
