"""LBR: MetalLB gives addresses of its pool to those who ask, makes them answer, and says so when it has none left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from plumbline.components.entrance import balanced, newcomer, vigil
from plumbline.components.entrance.outside import own_address
from plumbline.core.patience import settle
from reports.evidence import attach, figure, step

if TYPE_CHECKING:
    from plumbline.components.cluster import Cluster
    from plumbline.components.load_balancer import LoadBalancer

WITHIN_S = 10.0
INTERRUPTED_AT_MOST_S = 10.0
WELL_AGAIN_S = 5.0  # so long is an answer to every request the end of an interruption


@pytest.mark.control("LBR-001")
@pytest.mark.usefixtures("on_the_engines_network")
def test_service_gets_an_address_that_answers_from_outside(load_balancer: LoadBalancer, cluster: Cluster) -> None:
    """Preconditions: a pool cut from the engine's network, and a listener in the cluster.
    Steps: make a Service of type LoadBalancer in front of the listener; call its address from this machine, and from a container
    that has just come to the network, and so must ask who has that address.
    Expected: the address is one of the pool, the listener answers both at it, and sees the caller's own address.
    """
    with balanced.service(load_balancer.kube, "plumbline-outside") as service:
        given = settle(service.addressed(), named=f"{service} has an address", within_s=WITHIN_S)
        assert given.ok, f"{given.summary}; {load_balancer.state()}"
        assert load_balancer.holds(given.value), f"{service} got {given.value}, the pool is {load_balancer.pool}"

        answer = settle(service.answering(), named=f"{service} answers", within_s=WITHIN_S)
        stranger, announced = newcomer.get(cluster, given.value), service.announced()
        attach("what the cluster says of the Service", service.events())

    assert answer.ok, f"{answer.summary}; {load_balancer.state()}"
    assert stranger.status == 200, f"{service}: {stranger}; {announced}; {load_balancer.state()}"
    caller = own_address(given.value)
    assert answer.value["client"] == caller, f"{service} sees {answer.value['client']} as its caller, which is {caller}"
    figure("Service of type LoadBalancer, made to first answer", given.seconds + answer.seconds, "s", bound=WITHIN_S)


@pytest.mark.control("LBR-002")
def test_exhausted_pool_is_reported_and_recovers(load_balancer: LoadBalancer) -> None:
    """Preconditions: MetalLB, and an address beside its pool that nobody uses.
    Steps: make a pool of that one address, and two Services that want it; delete the first.
    Expected: the second is pending, an event says that no address is left, and it gets the address when that is freed.
    """
    wanted, kube = load_balancer.spare, load_balancer.kube
    with balanced.pool_of_one(kube, wanted) as pool, balanced.service(kube, "plumbline-first", pool) as first:
        taken = settle(first.addressed(), named=f"{first} has the pool's address", within_s=WITHIN_S)
        assert taken.value == wanted, f"{taken.summary}, expected {wanted}; {load_balancer.state()}"

        with balanced.service(kube, "plumbline-second", pool) as second:
            told = settle(second.told("AllocationFailed"), named=f"an event about {second}", within_s=WITHIN_S)
            assert told.ok, f"{told.summary}; {load_balancer.state()}"
            assert not second.address, f"{second} got {second.address}, which {first} has"

            first.free()
            freed = settle(second.addressed(), named=f"{second} has the freed address", within_s=WITHIN_S)

    assert freed.value == wanted, f"{freed.summary}, though {wanted} was freed; {load_balancer.state()}"
    attach("event about the pending Service", str(told.value))
    figure("freed address, to the Service that waited for it", freed.seconds, "s", bound=WITHIN_S)


@pytest.mark.control("LBR-003")
@pytest.mark.destructive("load-balancer", restarts=("speaker*",))
@pytest.mark.parametrize("signal", ["SIGKILL", "SIGSTOP"])
def test_lost_speaker_interrupts_traffic_only_briefly(
    load_balancer: LoadBalancer, cluster: Cluster, signal: str
) -> None:
    """Preconditions: a Service whose listeners are on every node; a client on the nodes' network that forgets after each request
    which node has the address.
    Steps: have the client ask ten times a second; kill the speaker of the node that has the address, or (where another one could
    take over) let it hang; go on until every request is answered again for a while.
    Expected: from one answer to the next it never takes 10 s.
    """
    if signal == "SIGSTOP" and len(cluster.site.nodes) == 1:
        pytest.skip("there is one node: no other speaker could take over from one that hangs (try --nodes multi)")
    with balanced.service(load_balancer.kube, "plumbline-passed-on") as service:
        given = settle(service.addressed(), named=f"{service} has an address", within_s=WITHIN_S)
        assert given.ok, f"{given.summary}; {load_balancer.state()}"
        with vigil.kept(cluster, given.value) as client:
            before = settle(client.answered(for_s=1.0), named=f"{service} answers", within_s=WITHIN_S)
            assert before.ok, f"{service}: {before.summary}; {load_balancer.state()}"
            had = before.value.last

            with step(f"{signal} to the speaker on {had.node}"), load_balancer.losing(had.node, signal):
                again = client.answered(for_s=WELL_AGAIN_S, since=had.at)
                after = settle(again, named="well again", within_s=INTERRUPTED_AT_MOST_S + WELL_AGAIN_S)
                seen = client.seen()

    attach("who answered", seen.timeline())
    figure(f"interruption by {signal} to the announcing speaker", seen.longest_gap_s, "s", bound=INTERRUPTED_AT_MOST_S)
    trouble = (
        f"{service}, announced by {had.node}, {signal} to its speaker:\n{seen.timeline()}\n{load_balancer.state()}"
    )
    assert after.ok, trouble
    assert seen.longest_gap_s < INTERRUPTED_AT_MOST_S, trouble
