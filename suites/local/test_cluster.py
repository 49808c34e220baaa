"""CLU: the cluster is healthy and pinned, names stay where they belong, and nothing runs that nobody asked for."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import pytest

from plumbline.components.node.control_plane import OK
from plumbline.components.volumes.filled import MIB
from plumbline.core import wait
from plumbline.core.patience import settle
from plumbline.kube.mishaps import mishaps
from reports.evidence import attach, figure

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from fixtures.recorder import Recorder
    from plumbline.components.cluster import Cluster
    from plumbline.components.network_policy import NetworkPolicy
    from plumbline.components.storage import Storage

RESOLVE_WITHIN_S = 5.0
SIZE_MIB, USABLE = 64, 0.75  # the file system takes its share, and keeps a twentieth for root
MOUNTED_WITHIN_S = 30.0
LOOKS_FOR_S = 5.0
OUTSIDE, WITNESS = "192.0.2.53", "192.0.2.54"  # name servers that nobody has: TEST-NET-1, RFC 5737


@pytest.mark.control("CLU-001")
@pytest.mark.reading
def test_nodes_are_ready_and_the_control_plane_is_healthy(cluster: Cluster) -> None:
    """Preconditions: a standing cluster.
    Steps: read the nodes' conditions; ask every part of the control plane, and the node's own services, for their health.
    Expected: each node is Ready and each part answers that it is well.
    """
    unready, health = cluster.unready(), cluster.health()
    attach("what each part says", health)

    assert not unready, "\n".join(f"node {name}: {why}" for name, why in unready.items())
    sick = [f"{part} {said}" for part, said in health.items() if said != OK]
    assert not sick, "; ".join(sick)


@pytest.mark.control("CLU-001")
def test_nodes_are_what_was_pinned(cluster: Cluster, inside: Mapping[str, Any]) -> None:
    """Preconditions: a node image built from the recipes.
    Steps: look inside each node: versions, services, kernel settings; compare with the recipe and what the API server reports.
    Expected: the versions are the pinned ones everywhere, kubelet and containerd run as services, and packets are forwarded.
    """
    pinned = cluster.pinned()
    reported = {node["metadata"]["name"]: node["status"]["nodeInfo"]["kubeletVersion"] for node in cluster.nodes()}

    assert set(reported.values()) == {pinned.kubernetes}, f"nodes report {reported}, pinned is {pinned.kubernetes}"
    assert set(reported) == set(inside), f"nodes are {sorted(reported)}, asked for were {sorted(inside)}"
    for name, node in inside.items():
        found = {
            "kubelet": node.check_output("kubelet --version").split()[-1],
            "containerd": node.check_output("containerd --version").split()[2].partition("+")[0],
        }
        assert found == {"kubelet": pinned.kubernetes, "containerd": pinned.containerd}, f"in {name}: {found}"
        for service in ("kubelet", "containerd"):
            assert node.service(service).is_running, f"{service} does not run in {name}"
            assert node.service(service).is_enabled, f"{service} would not start with {name}"
        assert node.sysctl("net.ipv4.ip_forward") == 1, f"{name} forwards no packets"


@pytest.mark.control("CLU-002")
@pytest.mark.undisturbed
def test_service_names_resolve_and_answer(network_policy: NetworkPolicy) -> None:
    """Preconditions: probe pods, and a listener behind a Service.
    Steps: from a probe pod, resolve every Service of the cluster, every pod that has a name, and a short name; call one.
    Expected: each name gives the address that the API server knows, and the Service answers.
    """
    probe, known = network_policy.probe("allowed"), network_policy.known_names()

    names = settle(probe.resolves(known), named="names resolve", within_s=RESOLVE_WITHIN_S)

    assert names.ok, "\n".join([names.summary, *(names.value or ()), network_policy.name_server()])
    answer = probe.get("http://probe-echo:8080/")
    assert answer == "200", f"http://probe-echo:8080/ from {probe.pod}: {answer}"


@pytest.mark.control("CLU-002")
def test_external_names_do_not_leak(network_policy: NetworkPolicy, cluster: Cluster) -> None:
    """Preconditions: a devnet, from which nothing may go out; probe pods that may ask CoreDNS and nobody else.
    Steps: from a probe pod, ask CoreDNS for a name that nobody has asked for before, and a name server outside directly; have
    the first node ask another one; read from the nodes' connection tracking who talked to name servers outside.
    Expected: the name does not resolve, no pod's question left the cluster, and the node's own is on record.
    """
    if not network_policy.isolated:
        pytest.skip("on a public network names are resolved outside on purpose")
    probe, name, before = network_policy.probe("denied"), f"{secrets.token_hex(8)}.example.com.", cluster.questions()

    address = probe.resolve(name)[name]
    probe.ask(OUTSIDE)
    cluster.ask(WITNESS)

    asked = cluster.questions() - before
    leaks = [
        f"{network_policy.pod_at(one.source)} asked {one.target} for names" for one in asked if cluster.leaves(one)
    ]
    assert WITNESS in {one.target for one in asked}, f"{cluster.node_container} asked {WITNESS}; that is not on record"
    assert not leaks, "\n".join(leaks)
    assert not address, f"{name} resolves to {address} in {probe.pod}"


@pytest.mark.control("CLU-003")
def test_default_class_provisions_and_enforces_the_size(storage: Storage) -> None:
    """Preconditions: one default StorageClass.
    Steps: claim 64 MiB without naming a class; from a pod, write twice as much to the volume.
    Expected: the claim has the size that was asked for, most of it can be used, and then there is no space left (ENOSPC).
    """
    classes = storage.default_classes()
    assert classes == {storage.storage_class: storage.driver}, (
        f"default StorageClasses are {classes}, expected {storage.storage_class} of {storage.driver}"
    )

    with storage.claimed(SIZE_MIB) as volume:
        mounted = settle(volume.mounted(), named="the volume is mounted", within_s=MOUNTED_WITHIN_S)
        assert mounted.ok, f"{volume}: {mounted.summary}"
        capacity, filled, told = volume.capacity, volume.filled(2 * SIZE_MIB * MIB), str(volume)

    figure("claim made, to its volume mounted", mounted.seconds, "s", bound=MOUNTED_WITHIN_S)
    figure(f"bytes that a volume of {SIZE_MIB} MiB takes", filled.written / MIB, "MiB", bound=SIZE_MIB)
    assert capacity == f"{SIZE_MIB}Mi", f"{told} has a capacity of {capacity}"
    assert filled.said == "ENOSPC", f"{told} {filled}, expected ENOSPC"
    assert USABLE * SIZE_MIB * MIB <= filled.written <= SIZE_MIB * MIB, f"{told} {filled}"


@pytest.mark.control("CLU-003")
def test_snapshot_class_belongs_to_the_default_storage_class(storage: Storage) -> None:
    """Preconditions: one default StorageClass.
    Steps: read the VolumeSnapshotClasses.
    Expected: one is of the default StorageClass' driver, and is the one that this stack is said to have.
    """
    classes = storage.snapshot_classes()

    assert classes.get(storage.snapshot_class) == storage.driver, (
        f"VolumeSnapshotClasses are {classes}, expected {storage.snapshot_class} of {storage.driver}"
    )


@pytest.mark.control("CLU-004")
@pytest.mark.undisturbed
def test_every_running_image_is_one_of_the_lock(cluster: Cluster) -> None:
    """Preconditions: the image lock (local/images/lock.toml), and the recipes that it names.
    Steps: list every container that the nodes' containerd runs, sandboxes and those of other namespaces included; compare
    name, content and labels of its image with lock, recipe and build.
    Expected: the lock names each, its content is what was built (or pulled) for it, and it says where it comes from.
    """
    found = cluster.containers()
    attach("running containers", "\n".join(sorted(f"{c.ref}  {c.image or '-'}  {c.name}" for c in found)))
    figure("running containers", len(found), "")

    strangers = cluster.strangers(found)

    assert not strangers, "\n".join(strangers)


@pytest.mark.last
@pytest.mark.control("CLU-005")
def test_nothing_crashed_while_the_suite_ran(cluster: Cluster, recorder: Recorder, began: datetime) -> None:
    """Preconditions: every other test of the run has ended; restarts were recorded since it began.
    Steps: go on looking for a moment; read the record, and the state of every container.
    Expected: nothing restarted that no test had announced, nothing crash-loops, nothing was killed for want of memory.
    """

    def trouble() -> list[str]:
        return [str(restart) for restart in recorder.unexpected()] + mishaps(cluster.pods(), began)

    found = settle(wait.holds(trouble, every_s=0.5), named="something crashes", within_s=LOOKS_FOR_S).value
    attach("restarts of the run", recorder.timeline())

    assert not found, "\n".join(found)
