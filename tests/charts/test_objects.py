"""What holds for every object of every rendering."""

from __future__ import annotations

import re
import tomllib

import pytest
from chartrender import ROOT, Object, Rendering, containers, pod, title

from plumbline.components.isolation import restrictions
from plumbline.components.isolation.flows import denies_by_default
from plumbline.components.isolation.privileges import Privileges
from plumbline.components.secrets import sealing
from plumbline.kube.selectors import selects

STABLE = {f"app.kubernetes.io/{name}" for name in ("name", "instance", "component", "part-of", "managed-by")}
VERSIONED = {"app.kubernetes.io/version", "helm.sh/chart"}
ISOLATED = {
    *("ethereum", "helios", "ingress-nginx", "conformance", "metallb-system", "storage", "sealed-secrets"),
    "monitoring",
}
OF_KUBERNETES = {"default", "kube-node-lease", "kube-public", "kube-system"}  # where charts/network-policy denies


@pytest.fixture(scope="session")
def privileges() -> Privileges:
    return Privileges.read(ROOT / "local")


@pytest.fixture(scope="session")
def locked_images() -> set[str]:
    lock = tomllib.loads((ROOT / "local" / "images" / "lock.toml").read_text())
    return {entry["ref"] for entry in lock.values()}


def test_labels(rendering: Rendering) -> None:
    for each in rendering.objects:
        labels = each["metadata"].get("labels", {})
        assert set(labels) >= STABLE | VERSIONED, title(each)
        assert labels["app.kubernetes.io/part-of"] == "plumbline"
    for each in rendering.workloads:
        labels = each["spec"]["template"]["metadata"]["labels"]
        assert set(labels) >= STABLE, title(each)
        assert not VERSIONED & set(labels), f"{title(each)}: a new chart version alone must not restart pods"
        assert selects(each["spec"].get("selector", {}), labels), title(each)
        for claim in each["spec"].get("volumeClaimTemplates", []):
            assert not VERSIONED & set(claim["metadata"]["labels"]), f"{title(each)}: claims cannot be changed later"


def test_images_are_pinned_and_in_the_lock(rendering: Rendering, locked_images: set[str]) -> None:
    for workload in rendering.workloads:
        for container in containers(workload):
            image = container["image"]
            assert re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+/[a-z0-9._/-]+:v?\d+\.\d+\.\d+\S*", image), image
            assert container["imagePullPolicy"] == "IfNotPresent", title(workload)
            assert image in locked_images | set(rendering.way.not_in_lock), (
                f"{title(workload)}: {image} is not in the lock"
            )


def deviations(rendering: Rendering, workload: Object) -> tuple[str, set[str]]:
    """A workload as the table of exceptions calls it, and where it is not as restricted as can be."""
    name = workload["metadata"]["name"]
    return f"{rendering.namespace_of(workload)}/{name}", restrictions.deviations(pod(workload), name)


def test_pods_are_restricted_but_for_the_exceptions(
    rendering: Rendering, local_stack: list[Rendering], privileges: Privileges
) -> None:
    """Another release of a chart may what the local one of the same kind may."""
    for workload in rendering.workloads:
        name, found = deviations(rendering, workload)
        of_kind = [
            deviations(each, like)[0]
            for each in local_stack
            if each.way.chart == rendering.way.chart and not rendering.way.is_local
            for like in each.workloads
            if like["kind"] == workload["kind"]
        ]
        excused = {one for each in (name, *of_kind) for one in privileges.reasons.get(each, {})}
        excused |= set() if rendering.way.is_local else {"token"}  # which is for RBAC to bound, where no table is
        assert found <= excused, title(workload)


def test_no_exception_is_stale(local_stack: list[Rendering], privileges: Privileges) -> None:
    """What Kubernetes brings itself is no chart's: POL-002 sees to that, in the cluster."""
    needed = dict(deviations(rendering, workload) for rendering in local_stack for workload in rendering.workloads)

    assert {name: found for name, found in needed.items() if found} == {
        name: set(reasons) for name, reasons in privileges.reasons.items() if name in needed
    }


def test_nobody_gets_a_token_unasked(rendering: Rendering) -> None:
    for account in rendering.of_kind("ServiceAccount"):
        assert account["automountServiceAccountToken"] is False, title(account)
    for workload in rendering.workloads:
        assert pod(workload)["serviceAccountName"] != "default", title(workload)


def test_resources_are_set(rendering: Rendering) -> None:
    for workload in rendering.workloads:
        for container in containers(workload):
            resources = container["resources"]
            where = f"{title(workload)}: {container['name']}"
            assert {"cpu", "memory"} <= set(resources["requests"]), where
            assert "memory" in resources["limits"], where
            assert "cpu" not in resources["limits"], f"{where}: throttling makes probes and heads late"


def test_no_secret_has_content(rendering: Rendering) -> None:
    for secret in rendering.of_kind("Secret"):
        assert not secret.get("data"), title(secret)
        assert not secret.get("stringData"), title(secret)


def test_a_sealed_secret_is_strict_or_says_why(rendering: Rendering) -> None:
    for sealed in rendering.of_kind("SealedSecret"):
        assert sealing.justified(sealed), f"{title(sealed)}: {sealing.scope_of(sealed)}, and no {sealing.BECAUSE}"


def test_nobody_reads_the_secrets_of_the_whole_cluster(rendering: Rendering) -> None:
    for role in rendering.of_kind("ClusterRole"):
        for rule in role["rules"]:
            assert not {"secrets", "*"} & set(rule.get("resources", ())), title(role)
            assert "*" not in rule["verbs"], title(role)


def test_roles_are_bound_to_accounts_that_exist(rendering: Rendering) -> None:
    names = {(each["kind"], rendering.namespace_of(each), each["metadata"]["name"]) for each in rendering.objects}
    for binding in rendering.of_kind("RoleBinding", "ClusterRoleBinding"):
        role = binding["roleRef"]
        namespace = rendering.namespace_of(binding)
        assert (role["kind"], namespace, role["name"]) in names, title(binding)
        for subject in binding["subjects"]:
            assert (subject["kind"], subject["namespace"], subject["name"]) in names, title(binding)


def test_workloads_of_isolated_namespaces_have_a_policy(rendering: Rendering) -> None:
    policies = [each for each in rendering.of_kind("NetworkPolicy") if each["spec"]["podSelector"]]
    for workload in rendering.workloads:
        if rendering.namespace_of(workload) in ISOLATED and not pod(workload).get("hostNetwork"):
            labels = workload["spec"]["template"]["metadata"]["labels"]
            assert any(selects(each["spec"]["podSelector"], labels) for each in policies), title(workload)


@pytest.mark.parametrize("namespace", sorted(ISOLATED | OF_KUBERNETES))
def test_an_isolated_namespace_denies_by_default_once(namespace: str, local_stack: list[Rendering]) -> None:
    denying = [
        str(rendering.way)
        for rendering in local_stack
        for policy in rendering.of_kind("NetworkPolicy")
        if rendering.namespace_of(policy) == namespace and denies_by_default(policy)
    ]

    assert len(denying) == 1, denying


def test_policies_open_no_port_by_leaving_it_out(rendering: Rendering) -> None:
    """A rule without ports opens all: only traffic with the Internet may do that, since peers choose their ports themselves."""
    for policy in rendering.of_kind("NetworkPolicy"):
        for rule in policy["spec"].get("ingress", []):
            assert rule["ports"], title(policy)
        for rule in policy["spec"].get("egress", []):
            blocks = [peer["ipBlock"] for peer in rule.get("to", []) if "ipBlock" in peer]
            assert rule.get("ports") or (blocks and all("10.0.0.0/8" in block["except"] for block in blocks)), title(
                policy
            )


def test_the_api_server_is_all_that_its_rule_opens(renderings: dict[str, Rendering]) -> None:
    """Named by its port alone, it would be any host's port 6443."""
    charts = ("network-policy", "nginx-ingress", "metallb", "storage", "sealed-secrets", "kube-prometheus-stack")
    for name in (f"{chart}-local" for chart in charts):
        rules = [r for p in renderings[name].of_kind("NetworkPolicy") for r in p["spec"].get("egress", [])]
        opened = [rule.get("to") for rule in rules if rule["ports"] == [{"port": 6443, "protocol": "TCP"}]]

        assert opened, name
        assert all(to == [{"ipBlock": {"cidr": "172.18.0.2/32"}}] for to in opened), name


def test_ports_go_by_name(rendering: Rendering) -> None:
    for service in rendering.of_kind("Service"):
        if service["spec"].get("type") == "ExternalName":
            continue  # it leads to a name, whose ports have none
        names = port_names(rendering, service["spec"]["selector"])
        for port in service["spec"]["ports"]:
            assert port["name"], title(service)
            assert port["targetPort"] in names, f"{title(service)}: no pod has a port {port['targetPort']}"
    for ingress in rendering.of_kind("Ingress"):
        for rule in ingress["spec"]["rules"]:
            for path in rule["http"]["paths"]:
                assert isinstance(path["backend"]["service"]["port"]["name"], str), title(ingress)
    for policy in rendering.of_kind("NetworkPolicy"):
        for rule in policy["spec"].get("ingress", []):
            names = port_names(rendering, policy["spec"]["podSelector"].get("matchLabels", {}))
            of_others = title(policy) == "NetworkPolicy/coredns"  # which kubeadm deploys
            assert of_others or {port["port"] for port in rule["ports"]} <= names, title(policy)
    for workload in rendering.workloads:
        for container in containers(workload):
            own = {port["name"] for port in container.get("ports", [])}
            for probe in probes(container):
                asked = probe.get("httpGet") or probe.get("tcpSocket")
                assert asked is None or asked["port"] in own, f"{title(workload)}: {container['name']}"


def port_names(rendering: Rendering, selector: Object) -> set[str]:
    """Names of the ports of the pods that a selector means."""
    meant = [each.ports for each in rendering.pods if selects({"matchLabels": selector}, each.labels)]
    return set().union(*meant)


def probes(container: Object) -> list[Object]:
    return [container[kind] for kind in ("startupProbe", "readinessProbe", "livenessProbe") if kind in container]


def test_the_local_stack_loses_no_time_with_probes(local_rendering: Rendering) -> None:
    for workload in local_rendering.workloads:
        asked = [each for each in containers(workload) if "readinessProbe" in each]
        assert asked or workload["kind"] == "CronJob", f"{title(workload)}: nothing says when it is ready"
        for container in asked:
            first: Object = container.get("startupProbe") or container["readinessProbe"]
            assert first["periodSeconds"] == 1, title(workload)
            assert first.get("initialDelaySeconds", 0) == 0, title(workload)


def test_a_budget_leaves_room_for_an_eviction(rendering: Rendering) -> None:
    for budget in rendering.of_kind("PodDisruptionBudget"):
        replicas = [each.replicas for each in rendering.pods if selects(budget["spec"]["selector"], each.labels)]
        assert sum(replicas) > budget["spec"]["minAvailable"], title(budget)
