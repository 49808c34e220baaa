"""ING: what the outside gets of Geth, Helios and monitoring is right, limited, and nothing else."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any

import pytest

from plumbline.components.entrance import crowd, websocket
from plumbline.components.entrance.crowd import Neighbour
from plumbline.components.entrance.outside import open_ports
from plumbline.components.entrance.tls import Presented, calling, presented, serves
from plumbline.components.execution import Execution
from plumbline.components.ingress import Ingress
from plumbline.components.monitoring import HOSTS
from plumbline.components.operation import rollouts
from plumbline.core import wait
from plumbline.core.patience import settle
from plumbline.kube import api as k8s
from plumbline.query import GETH_HOST, HELIOS_HOST
from reports.evidence import attach, figure
from reports.redact import hide

if TYPE_CHECKING:
    from collections.abc import Callable

    from plumbline.components.base import Workload
    from plumbline.components.certificates import Certificates
    from plumbline.components.cluster import Cluster
    from plumbline.components.entrance.outside import Outside, Reply
    from plumbline.components.entrance.websocket import Heard
    from plumbline.components.monitoring import Monitoring
    from plumbline.stack import Stack

CHAIN = "0xaa36a7"  # 11155111
PARSE_ERROR, INVALID_REQUEST, NO_SUCH_METHOD, INVALID_PARAMETERS = -32700, -32600, -32601, -32602
PUBLIC = ("eth", "net", "rpc", "web3")  # rpc only tells which there are
PRIVATE = (
    *("admin_nodeInfo", "admin_peers", "debug_metrics", "debug_traceBlockByNumber", "dev_addWithdrawal"),
    *("engine_exchangeCapabilities", "engine_forkchoiceUpdatedV3", "miner_setExtra", "personal_listAccounts"),
    *("personal_newAccount", "testing_buildBlockV1", "txpool_content", "txpool_status"),
)
WEB_PORTS = (80, 443)
PRIVATE_PORTS = (2379, 3500, 3999, 6060, 6443, 8008, 8545, 8546, 8551, 9100, 10250, 30303)
SERVED_AGAIN_WITHIN_S = 3.0
RENEWED_WITHIN_S = 15.0
CALLS_AFTERWARDS = 20
RESTARTED_WITHIN_S = 120.0


def call(identity: int | str | None, method: str, *params: Any) -> dict[str, Any]:
    """Return a JSON-RPC call; without an identity it is a notification."""
    made = {"jsonrpc": "2.0", "method": method, "params": list(params)}
    return made if identity is None else {**made, "id": identity}


JSON_RPC = [
    pytest.param(call(1, "eth_chainId"), (1, CHAIN), id="single"),
    pytest.param(call("a", "eth_chainId"), ("a", CHAIN), id="single with a name"),
    pytest.param(
        [call(1, "eth_chainId"), call(None, "eth_chainId"), call(2, "eth_nosuch")],
        [(1, CHAIN), (2, NO_SUCH_METHOD)],
        id="batch",
    ),
    pytest.param(call(None, "eth_chainId"), None, id="notification"),
    pytest.param([call(None, "eth_chainId")], None, id="batch of notifications"),
    pytest.param(b'{"jsonrpc": "2.0", "id": 1,', (None, PARSE_ERROR), id="malformed"),
    pytest.param([], (None, INVALID_REQUEST), id="empty batch"),
    pytest.param({"id": 7}, (7, INVALID_REQUEST), id="no request"),
    pytest.param(call(1, "eth_nosuch"), (1, NO_SUCH_METHOD), id="unknown method"),
    pytest.param(call(1, "eth_getBalance"), (1, INVALID_PARAMETERS), id="missing parameters"),
]
"""What is sent, and what the specification has answered to it: (id, result) or (id, error code)."""


@pytest.mark.control("ING-001")
@pytest.mark.parametrize(("sent", "expected"), JSON_RPC)
def test_json_rpc_is_answered_as_specified(api: Outside, sent: Any, expected: Any) -> None:
    """Preconditions: a standing stack.
    Steps: send one request to Geth's host, through the ingress.
    Expected: HTTP 200, and the response or error object that the JSON-RPC 2.0 specification asks for.
    """
    reply = api.ask(sent)

    assert reply.status == 200, f"{reply}\nexpected: {expected}"
    assert reply.outcome == expected, f"{reply}\nexpected: {expected}"


@pytest.mark.control("ING-002")
@pytest.mark.parametrize(("sent", "expected"), JSON_RPC)
def test_helios_answers_json_rpc_as_specified(helios_api: Outside, sent: Any, expected: Any) -> None:
    """Preconditions: a standing stack.
    Steps: send one request to Helios' host, through the ingress.
    Expected: HTTP 200, and the same response or error object as Geth's.
    """
    reply = helios_api.ask(sent)

    assert reply.status == 200, f"{reply}\nexpected: {expected}"
    assert reply.outcome == expected, f"{reply}\nexpected: {expected}"


@pytest.mark.control("ING-003")
@pytest.mark.parametrize("host", HOSTS)
def test_monitoring_is_reached_by_tls_and_with_its_credentials(
    monitoring: Monitoring, ingress: Ingress, certificates: Certificates, host: str
) -> None:
    """Preconditions: credentials that the bring-up made and sealed.
    Steps: get a path that only this part of monitoring answers: with the credentials, with none, with a wrong password, and by
    plain HTTP.
    Expected: the first is answered; the next two are refused (401), the last is sent to TLS (308), before anything is shown.
    """
    known, path = monitoring.credentials, HOSTS[host]
    hide(known.password)
    authority = certificates.authority().pair.certificate_pem

    with ingress.outside(host, authority) as secured, ingress.outside(host) as plain:
        let_in = secured.get(path, (known.user, known.password))
        refused = [
            secured.get(path),
            secured.get(path, (known.user, "wrong")),
            secured.get(path, ("nobody", known.password)),
        ]
        sent = plain.get(path)

    assert let_in.status == 200, f"{let_in}, expected to be let in with the credentials"
    assert '"version"' in let_in.text, f"{let_in} is not what {host} should answer"
    assert [reply.status for reply in refused] == [401] * 3, "\n".join(map(str, refused))
    assert (sent.status, sent.location) == (308, f"https://{host}{path}"), f"{sent}, sent to {sent.location!r}"


@pytest.mark.control("ING-004")
def test_unknown_hosts_and_paths_reach_no_backend(ingress: Ingress, api: Outside) -> None:
    """Preconditions: an ingress controller that logs requests.
    Steps: ask for hosts and paths that no Ingress names, and once for one that is named; read the controller's access log.
    Expected: 404 for each but the last, and none but the last was passed to a backend.
    """
    mark = secrets.token_hex(8)
    with ingress.outside("unknown.oumla.local") as unknown, ingress.outside(ingress.address) as nameless:
        for client in (unknown, nameless):
            client.get(f"/?{mark}")
        for path in ("/debug/metrics", "/debug/pprof/", "/eth/v1/node/health", "/graphql", "/rpc"):
            api.get(f"{path}?{mark}")
    api.call("eth_chainId", path=f"/?{mark}-known")

    logged = ingress.logged(mark, count=8)
    attach("access log", "\n".join(map(str, logged)))
    known = [request for request in logged if request.path.endswith("-known")]
    assert all(request.status == 200 and request.backend.startswith("geth") for request in known), "\n".join(
        map(str, known)
    )
    let_in = [request for request in logged if request not in known and (request.status != 404 or request.backend)]
    assert not let_in, "\n".join(map(str, let_in))


@pytest.mark.control("ING-005")
def test_new_heads_come_by_websocket(heads_by_websocket: Callable[[], Heard]) -> None:
    """Preconditions: a chain whose head advances.
    Steps: subscribe to newHeads through the ingress; wait for two heads; end the subscription.
    Expected: two consecutive blocks come within three slots, and the end is confirmed.
    """
    heard = heads_by_websocket()
    attach("heads", str(heard))

    assert len(heard.heads) == 2, f"{heard}\nexpected: two heads within three slots"
    assert heard.heads[1]["parentHash"] == heard.heads[0]["hash"], f"{heard}: they are not consecutive"
    assert heard.ended, f"{heard}: eth_unsubscribe was not confirmed"
    figure("head by WebSocket, after the start of its slot", max(heard.seconds), "s")


@pytest.mark.control("ING-006")
def test_bodies_above_the_limit_are_refused(ingress: Ingress, api: Outside) -> None:
    """Preconditions: the limit on body size that the chart promises.
    Steps: send a call whose body is a little smaller than the limit, one that is a little larger, and a normal one.
    Expected: the larger one gets 413, the others their answer.
    """
    limit = ingress.promised().body_bytes
    padded = json.dumps(call(1, "eth_chainId")).encode()

    smaller, larger = (api.ask(padded.ljust(size)) for size in (limit - 1024, limit + 1))

    assert larger.status == 413, f"{larger}\nexpected: 413 for a body of more than {limit} bytes"
    assert smaller.outcome == (1, CHAIN), f"{smaller}\nexpected: an answer to a body of less than {limit} bytes"
    assert api.call("eth_chainId").outcome == (1, CHAIN), "a normal call is no longer answered"


@pytest.mark.control("ING-006")
@pytest.mark.destructive("ingress")  # to others from this machine: they would be refused with it
def test_crowds_are_limited_each_client_on_its_own(ingress: Ingress, cluster: Cluster, api: Outside) -> None:
    """Preconditions: the limit on the request rate that the chart promises.
    Steps: send twice the burst from this machine, as fast as it is answered, half of it under forged addresses; meanwhile
    another client, on the node, asks now and then.
    Expected: the burst gets through and the rest gets 429; the other client is never refused; soon this one is served again.
    """
    limits, other = ingress.promised(), Neighbour(cluster.node_exec, api.host, ingress.address)

    with other.asking(times=20, per_second=10):
        many = crowd.send(api, requests=2 * limits.burst)
    again = settle(wait.poll(lambda: served(api)), named="served again", within_s=SERVED_AGAIN_WITHIN_S)

    attach("answers", f"crowd: {many}\nneighbour: {other.heard}\nserved again after {again.seconds:.1f} s")
    passed, most = many.statuses.get(200, 0), 1.1 * (limits.burst + limits.rps * many.seconds)
    assert set(many.statuses) == {200, 429}, f"{many}\nexpected: 429 above {limits}, 200 else"
    assert 0.9 * limits.burst <= passed <= most, f"{many}\nexpected: {limits.burst} to {most:.0f} of them let through"
    assert set(other.heard.statuses) == {200}, f"the neighbour of the crowd: {other.heard}\nexpected: 200 only"
    assert again.ok, f"{again.summary}\nexpected: 200 soon after the crowd has gone"


@pytest.mark.control("ING-009")
@pytest.mark.parametrize(
    "restarted",
    [
        pytest.param(load, id=load.name, marks=pytest.mark.destructive(part.name))
        for part in (Ingress, Execution)
        for load in part.workloads
    ],
)
def test_rolling_restart_loses_no_request(stack: Stack, ingress: Ingress, restarted: Workload) -> None:
    """Preconditions: a standing stack.
    Steps: ask through the ingress twenty times a second, each time by a connection of its own; meanwhile replace every pod of the
    controller, or of what is behind it, one after the other.
    Expected: each request gets its answer.
    """
    traffic = ingress.traffic(GETH_HOST)

    with traffic.flowing() as tally:
        done = rollouts.restart(stack.site.kube, restarted, within_s=RESTARTED_WITHIN_S)

    attach("traffic", str(tally))
    figure(f"{restarted.name}, rolling restart", done.seconds, "s", bound=RESTARTED_WITHIN_S)
    figure(f"requests lost by the restart of {restarted.name}", len(tally.lost), "requests", bound=0)
    figure(f"requests during the restart of {restarted.name}", tally.answered + len(tally.lost), "requests")
    assert done.ok, f"{restarted.kind} {restarted.name}: {done.summary}"
    assert not tally.lost, f"while {restarted.kind} {restarted.name} restarted: {tally}"


@pytest.mark.control("ING-007")
def test_only_public_namespaces_are_served(ingress: Ingress, api: Outside) -> None:
    """Preconditions: Geth's public namespaces are eth, net and web3.
    Steps: call methods of every other namespace through the ingress, by HTTP and by WebSocket; ask which modules there are.
    Expected: each call is refused as unknown, and the modules are the public ones.
    """
    mark = secrets.token_hex(8)

    replies = [api.call(method, path=f"/?{mark}") for method in PRIVATE] + websocket.calls(api, PRIVATE)
    modules = api.call("rpc_modules", path=f"/?{mark}").outcome

    backends = {request.backend for request in ingress.logged(mark, count=len(PRIVATE) + 1)}
    served_by = f"served by {', '.join(sorted(backends))}"
    let_in = [reply for reply in replies if not refused(reply)]
    assert not let_in, "\n".join([*map(str, let_in), served_by])
    assert modules == (1, dict.fromkeys(PUBLIC, "1.0")), f"{api.host} has the modules {modules}, {served_by}"


@pytest.mark.control("ING-007")
@pytest.mark.usefixtures("on_the_engines_network")
def test_only_web_ports_are_open(ingress: Ingress) -> None:
    """Preconditions: a standing stack.
    Steps: connect from this machine to ports of the ingress' address: those of the web, of Geth, of the beacon node and of Kubernetes.
    Expected: those of the web take connections, no other does.
    """
    found = open_ports(ingress.address, (*WEB_PORTS, *PRIVATE_PORTS))

    assert found == list(WEB_PORTS), f"{ingress.address} takes connections on ports {found}, expected {list(WEB_PORTS)}"


@pytest.mark.control("ING-008")
@pytest.mark.parametrize("host", [GETH_HOST, HELIOS_HOST])
def test_tls_presents_the_right_names(ingress: Ingress, certificates: Certificates, host: str) -> None:
    """Preconditions: the values of the host's chart name a certificate, and say that plain HTTP stays.
    Steps: shake hands with the host, trusting the local authority only; call it by TLS and by plain HTTP.
    Expected: the certificate is for that host and is trusted; both calls are answered.
    """
    authority = certificates.authority().pair.certificate_pem

    seen = presented(ingress.door, host, authority)
    with ingress.outside(host, authority) as secured, ingress.outside(host) as plain:
        replies = [client.call("eth_chainId") for client in (secured, plain)]

    expected = certificates.wanted_for(host).hosts
    assert (seen.names, seen.trouble) == (expected, ""), f"{host} presents {seen}, expected for {expected}"
    assert [reply.outcome for reply in replies] == [(1, CHAIN)] * 2, "\n".join(map(str, replies))


@pytest.mark.control("ING-008")
def test_plain_http_is_redirected_where_the_values_say_so(
    ingress: Ingress, certificates: Certificates, redirecting: str
) -> None:
    """Preconditions: a standing stack.
    Steps: serve one more host, with a certificate of its own, and with the redirect that charts have unless their values say
    otherwise; shake hands with it, and call it by plain HTTP.
    Expected: soon it presents a certificate that is for it and trusted, and plain HTTP is sent to TLS for good (308).
    """
    authority = certificates.authority().pair.certificate_pem

    def trusted() -> wait.Observation[Presented]:
        seen = presented(ingress.door, redirecting, authority)
        return wait.Observation(not seen.trouble, seen, f"{redirecting} presents {seen}")

    up = settle(wait.poll(trusted, every_s=0.2), named="a certificate of its own", within_s=RENEWED_WITHIN_S)
    with ingress.outside(redirecting) as plain:
        sent = plain.call("eth_chainId")

    assert up.ok, f"{up.summary}\nexpected: one for {redirecting}"
    assert (sent.status, sent.location) == (308, f"https://{redirecting}/"), f"{sent}, sent to {sent.location!r}"


@pytest.mark.control("ING-008")
def test_a_renewed_certificate_is_served_without_a_restart(
    stack: Stack, ingress: Ingress, certificates: Certificates
) -> None:
    """Preconditions: a standing stack.
    Steps: call Geth by TLS again and again, over a connection that is kept and over new ones; renew the certificate; go on
    until the new one is presented, and for some calls more.
    Expected: it is presented soon, every call was answered, and the controller is the one from before.
    """
    authority = certificates.authority().pair.certificate_pem
    before = controllers(stack)

    with calling(lambda: ingress.outside(GETH_HOST, authority)) as replies:
        pair = certificates.renew(GETH_HOST)
        renewed = serves(ingress.door, GETH_HOST, pair.certificate_pem, authority)
        seen = settle(renewed, named="the new certificate served", within_s=RENEWED_WITHIN_S)
        enough = len(replies) + CALLS_AFTERWARDS
        settle(wait.holds(lambda: len(replies) >= enough), named="calls afterwards", within_s=RENEWED_WITHIN_S)

    attach("calls", f"{len(replies)} calls, {seen.summary}")
    lost = [str(reply) for reply in replies if reply.outcome != (1, CHAIN)]
    assert seen.ok, f"{seen.summary}\nexpected: the renewed certificate within {RENEWED_WITHIN_S:.0f} s"
    assert not lost, "\n".join(lost)
    assert controllers(stack) == before, "the controller was restarted for it"
    figure("certificate renewed to served", seen.seconds, "s")


def controllers(stack: Stack) -> set[tuple[str, int]]:
    """Return the ingress controller's pods, each with its restarts."""
    return {(pod["metadata"]["uid"], k8s.restarts(pod)) for pod in stack.pods_of("ingress")}


def refused(reply: Reply) -> bool:
    """Return whether a call was answered with the error for a method that does not exist."""
    outcome = reply.outcome
    return isinstance(outcome, tuple) and outcome[1] == NO_SUCH_METHOD


def served(api: Outside) -> wait.Observation[None]:
    """Observe whether a host answers 200."""
    reply = api.get()
    return wait.Observation(reply.status == 200, None, str(reply))
