"""GIT: promotion and drift, by Argo CD itself and a real Git server; both are brought for it (``make gitops``)."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from plumbline.components.delivery.renderings import CLOUD
from plumbline.core.patience import settle
from reports.evidence import attach, figure

if TYPE_CHECKING:
    from plumbline.components.delivery.argo import Argo
    from plumbline.components.delivery.fork import Fork
    from plumbline.components.delivery.gitops import GitOps

pytestmark = pytest.mark.control("GIT-002")
DEV, STAGE, PROD = CLOUD
WITHIN_S = 180.0
MADE_WITHIN_S = HEALED_WITHIN_S = 60.0


def test_the_controllers_make_what_was_proved_without_them(argo: Argo, fork: Fork, promised: GitOps) -> None:
    """Preconditions: Argo CD has deployed all of a fork of this repository.
    Steps: compare each Application in the cluster with what GIT-001 expands and renders of the same fork.
    Expected: they are the same, at the commits that the revisions name; and there are no others.
    """
    made = settle(argo.as_promised(fork, promised), named="the Applications as promised", within_s=MADE_WITHIN_S)

    assert made.ok, made.summary


@pytest.mark.usefixtures("fork")
@pytest.mark.parametrize("environment", CLOUD)
def test_a_change_by_hand_is_seen_and_healed(argo: Argo, environment: str) -> None:
    """Preconditions: Argo CD has deployed all of a fork of this repository.
    Steps: change an object of an environment by hand, and delete another.
    Expected: Argo CD tells that the Application is out of sync, and both are as Git has them again.
    """
    application = f"{environment}-workload"
    told = argo.events(application)

    start = time.monotonic()
    argo.change_by_hand(environment)
    healed = settle(argo.as_in_git(environment), named=f"{application} healed", within_s=HEALED_WITHIN_S)
    figure(f"a change by hand in {environment}, until healed", time.monotonic() - start, "s")

    assert healed.ok, f"{application}: what was changed by hand stays so: {healed.summary}"
    seen = [said for name, said in argo.events(application).items() if name not in told]
    attach("told by Argo CD", "\n".join(seen))
    assert any("OutOfSync" in said for said in seen), f"nobody told that {application} was out of sync: {seen}"


def test_one_commit_changes_one_environment(argo: Argo, fork: Fork) -> None:
    """Preconditions: Argo CD has deployed all of a fork of this repository.
    Steps: push a new version to the branch that dev follows; promote stage to it by a commit, then prod by another.
    Expected: each commit brings the version to its environment, where it comes up, and changes nothing in another.
    """
    version = fork.release()
    for environment in CLOUD:
        before = argo.contents()
        if environment == DEV:
            fork.push(f"{DEV}: {version}", version=version)
        else:
            fork.promote(environment, version)
            fork.push(f"{environment}: {version}")
        argo.told()
        came = settle(argo.deployed(environment, version), named=f"{version} in {environment}", within_s=WITHIN_S)
        figure(f"promotion of {environment}, from the push to ready", came.seconds, "s")
        assert came.ok, f"{version} did not come to {environment}: {came.summary}"

        after = argo.contents()
        changed = {each for each in CLOUD if before[each] != after[each]}
        assert changed == {environment}, f"the commit for {environment} changed {', '.join(sorted(changed))}"


def test_an_environment_waits_for_the_one_before_it(argo: Argo, fork: Fork) -> None:
    """Preconditions: Argo CD has deployed all of a fork of this repository.
    Steps: by one commit promote stage and prod to a version that works, and give dev one that does not come up; when stage is kept
    back, give dev one that does.
    Expected: stage stays as it was until dev is healthy, prod until stage is.
    """
    good = fork.release()
    fork.push(f"{DEV}: {good}", version=good)
    argo.told()
    came = settle(argo.deployed(DEV, good), named=f"{good} in {DEV}", within_s=WITHIN_S)
    assert came.ok, f"{good} did not come to {DEV}: {came.summary}"
    before = argo.contents()

    bad = fork.release(works=False)
    fork.promote(STAGE, good)
    fork.promote(PROD, good)
    fork.push(f"{DEV}: {bad}, {STAGE} and {PROD}: {good}")
    argo.told()
    kept = settle(argo.waits(f"{STAGE}-workloads"), named=f"{STAGE} is kept back", within_s=WITHIN_S)
    assert kept.ok, f"{STAGE}-workloads does not wait for {DEV}, where {bad} does not come up: {kept.summary}"
    passed_by = [each for each in (STAGE, PROD) if argo.contents()[each] != before[each]]
    assert not passed_by, f"{bad} does not come up in {DEV}, and {', '.join(passed_by)} is changed all the same"

    fork.release()
    fork.push(f"{DEV}: {fork.version}")
    argo.told()
    came = settle(argo.deployed(PROD, good), named=f"{good} in {PROD}", within_s=2 * WITHIN_S)
    assert came.ok, f"{good} did not come to {PROD} after {DEV} was healthy again: {came.summary}"
    order = [(each, argo.synced_from(f"{each}-workload"), argo.healthy_since(f"{each}-workload")) for each in CLOUD]
    attach("synced from, healthy since", "\n".join(f"{each}: {synced}, {healthy}" for each, synced, healthy in order))
    for (earlier, _, healthy), (later, synced, _) in pairwise(order):
        assert healthy <= synced, (
            f"{later}-workload was synced at {synced}, and {earlier} was healthy only at {healthy}"
        )
