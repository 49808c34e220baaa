"""Each thing that is wrong with the objects of others is said, with the object's name; a healthy stack gives no reason to."""

from copy import deepcopy

import pytest
from existingtest import Kube, balancer, budget, node, policy, workload

from plumbline.components.base import Workload
from plumbline.components.existing.mapping import Balancer, Cluster, Map
from plumbline.components.existing.stack import Existing

GETH = "StatefulSet chain/geth"
MAP = Map(
    Cluster("v1.36.2", ("chain",)),
    (Workload("StatefulSet", "geth", "chain"),),
    (Balancer("edge", "edge", "172.18.0.0/16"),),
)


def stack(*objects):
    return Existing(Kube(*objects), MAP)


def said(of):
    return [
        *(f"{name}: {why}" for name, why in of.cluster.unready().items()),
        *of.not_rolled_out(),
        *of.unbounded(),
        *of.open_by_default(),
        *of.unbudgeted(),
        *of.unreachable(),
    ]


def altered(path, value):
    """Return a workload in which the value at a path is another; None takes it away."""
    changed = workload()
    *way, last = path
    place = changed
    for key in way:
        place = place[key]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return changed


CONTAINER = ("spec", "template", "spec", "containers", 0)
ALL = (workload(), policy(), budget(), balancer("172.18.0.9"), node())


def test_a_healthy_stack_gives_no_reason_to_complain():
    assert said(stack(*deepcopy(ALL))) == []


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (("status", "readyReplicas"), 1, f"{GETH}: 1 of 2 ready"),
        (("spec", "replicas"), 0, f"{GETH}: 2 of 0 ready"),
        (("status", "observedGeneration"), 0, f"{GETH}: an update is rolling out"),
        (("status", "updatedReplicas"), 1, f"{GETH}: an update is rolling out"),
        ((*CONTAINER, "image"), "geth", f"{GETH}, container geth: image geth names no version"),
        ((*CONTAINER, "image"), "geth:latest", f"{GETH}, container geth: image geth:latest names no version"),
        ((*CONTAINER, "image"), "host:5000/geth", f"{GETH}, container geth: image host:5000/geth names no version"),
        ((*CONTAINER, "readinessProbe"), None, f"{GETH}: has no readiness probe"),
        ((*CONTAINER, "resources", "requests"), None, f"{GETH}, container geth: requests no cpu and no memory"),
        ((*CONTAINER, "resources", "limits"), None, f"{GETH}, container geth: has no limit on memory"),
    ],
)
def test_a_workload_that_is_not_as_it_should_be_is_named(path, value, expected):
    assert said(stack(altered(path, value), *ALL[1:])) == [expected]


@pytest.mark.parametrize(
    ("lacking", "expected"),
    [
        (0, [f"{GETH}: does not exist"] * 3),
        (1, ["namespace chain does not deny egress and ingress by default"]),
        (2, [f"{GETH}: has 2 replicas and no PodDisruptionBudget"]),
        (3, ["Service edge/edge: has no address"]),
    ],
)
def test_what_is_not_there_is_named(lacking, expected):
    assert said(stack(*(each for number, each in enumerate(ALL) if number != lacking))) == expected


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        ([policy(policyTypes=["Ingress"])], ["namespace chain does not deny egress by default"]),
        ([policy(policyTypes=["Ingress"]), policy("out", policyTypes=["Egress"])], []),
        ([policy(egress=[{"ports": [{"port": 53}]}])], []),
        ([policy(ingress=[{}])], ["namespace chain does not deny ingress by default"]),
        (
            [policy(podSelector={"matchLabels": {"app": "geth"}})],
            ["namespace chain does not deny egress and ingress by default"],
        ),
    ],
)
def test_a_namespace_denies_by_default_where_every_pod_is_isolated(policies, expected):
    assert stack(*policies).open_by_default() == expected


def test_an_image_named_by_its_digest_is_pinned():
    assert said(stack(altered((*CONTAINER, "image"), "geth@sha256:00"), *ALL[1:])) == []


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (budget(0), f"{GETH}: PodDisruptionBudget geth keeps none of its replicas"),
        (balancer("192.0.2.1"), "Service edge/edge: has address 192.0.2.1, which is not of 172.18.0.0/16"),
        (node(ready="Unknown"), "worker: Ready is Unknown: kubelet stopped posting"),
        (node(version="v1.35.0"), "worker: runs v1.35.0, not v1.36.2"),
    ],
)
def test_what_is_another_than_it_should_be_is_named(other, expected):
    kept = [each for each in ALL if each["kind"] != other["kind"]]
    assert said(stack(*kept, other)) == [expected]


def test_one_replica_needs_no_budget():
    assert stack(workload(replicas=1)).unbudgeted() == []
