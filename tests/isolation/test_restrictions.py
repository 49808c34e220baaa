"""Where a pod deviates from the restricted level, and what the table makes of that."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plumbline.components.isolation.privileges import FILE, Privileges
from plumbline.components.isolation.restrictions import deviations
from plumbline.core.errors import ConfigError
from plumbline.faults.injuries import pods as intruders
from plumbline.kube import pods

CHANGES = {
    "hostNetwork": {"hostNetwork": True},
    "hostPID": {"hostPID": True},
    "hostPath /": {"volumes": [{"name": "root", "hostPath": {"path": "/"}}]},
    "token": {"serviceAccountName": "app", "automountServiceAccountToken": True},
}
OF_CONTAINER = {
    "allowPrivilegeEscalation": {"allowPrivilegeEscalation": True},
    "readOnlyRootFilesystem": {"readOnlyRootFilesystem": False},
    "runAsNonRoot": {"runAsNonRoot": False},
    "seccompProfile": {"seccompProfile": {"type": "Unconfined"}},
}


def confined() -> dict[str, Any]:
    return deepcopy(pods.confined("app", "here"))


def standing(pod: dict[str, Any]) -> dict[str, Any]:
    return {**pod, "status": {"phase": "Running"}}


def test_a_confined_pod_deviates_in_nothing() -> None:
    assert deviations(confined()["spec"], "app") == set()


@given(st.sets(st.sampled_from([*CHANGES, *OF_CONTAINER])))
def test_each_deviation_is_told_and_no_other(chosen: set[str]) -> None:
    spec = confined()["spec"]
    for name in chosen:
        if name in CHANGES:
            spec |= CHANGES[name]
        else:
            spec["containers"][0]["securityContext"] |= OF_CONTAINER[name]

    assert deviations(spec, "app") == chosen


def test_a_container_of_another_name_is_named() -> None:
    spec = confined()["spec"]
    spec["containers"][0]["resources"] = {}

    assert deviations(spec, "workload") == {"app: limits"}


@pytest.mark.parametrize("kind", ["initContainers", "ephemeralContainers"])
def test_every_kind_of_container_counts(kind: str) -> None:
    spec = confined()["spec"]
    spec[kind] = [{**spec["containers"][0], "name": "other", "securityContext": {"privileged": True}}]

    assert "other: privileged" in deviations(spec, "app")


def test_privileged_says_it_all_and_one_capability_is_for_everybody() -> None:
    spec = intruders.privileged("app", "here")["spec"]
    assert deviations(spec, "app") == {"privileged", "readOnlyRootFilesystem"}

    spec = confined()["spec"]
    spec["containers"][0]["securityContext"]["capabilities"]["add"] = ["NET_BIND_SERVICE", "NET_RAW"]
    assert deviations(spec, "app") == {"added NET_RAW"}


def test_a_port_of_the_node_counts_but_on_its_own_network() -> None:
    spec = confined()["spec"]
    spec["containers"][0]["ports"] = [{"containerPort": 80, "hostPort": 80}]

    assert deviations(spec, "app") == {"hostPort 80"}
    assert deviations({**spec, "hostNetwork": True}, "app") == {"hostNetwork"}


def test_a_nodes_own_pod_has_no_token() -> None:
    spec = confined()["spec"]
    del spec["automountServiceAccountToken"]

    assert deviations(spec, "app") == set()
    assert deviations({**spec, "serviceAccountName": "default"}, "app") == {"token"}


def table(**reasons: list[str]) -> Privileges:
    return Privileges({f"here/{name}": dict.fromkeys(listed, "because") for name, listed in reasons.items()})


def test_what_is_not_listed_is_named_with_its_pod() -> None:
    intruder = standing(intruders.privileged("intruder", "here"))

    assert table(intruder=["readOnlyRootFilesystem"]).unlisted([intruder]) == [
        f"pod here/intruder (here/intruder) deviates by privileged, which local/{FILE} does not list"
    ]


def test_what_nobody_needs_is_named() -> None:
    app = standing(confined())

    told = table(app=["hostNetwork"], gone=["hostNetwork"]).stale([app])

    assert told == [
        f"local/{FILE} excepts here/app by hostNetwork, which it does not need",
        f"local/{FILE} excepts here/gone by hostNetwork, which is not in the cluster",
    ]


@pytest.mark.parametrize(("listed", "named"), [([], True), (["token"], True), (["hostNetwork"], False)])
def test_only_a_privilege_excuses_a_lower_level(listed: list[str], named: bool) -> None:
    namespace = {"metadata": {"name": "here", "labels": {"pod-security.kubernetes.io/enforce": "privileged"}}}

    told = table(app=listed).too_lenient([namespace], [standing(confined())])

    assert [line.partition(" enforces")[0] for line in told] == (["namespace here"] if named else [])


def test_an_exception_without_a_reason_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE).parent.mkdir()
    (tmp_path / FILE).write_text('[[exception]]\nworkloads = ["a/b"]\ndeviations = ["token"]\nreason = ""\n')

    with pytest.raises(ConfigError, match="each exception has deviations, reason, workloads"):
        Privileges.read(tmp_path)
