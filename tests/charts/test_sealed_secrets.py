"""What the chart of Sealed Secrets leaves to its controller."""

from __future__ import annotations

import pytest
from chartrender import Rendering, pod

from plumbline.components.secrets import sealing

SERVED = {
    "local": ["ethereum", "helios", "monitoring"],
    "prod": ["consensus", "ethereum", "monitoring"],
}  # production has no light client


@pytest.fixture(params=SERVED)
def chart(request: pytest.FixtureRequest, renderings: dict[str, Rendering]) -> Rendering:
    return renderings[f"sealed-secrets-{request.param}"]


@pytest.mark.parametrize("place", SERVED)
def test_it_has_rights_in_the_namespaces_that_it_serves_only(place: str, renderings: dict[str, Rendering]) -> None:
    chart = renderings[f"sealed-secrets-{place}"]
    words = pod(chart.one("Deployment"))["containers"][0]["args"]

    assert {chart.namespace_of(role) for role in chart.of_kind("Role")} == {*SERVED[place], "sealed-secrets"}
    assert not chart.of_kind("ClusterRole")
    assert "--all-namespaces=false" in words
    assert f"--additional-namespaces={','.join(SERVED[place])}" in words


def test_it_deletes_nothing(chart: Rendering) -> None:
    verbs = {verb for role in chart.of_kind("Role") for rule in role["rules"] for verb in rule["verbs"]}

    assert verbs == {"get", "list", "watch", "create", "update", "patch"}


def test_no_pod_reaches_its_seals(chart: Rendering) -> None:
    """Whoever can post to it can ask what it can open; the API server can, and asks RBAC first."""
    opened = {
        port["port"]
        for rule in chart.one("NetworkPolicy", chart.way.release)["spec"]["ingress"]
        for port in rule["ports"]
    }

    assert opened == {"metrics"}


def test_the_api_server_asks_for_the_same_reason_as_the_command_line(chart: Rendering) -> None:
    spec = chart.one("ValidatingAdmissionPolicy")["spec"]
    prefix = sealing.Scope.CLUSTER_WIDE.annotation.removesuffix("cluster-wide")
    (wide,) = [each["expression"] for each in spec["variables"] if each["name"] == "wide"]

    assert f"'{sealing.BECAUSE}'" in spec["validations"][0]["expression"]
    assert f"'{prefix}'" in wide
    assert all(f"'{scope}'" in wide for scope in sealing.WIDE)
    assert chart.one("ValidatingAdmissionPolicyBinding")["spec"]["validationActions"] == ["Deny"]
