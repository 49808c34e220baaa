"""The charts of the local stack fit each other, the cluster and the harness."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from chartrender import ROOT, Object, Rendering, containers, pod, title

from plumbline.components.base import Site
from plumbline.components.certificates import Certificates
from plumbline.core.config import Config
from plumbline.core.paths import Paths
from plumbline.kube.selectors import selects


@pytest.fixture(scope="session")
def kind() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "local" / "kind-config.yaml").read_text())  # type: ignore[no-any-return]


@pytest.fixture(scope="session")
def kubeadm(kind: dict[str, Any]) -> dict[str, Any]:
    """The patches of kubeadm's configuration, by kind."""
    patches = [yaml.safe_load(text) for text in kind["kubeadmConfigPatches"]]
    return {each["kind"]: each for each in patches}


def pods(local_stack: list[Rendering]) -> dict[str, tuple[str, Object]]:
    """DNS names of the StatefulSets' pods, with their namespace and workload."""
    found = {}
    for rendering in local_stack:
        for each in rendering.of_kind("StatefulSet"):
            name, service = each["metadata"]["name"], each["spec"]["serviceName"]
            rendering.one("Service", service)
            for ordinal in range(each["spec"]["replicas"]):
                found[f"{name}-{ordinal}.{service}.{rendering.way.namespace}.svc.cluster.local"] = (
                    rendering.way.namespace,
                    each,
                )
    return found


def allows(local_stack: list[Rendering], source: Object, target: Object, port: str, direction: str) -> bool:
    """Whether a policy of a pod lets traffic through to another one."""
    side = "from" if direction == "ingress" else "to"
    own, other = (target, source) if direction == "ingress" else (source, target)
    numbers = {p["name"]: p["containerPort"] for c in containers(target) for p in c.get("ports", [])}
    for rendering in local_stack:
        for policy in rendering.of_kind("NetworkPolicy"):
            if selects(policy["spec"]["podSelector"], labels(own)) and policy["spec"]["podSelector"]:
                for rule in policy["spec"].get(direction, []):
                    meant = {each["port"] for each in rule.get("ports", [])}
                    peers = [
                        each for each in rule.get(side, []) if "podSelector" in each and "namespaceSelector" not in each
                    ]
                    if meant & {port, numbers[port]} and any(
                        selects(each["podSelector"], labels(other)) for each in peers
                    ):
                        return True
    return False


def labels(workload: Object) -> Object:
    return workload["spec"]["template"]["metadata"]["labels"]  # type: ignore[no-any-return]


def test_the_beacon_node_drives_nodes_that_exist(
    local_stack: list[Rendering], renderings: dict[str, Rendering]
) -> None:
    beacon = renderings["beacon-local"].one("StatefulSet")
    words = [
        word.removeprefix("--engine=") for word in pod(beacon)["containers"][0]["args"] if word.startswith("--engine=")
    ]
    known = pods(local_stack)

    for word in words:
        url, jwt, *role = word.split(",")
        host = re.fullmatch(r"http://(\S+):8551", url)
        assert host, url
        _, geth = known[host[1]]
        snap = "--syncmode=snap" in pod(geth)["containers"][0]["args"]
        assert (role == ["follower"]) == snap, f"{url}: a follower snap-syncs, a producer cannot"
        assert jwt == "/jwt/jwt.hex"
        assert allows(local_stack, beacon, geth, "engine", "ingress"), url
        assert allows(local_stack, beacon, geth, "engine", "egress"), url


@pytest.mark.parametrize("name", ["geth-node-local-late", "geth-node-local-restored"])
def test_a_light_client_reaches_the_beacon_api(
    name: str, local_stack: list[Rendering], renderings: dict[str, Rendering]
) -> None:
    node, beacon = (renderings[each].one("StatefulSet") for each in (name, "beacon-local"))

    assert allows(local_stack, node, beacon, "http", "egress")
    assert allows(local_stack, node, beacon, "http", "ingress")


def test_every_node_may_dial_every_other(local_stack: list[Rendering]) -> None:
    nodes = [
        each for _, each in pods(local_stack).values() if labels(each)["app.kubernetes.io/component"] == "execution"
    ]

    assert len(nodes) == 6
    for source in nodes:
        for target in nodes:
            assert allows(local_stack, source, target, "p2p", "egress")
            assert allows(local_stack, source, target, "p2p", "ingress")


def test_clients_meet_every_node_that_can_serve(local_stack: list[Rendering], renderings: dict[str, Rendering]) -> None:
    selector = renderings["geth-node-local"].one("Service", "geth")["spec"]["selector"]
    members = {
        name.partition(".")[0]
        for name, (_, each) in pods(local_stack).items()
        if selects({"matchLabels": selector}, labels(each))
    }

    assert members == {"geth-0", "geth-1", "geth-follower-0", "geth-late-0"}


def test_the_ingress_controller_may_do_what_the_ingress_objects_ask(
    local_stack: list[Rendering], renderings: dict[str, Rendering]
) -> None:
    controller = renderings["nginx-ingress-local"]
    served = {role["metadata"]["namespace"] for role in controller.of_kind("Role")}
    backends = {
        (peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"], port["port"])
        for rule in controller.one("NetworkPolicy", "nginx-ingress")["spec"]["egress"]
        for port in rule["ports"]
        for peer in rule["to"]
        if "namespaceSelector" in peer
    }
    classes = {each["metadata"]["name"] for each in controller.of_kind("IngressClass")}

    for rendering in local_stack:
        for ingress in rendering.of_kind("Ingress"):
            assert rendering.namespace_of(ingress) in served
            assert ingress["spec"]["ingressClassName"] in classes
            if rendering is not controller:
                assert {(rendering.way.namespace, port) for port in ports_behind(rendering, ingress)} <= backends


def ports_behind(rendering: Rendering, ingress: Object) -> set[int]:
    """Container ports that the paths of an Ingress lead to."""
    found = set()
    for rule in ingress["spec"]["rules"]:
        for path in rule["http"]["paths"]:
            backend = path["backend"]["service"]
            service = rendering.one("Service", backend["name"])["spec"]
            (target,) = (port["targetPort"] for port in service["ports"] if port["name"] == backend["port"]["name"])
            pods = [each for each in rendering.pods if selects({"matchLabels": service["selector"]}, each.labels)]
            assert pods, f"{title(ingress)}: nothing is behind {backend['name']}"
            found |= {each.ports[target] for each in pods}
    return found


def test_the_ingress_controller_is_let_in_by_geth(renderings: dict[str, Rendering]) -> None:
    controller = renderings["nginx-ingress-local"].one("Deployment")
    rules = renderings["geth-node-local"].one("NetworkPolicy", "geth")["spec"]["ingress"]
    peers = [peer for rule in rules if rule["ports"] == [{"port": "rpc"}] for peer in rule["from"]]

    assert any(
        selects(peer["podSelector"], labels(controller))
        and peer["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": "ingress-nginx"}
        for peer in peers
    )


def test_the_ingress_controller_watches_what_it_has_a_role_for(renderings: dict[str, Rendering]) -> None:
    """One namespace without a Role, and it never gets past its first list."""
    for name in ("local", "prod"):
        controller = renderings[f"nginx-ingress-{name}"]
        words = pod(controller.one("Deployment"))["containers"][0]["args"]
        selector = next(word for word in words if "watchnamespaceselector" in word)
        watched = set(re.search(r" in \((.*)\)$", selector)[1].split(","))  # type: ignore[index]

        assert watched == {role["metadata"]["namespace"] for role in controller.of_kind("Role")}
        assert "ingress-nginx" in watched, "its own Service's address is published, its own readiness is a route"


def test_the_ingress_controller_is_ready_when_its_routes_are(renderings: dict[str, Rendering]) -> None:
    """A new controller that is sent clients before it has read the Ingress objects answers them 404."""
    for name in ("local", "prod"):
        controller = renderings[f"nginx-ingress-{name}"]
        container = pod(controller.one("Deployment"))["containers"][0]
        probe = container["readinessProbe"]["httpGet"]
        (rule,) = controller.one("Ingress")["spec"]["rules"]
        (path,) = rule["http"]["paths"]
        service = controller.one("Service", path["backend"]["service"]["name"])["spec"]
        ports = {port["name"]: port["containerPort"] for port in container["ports"]}

        assert probe["httpHeaders"] == [{"name": "Host", "value": rule["host"]}]
        assert (probe["path"], probe["port"]) == (path["path"], "http")
        assert (service["type"], service["externalName"]) == ("ExternalName", "localhost")
        assert [port["targetPort"] for port in service["ports"]] == [ports["metrics"]]


def test_body_limits_work_only_where_bodies_are_buffered(renderings: dict[str, Rendering]) -> None:
    words = pod(renderings["nginx-ingress-local"].one("Deployment"))["containers"][0]["args"]

    assert "--providers.kubernetesingressnginx.proxyrequestbuffering=true" in words
    assert renderings["nginx-ingress-local"].one("Service", "nginx-ingress")["spec"]["externalTrafficPolicy"] == "Local"


def test_metallbs_pool_does_not_wait_for_its_webhook(renderings: dict[str, Rendering]) -> None:
    metallb = renderings["metallb-local"]
    webhooks = metallb.one("ValidatingWebhookConfiguration")["webhooks"]
    skipping = {
        resource
        for hook in webhooks
        if "matchConditions" in hook
        for rule in hook["rules"]
        for resource in rule["resources"]
    }
    conditions = {each["expression"] for hook in webhooks for each in hook.get("matchConditions", [])}

    assert skipping == {"ipaddresspools", "l2advertisements"}
    assert all(hook["failurePolicy"] == "Fail" for hook in webhooks)
    assert any("!= 'metallb'" in each for each in conditions), "it is this release's install that is not asked about"


def test_the_denied_probe_may_send_what_the_allowed_one_may(renderings: dict[str, Rendering]) -> None:
    """Else its being blocked would prove the wrong policy."""
    conformance = renderings["conformance-local"]
    egress = conformance.one("NetworkPolicy", "probe-clients")["spec"]["podSelector"]
    ingress = conformance.one("NetworkPolicy", "probe-echo")["spec"]["ingress"]
    allowed, denied = (labels(conformance.one("Deployment", f"probe-{name}")) for name in ("allowed", "denied"))
    guarded = next(rule for rule in ingress if rule["ports"] == [{"port": "http"}])

    assert selects(egress, allowed)
    assert selects(egress, denied)
    assert selects(guarded["from"][0]["podSelector"], allowed)
    assert not selects(guarded["from"][0]["podSelector"], denied)


def test_every_node_has_a_listener_that_the_probes_know_of(renderings: dict[str, Rendering]) -> None:
    """Also one that is not ready yet: else a probe could be content with those that it sees."""
    conformance = renderings["conformance-local"]
    echo = conformance.one("DaemonSet", "probe-echo")
    listeners = conformance.one("Service", "probe-listeners")["spec"]
    words = [
        pod(conformance.one("Deployment", f"probe-{name}"))["containers"][0]["startupProbe"]["exec"]["command"]
        for name in ("allowed", "denied")
    ]

    assert "node-role.kubernetes.io/control-plane" in {each["key"] for each in pod(echo)["tolerations"]}
    assert listeners["clusterIP"] == "None"
    assert listeners["publishNotReadyAddresses"] is True
    assert selects({"matchLabels": listeners["selector"]}, labels(echo))
    assert [each[2:5] for each in words] == [
        [expected, "1", "probe-listeners.conformance.svc.cluster.local"] for expected in ("reachable", "blocked")
    ]


def test_the_api_server_may_ask_the_ports_that_are_asked_through_it(local_stack: list[Rendering]) -> None:
    from plumbline.components.consensus import Consensus
    from plumbline.components.execution import Execution
    from plumbline.components.light_client import LightClient
    from plumbline.components.sealed_secrets import SealedSecrets

    for component in (Execution, Consensus, SealedSecrets, LightClient):
        meant = [
            workload
            for rendering in local_stack
            for workload in rendering.workloads
            if labels(workload)["app.kubernetes.io/component"] == component.name
        ]
        assert meant
        for workload in meant:
            ports = {str(port["containerPort"]) for each in containers(workload) for port in each.get("ports", [])}
            assert set(component.asked) <= ports, f"{workload['metadata']['name']} has no port of {component.asked}"


def test_every_node_can_announce_addresses_and_make_volumes_and_snapshots(renderings: dict[str, Rendering]) -> None:
    speaker, driver = (renderings[name].one("DaemonSet") for name in ("metallb-local", "storage-local"))
    storage = renderings["storage-local"]
    provisioner, snapshotter = pod(driver)["containers"][1:]
    controller = pod(storage.one("Deployment", "snapshot-controller"))["containers"][0]

    assert any(word.startswith("--ml-labels=") for word in pod(speaker)["containers"][0]["args"]), (
        "they know each other"
    )
    assert storage.one("StorageClass")["volumeBindingMode"] == "WaitForFirstConsumer"
    assert {"--node-deployment=true", "--strict-topology=true"} <= set(provisioner["args"])
    assert "--node-deployment=true" in snapshotter["args"]
    assert "--enable-distributed-snapshotting=true" in controller["args"], "else no snapshotter thinks it is meant"
    for workload in (speaker, driver):
        assert any(each["operator"] == "Exists" for each in pod(workload)["tolerations"]), title(workload)


def test_every_certificate_that_an_ingress_names_is_issued(local_stack: list[Rendering], tmp_path: Path) -> None:
    paths = Paths(ROOT, tmp_path, tmp_path)
    issued = {(each.namespace, each.name, each.hosts) for each in Certificates(Site(Config(), paths)).wanted()}
    named = {
        (rendering.namespace_of(ingress), tls["secretName"], tuple(tls["hosts"]))
        for rendering in local_stack
        for ingress in rendering.of_kind("Ingress")
        for tls in ingress["spec"].get("tls", [])
    }

    assert issued == named


def test_the_clusters_ranges_are_those_of_the_firewall(kind: dict[str, Any], renderings: dict[str, Rendering]) -> None:
    words = pod(renderings["network-policy-local"].one("DaemonSet"))["containers"][0]["args"]

    assert f"--service-cluster-ip-range={kind['networking']['serviceSubnet']}" in words


def test_the_cluster_uses_the_images_of_the_lock(kubeadm: dict[str, Any]) -> None:
    lock = tomllib.loads((ROOT / "local" / "images" / "lock.toml").read_text())
    refs = {entry["ref"] for entry in lock.values()}
    configuration = kubeadm["ClusterConfiguration"]

    assert f"registry.k8s.io/etcd:{configuration['etcd']['local']['imageTag']}" in refs
    assert f"registry.k8s.io/coredns/coredns:{configuration['dns']['imageTag']}" in refs


def test_the_kubelet_is_set_for_any_host(kind: dict[str, Any], kubeadm: dict[str, Any]) -> None:
    kubelet = kubeadm["KubeletConfiguration"]

    assert kubelet["failCgroupV1"] is False
    assert kubelet["cgroupDriver"] == "cgroupfs"
    assert kind["networking"]["disableDefaultCNI"] is True


def test_the_beacon_node_understands_its_command_line(renderings: dict[str, Rendering], tmp_path: Path) -> None:
    options = pytest.importorskip("plumbline_beacon.options")
    for folder, secret in {"jwt/jwt.hex": "0x" + "11" * 32, "control/token": "t" * 43}.items():
        (tmp_path / folder).parent.mkdir(exist_ok=True)
        (tmp_path / folder).write_text(secret)
    for name, engines in {"beacon-local": 3, "beacon-time-machine": 1}.items():
        words = pod(renderings[name].one("StatefulSet"))["containers"][0]["args"]
        given = options.parse([re.sub(r"(?<=[=,])/(?=jwt/|control/)", f"{tmp_path}/", word) for word in words])

        assert len(given.engines) == engines
        assert given.control_port == 3999
        assert given.manual_clock == (name == "beacon-time-machine")


def test_the_volume_driver_understands_its_command_line(renderings: dict[str, Rendering]) -> None:
    config = pytest.importorskip("plumbline_csi.config")
    daemons = renderings["storage-local"].one("DaemonSet")
    driver, provisioner, snapshotter = pod(daemons)["containers"]
    given = config.parse([word.replace("$(NODE_NAME)", "a-node") for word in driver["args"]], {})
    socket = next(volume["hostPath"]["path"] for volume in pod(daemons)["volumes"] if volume["name"] == "socket")

    assert given.driver_name == renderings["storage-local"].one("StorageClass")["provisioner"]
    assert str(given.csi_socket) == f"{socket}/csi.sock"
    for sidecar in (provisioner, snapshotter):
        assert f"--csi-address={sidecar['volumeMounts'][0]['mountPath']}/csi.sock" in sidecar["args"]
    assert given.http_address[1] == driver["ports"][0]["containerPort"]


def test_the_light_client_reaches_what_it_asks_and_is_let_in(
    local_stack: list[Rendering], renderings: dict[str, Rendering]
) -> None:
    """Helios is in another namespace than the nodes: both sides name it."""
    helios = renderings["helios-local"]
    client = helios.one("Deployment")
    asked = {e["name"]: e["value"] for e in pod(client)["containers"][0]["env"] if e["name"].endswith("_RPC")}
    assert set(asked) == {"HELIOS_CONSENSUS_RPC", "HELIOS_EXECUTION_RPC"}

    for url in asked.values():
        service, namespace, port = re.fullmatch(r"http://([a-z]+)\.([a-z]+)\.svc\.cluster\.local:(\d+)", url).groups()  # type: ignore[union-attr]
        for rendering, target in served_by(local_stack, service, namespace):
            out = helios.one("NetworkPolicy", "helios")["spec"]["egress"]
            let_in = rendering.one("NetworkPolicy", rendering.way.release)["spec"]["ingress"]
            names = {
                p["name"] for c in containers(target) for p in c.get("ports", []) if p["containerPort"] == int(port)
            }
            assert opens(out, "to", {int(port)}, namespace, labels(target)), url
            assert opens(let_in, "from", names, "helios", labels(client)), f"{url}: {rendering.way}"


def served_by(local_stack: list[Rendering], service: str, namespace: str) -> list[tuple[Rendering, Object]]:
    """The workloads behind a Service, whichever release made it, with their renderings."""
    selectors = [
        each["spec"]["selector"]
        for rendering in local_stack
        for each in rendering.of_kind("Service")
        if (each["metadata"]["name"], rendering.way.namespace) == (service, namespace)
    ]
    assert len(selectors) == 1, f"{len(selectors)} Services {namespace}/{service}"
    return [
        (rendering, each)
        for rendering in local_stack
        for each in rendering.workloads
        if rendering.way.namespace == namespace and selects({"matchLabels": selectors[0]}, labels(each))
    ]


def opens(rules: list[Object], side: str, ports: set[Any], namespace: str, other: Object) -> bool:
    """Whether a rule of a policy names a port, and a pod of another namespace."""
    return any(
        ports & {port["port"] for port in rule["ports"]}
        and any(
            peer.get("namespaceSelector") == {"matchLabels": {"kubernetes.io/metadata.name": namespace}}
            and selects(peer.get("podSelector", {}), other)
            for peer in rule[side]
        )
        for rule in rules
    )


def test_helios_understands_its_environment(renderings: dict[str, Rendering]) -> None:
    """Every variable that the chart sets is one that the program knows, and none that it demands is missing."""
    known = set(
        re.findall(
            r"^  (HELIOS_\w+): \[", (ROOT / "local/helios/plumbline_helios/config.mjs").read_text(), re.MULTILINE
        )
    )
    given = {e["name"] for e in pod(renderings["helios-public-mainnet"].one("Deployment"))["containers"][0]["env"]}

    assert given == known
