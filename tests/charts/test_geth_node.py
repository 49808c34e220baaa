"""What the chart of Geth says on each network."""

from __future__ import annotations

import json

import pytest
from chartrender import CHARTS, Helm, Object, Rendering, containers, pod

from plumbline.kube.selectors import selects

WAYS = ["local", "local-follower", "local-late", "local-restored", "public-sepolia", "public-mainnet", "prod"]


@pytest.fixture(params=WAYS)
def geth(request: pytest.FixtureRequest, renderings: dict[str, Rendering]) -> Rendering:
    return renderings[f"geth-node-{request.param}"]


def flags(rendering: Rendering) -> dict[str, str]:
    """Flags of the node's command line; those without a value are empty."""
    words = pod(rendering.one("StatefulSet"))["containers"][0]["args"]
    return {word.removeprefix("--").partition("=")[0]: word.partition("=")[2] for word in words}


def volumes(rendering: Rendering) -> dict[str, Object]:
    return {volume["name"]: volume for volume in pod(rendering.one("StatefulSet"))["volumes"]}


@pytest.mark.parametrize("name", ["local", "local-follower", "local-late"])
def test_a_devnet_is_never_called_sepolia(name: str, renderings: dict[str, Rendering]) -> None:
    """Geth would bring Sepolia's own fork schedule, which the devnet has left behind."""
    geth = renderings[f"geth-node-{name}"]
    init = containers(geth.one("StatefulSet"))[0]

    assert not {"sepolia", "mainnet", "holesky", "hoodi", "dev"} & set(flags(geth))
    assert flags(geth)["networkid"] == "11155111"
    assert init["args"] == ["init", "--datadir=/data", "--state.scheme=path", "/genesis/genesis.json"]
    assert "nodiscover" in flags(geth)
    assert flags(geth)["nat"] == "none"


PUBLIC = {"public-sepolia": "sepolia", "public-mainnet": "mainnet", "prod": "sepolia"}


@pytest.mark.parametrize(("name", "network"), PUBLIC.items())
def test_a_public_network_brings_its_own_genesis(name: str, network: str, renderings: dict[str, Rendering]) -> None:
    geth = renderings[f"geth-node-{name}"]

    assert network in flags(geth)
    assert "networkid" not in flags(geth)
    assert "initContainers" not in pod(geth.one("StatefulSet"))
    assert "genesis" not in volumes(geth)
    assert flags(geth)["syncmode"] == "snap"


def test_only_public_namespaces_are_served(geth: Rendering) -> None:
    given = flags(geth)

    assert given["http.api"] == given["ws.api"] == "eth,net,web3"
    assert given["http.port"] == given["ws.port"] == "8545"
    assert "ipcdisable" in given
    assert "*" not in given["http.vhosts"].split(",")
    assert "ws.origins" not in given


def test_the_engine_api_and_its_key_come_together(geth: Rendering) -> None:
    given, mounted = flags(geth), volumes(geth)
    ports = {port["name"] for port in pod(geth.one("StatefulSet"))["containers"][0]["ports"]}
    peers = geth.one("Service", f"{geth.way.release}-peers")
    engine = "authrpc.jwtsecret" in given

    assert engine != ("beacon.api" in given)
    assert engine == ("jwt" in mounted) == ("engine" in ports)
    assert engine == ("engine" in {port["name"] for port in peers["spec"]["ports"]})


def test_a_late_joiner_follows_by_its_own_light_client(renderings: dict[str, Rendering]) -> None:
    late = renderings["geth-node-local-late"]
    given = flags(late)
    egress = late.one("NetworkPolicy")["spec"]["egress"]

    assert given["beacon.api"] == "http://beacon:3500"
    assert given["beacon.config"] == "/genesis/beacon.yaml"
    assert given["beacon.checkpoint"] == "0x" + "11" * 32
    assert given["syncmode"] == "snap"
    assert [port["port"] for rule in egress for port in rule["ports"]] == [30303, 3500]


def test_a_copy_is_repaired_and_verified_before_the_node_starts_on_it(renderings: dict[str, Rendering]) -> None:
    restored = renderings["geth-node-local-restored"].one("StatefulSet")
    repair, verify = pod(restored)["initContainers"]
    (claim,) = restored["spec"]["volumeClaimTemplates"]

    assert {"--maxpeers=0", "--nodiscover", "--exec=eth.blockNumber", "--history.state=64"} < set(repair["args"])
    assert verify["args"] == ["snapshot", "verify-state", "--datadir=/data"]
    assert claim["spec"]["dataSource"] == {
        "apiGroup": "snapshot.storage.k8s.io",
        "kind": "VolumeSnapshot",
        "name": "nightly",
    }
    (usual,) = renderings["geth-node-local"].one("StatefulSet")["spec"]["volumeClaimTemplates"]
    assert "dataSource" not in usual["spec"]


def test_a_restored_node_gets_no_clients_and_no_restart_by_itself(renderings: dict[str, Rendering]) -> None:
    restored = renderings["geth-node-local-restored"].one("StatefulSet")["spec"]

    assert "plumbline.dev/rpc" not in restored["template"]["metadata"]["labels"]
    assert "api.oumla.local" in flags(renderings["geth-node-local-restored"])["http.vhosts"].split(","), (
        "when it gets them"
    )
    assert restored["updateStrategy"] == {"type": "OnDelete"}


@pytest.mark.parametrize("name", ["late", "restored"])
def test_the_light_client_knows_the_devnets_own_constants(name: str, renderings: dict[str, Rendering]) -> None:
    network = pytest.importorskip("plumbline_beacon.network")
    given = flags(renderings[f"geth-node-local-{name}"])

    assert given["beacon.genesis.time"] == str(network.GENESIS_TIME)
    assert given["beacon.genesis.gvroot"] == network.GENESIS_VALIDATORS_ROOT
    assert given["networkid"] == str(network.CHAIN_ID)


def test_a_node_sees_its_own_key_only(renderings: dict[str, Rendering]) -> None:
    geth = pod(renderings["geth-node-local"].one("StatefulSet"))["containers"][0]
    mount = next(each for each in geth["volumeMounts"] if each["name"] == "keys")

    assert mount["subPathExpr"] == "$(POD_NAME)"
    assert f"--nodekey={mount['mountPath']}" in geth["args"]


def test_producers_execute_everything_and_followers_download(renderings: dict[str, Rendering]) -> None:
    modes = {name: flags(renderings[f"geth-node-{name}"])["syncmode"] for name in ("local", "local-follower")}

    assert modes == {"local": "full", "local-follower": "snap"}


def test_a_crash_loses_a_bounded_number_of_blocks(geth: Rendering) -> None:
    assert flags(geth)["history.state"] == "64"
    assert flags(geth)["state.scheme"] == "path"


def test_a_stopping_node_drains_and_then_flushes(geth: Rendering) -> None:
    spec = pod(geth.one("StatefulSet"))
    drain = spec["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]

    assert spec["terminationGracePeriodSeconds"] - drain >= 60


def test_liveness_is_gentler_than_readiness(geth: Rendering) -> None:
    """A restart costs more than a pause."""
    node, beside = pod(geth.one("StatefulSet"))["containers"]
    probes = {"liveness": node["livenessProbe"], "readiness": beside["readinessProbe"]}
    patience = {kind: probe["periodSeconds"] * probe["failureThreshold"] for kind, probe in probes.items()}

    assert node["livenessProbe"]["tcpSocket"]
    assert patience["liveness"] >= 60 > 5 >= patience["readiness"]


def test_readiness_is_the_nodes_and_not_its_ports(geth: Rendering) -> None:
    """Geth answers on its port whatever it knows of the chain, so that port says only that the process has started."""
    node, beside = pod(geth.one("StatefulSet"))["containers"]
    mounted = geth.one("ConfigMap", f"{geth.way.release}-readiness")["data"]

    assert "readinessProbe" not in node
    assert node["startupProbe"]["httpGet"]["port"] == "rpc"
    assert beside["command"][2:] == ["/program/readiness.py", "8547", "8545", "72"]
    assert mounted == {"readiness.py": (CHARTS / "geth-node" / "files" / "readiness.py").read_text()}
    assert beside["lifecycle"] == node["lifecycle"], "it must not end before the node has drained"


def test_a_change_of_the_mesh_restarts_the_nodes(helm: Helm, renderings: dict[str, Rendering]) -> None:
    before = renderings["geth-node-local"]
    enodes = before.way.values["p2p"]["staticNodes"]
    larger = [*enodes, enodes[0].replace("geth-0", "geth-1")]
    after = Rendering(before.way, helm.render(before.way, {"p2p": {"staticNodes": larger}}).stdout)
    templates = [each.one("StatefulSet")["spec"]["template"]["metadata"] for each in (before, after)]

    assert templates[0]["annotations"]["checksum/config"] != templates[1]["annotations"]["checksum/config"]
    assert after.one("ConfigMap", "geth-config")["data"]["geth.toml"].count("enode://") == len(enodes) + 1


def test_local_limits_are_annotations_of_the_ingress(renderings: dict[str, Rendering]) -> None:
    ingress = renderings["geth-node-local"].one("Ingress", "api")
    limits = {key.rpartition("/")[2]: value for key, value in ingress["metadata"]["annotations"].items()}

    assert limits == {
        "proxy-body-size": "1m",
        "limit-rps": "50",
        "limit-burst-multiplier": "5",
        "limit-connections": "50",
        "ssl-redirect": "false",
    }
    assert [rule["host"] for rule in ingress["spec"]["rules"]] == ["api.oumla.local"]
    assert [path["pathType"] for rule in ingress["spec"]["rules"] for path in rule["http"]["paths"]] == ["Exact"]


def test_plain_http_is_sent_to_tls_unless_the_values_say_otherwise(
    helm: Helm, renderings: dict[str, Rendering]
) -> None:
    local = renderings["geth-node-local"]
    usual = Rendering(local.way, helm.render(local.way, {"ingress": {"tls": {"redirect": True}}}).stdout)
    annotations = usual.one("Ingress", "api")["metadata"]["annotations"]

    assert annotations["nginx.ingress.kubernetes.io/ssl-redirect"] == "true"
    assert local.one("Ingress", "api")["spec"]["tls"] == [{"secretName": "api-tls", "hosts": ["api.oumla.local"]}]


def test_production_is_behind_googles_load_balancer_with_tls(renderings: dict[str, Rendering]) -> None:
    prod = renderings["geth-node-prod"]
    ingress, service = prod.one("Ingress"), prod.one("Service", "geth")
    annotations = ingress["metadata"]["annotations"]
    policy = prod.one("NetworkPolicy", "geth")["spec"]["ingress"]
    sources = [rule["from"] for rule in policy if rule["ports"] == [{"port": "rpc"}, {"port": "ready"}]]
    checked = prod.one("BackendConfig", "geth")["spec"]["healthCheck"]["port"]
    ports = {
        port["name"]: port["containerPort"] for each in containers(prod.one("StatefulSet")) for port in each["ports"]
    }

    assert annotations["kubernetes.io/ingress.class"] == "gce"
    assert not any(key.startswith("nginx.") for key in annotations)
    assert annotations["networking.gke.io/managed-certificates"] == prod.one("ManagedCertificate")["metadata"]["name"]
    assert prod.one("ManagedCertificate")["spec"]["domains"] == [rule["host"] for rule in ingress["spec"]["rules"]]
    assert annotations["networking.gke.io/v1beta1.FrontendConfig"] == prod.one("FrontendConfig")["metadata"]["name"]
    assert "tls" not in ingress["spec"], "no key of the certificate is in the cluster"
    assert prod.one("FrontendConfig")["spec"]["redirectToHttps"] == {"enabled": True}
    assert service["metadata"]["annotations"]["cloud.google.com/backend-config"] == '{"default":"geth"}'
    assert prod.one("BackendConfig", "geth")["spec"]["securityPolicy"]["name"], "JSON-RPC must not be open to the world"
    assert checked == ports["ready"]
    assert [{"ipBlock": {"cidr": cidr}} for cidr in ("35.191.0.0/16", "130.211.0.0/22")] in sources


@pytest.mark.parametrize(("name", "kind"), [("acme", "acme"), ("authority", "ca")])
def test_cert_manager_issues_where_google_does_not(name: str, kind: str, renderings: dict[str, Rendering]) -> None:
    geth = renderings[f"geth-node-{name}"]
    issuer, ingress = geth.one("Issuer"), geth.one("Ingress")

    assert set(issuer["spec"]) == {kind}
    assert ingress["metadata"]["annotations"]["cert-manager.io/issuer"] == issuer["metadata"]["name"]
    hosts = [rule["host"] for rule in ingress["spec"]["rules"]]
    assert ingress["spec"]["tls"] == [{"secretName": "api-tls", "hosts": hosts}]
    assert not geth.of_kind("ManagedCertificate")


def test_an_acme_challenge_is_answered_by_the_same_ingress(renderings: dict[str, Rendering]) -> None:
    acme = renderings["geth-node-acme"]
    (solver,) = acme.one("Issuer")["spec"]["acme"]["solvers"]

    assert solver == {"http01": {"ingress": {"name": acme.one("Ingress")["metadata"]["name"]}}}


def test_the_producers_are_on_different_nodes(renderings: dict[str, Rendering]) -> None:
    """On one node, too, they can be scheduled: a constraint with one domain is always met."""
    (spread,) = pod(renderings["geth-node-local"].one("StatefulSet"))["topologySpreadConstraints"]

    assert (spread["topologyKey"], spread["maxSkew"]) == ("kubernetes.io/hostname", 1)
    assert spread["whenUnsatisfiable"] == "DoNotSchedule"
    assert spread["nodeTaintsPolicy"] == "Honor", "else a tainted control plane counts as an empty place"


def test_production_survives_the_loss_of_a_zone(renderings: dict[str, Rendering]) -> None:
    prod = renderings["geth-node-prod"]
    nodes = prod.one("StatefulSet")
    spread = pod(nodes)["topologySpreadConstraints"][0]

    assert nodes["spec"]["replicas"] >= 2
    assert spread["topologyKey"] == "topology.kubernetes.io/zone"
    assert spread["whenUnsatisfiable"] == "DoNotSchedule"
    assert prod.one("PodDisruptionBudget")["spec"]["minAvailable"] == 1
    assert nodes["spec"]["volumeClaimTemplates"][0]["spec"]["storageClassName"] == "chain-ssd"
    assert nodes["spec"]["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}


def schedule(rendering: Rendering) -> tuple[Object, Object]:
    """The CronJob's Job, and what its program is told."""
    (job,) = [each for each in rendering.workloads if each["kind"] == "CronJob"]
    return job, json.loads(pod(job)["containers"][0]["command"][-1])


@pytest.mark.parametrize("way", ["geth-node-local-follower", "geth-node-crash-consistent", "geth-node-prod"])
def test_a_schedule_snapshots_the_last_node_and_nobody_takes_its_pods_for_nodes(
    renderings: dict[str, Rendering], way: str
) -> None:
    rendering = renderings[way]
    job, told = schedule(rendering)
    nodes = rendering.one("StatefulSet")
    last = f"{nodes['metadata']['name']}-{nodes['spec']['replicas'] - 1}"
    labels = job["spec"]["template"]["metadata"]["labels"]
    meant = [
        *(each["spec"]["selector"] for each in rendering.of_kind("StatefulSet", "PodDisruptionBudget")),
        *({"matchLabels": each["spec"]["selector"]} for each in rendering.of_kind("Service")),
        *(e["spec"]["podSelector"] for e in rendering.of_kind("NetworkPolicy") if e["metadata"]["name"] == "geth"),
    ]

    assert (told["pod"], told["claim"]) == (last, f"data-{last}")
    assert told["host"] == f"{last}.{nodes['spec']['serviceName']}.ethereum.svc.cluster.local"
    assert told["replicas"] == nodes["spec"]["replicas"]
    assert told["deadlineSeconds"] == job["spec"]["activeDeadlineSeconds"]
    assert told["stoppedSeconds"] < told["deadlineSeconds"]
    assert rendering.one("Lease", told["lease"])
    assert not any(selects(selector, labels) for selector in meant)


def test_a_question_that_is_lost_while_the_pod_is_new_is_asked_again_soon(renderings: dict[str, Rendering]) -> None:
    job, _ = schedule(renderings["geth-node-prod"])

    options = {each["name"]: each["value"] for each in pod(job)["dnsConfig"]["options"]}

    assert options == {"timeout": "1", "attempts": "5"}


def test_who_takes_snapshots_may_do_that_and_no_more(renderings: dict[str, Rendering]) -> None:
    graceful, live = (
        renderings[way].one("Role")["rules"] for way in ("geth-node-local-follower", "geth-node-crash-consistent")
    )
    (stop, look) = graceful[2:]

    assert [rule["resources"] for rule in live] == [["volumesnapshots"], ["leases"]]
    assert (stop["resources"], stop["verbs"]) == (["statefulsets/scale"], ["patch"])
    assert (look["resources"], look["verbs"]) == (["statefulsets"], ["watch"])
    assert stop["resourceNames"] == look["resourceNames"] == ["geth-follower"]
    assert live[1]["resourceNames"] == ["geth-snapshot"]


def test_no_local_run_is_disturbed_by_the_schedule(renderings: dict[str, Rendering]) -> None:
    *_, day, month, _ = renderings["geth-node-local-follower"].one("CronJob")["spec"]["schedule"].split()

    assert (day, month) == ("31", "2")


def test_production_takes_a_snapshot_every_six_hours_one_at_a_time(renderings: dict[str, Rendering]) -> None:
    spec = renderings["geth-node-prod"].one("CronJob")["spec"]
    _, told = schedule(renderings["geth-node-prod"])
    grace_s = pod(renderings["geth-node-prod"].one("StatefulSet"))["terminationGracePeriodSeconds"]

    assert (spec["schedule"], spec["timeZone"], spec["concurrencyPolicy"]) == ("0 */6 * * *", "Etc/UTC", "Forbid")
    assert told["mode"] == "graceful"
    assert told["stoppedSeconds"] > grace_s, "else a slow stop would cost the snapshot"
