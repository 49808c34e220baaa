"""What is asked of Prometheus, Alertmanager and the receiver, and what is made of the answers."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest

from plumbline.components.isolation.flows import NODE, Flows, Row
from plumbline.components.telemetry import dashboard_picture, loaded_rules
from plumbline.components.telemetry.alert_receiver import AlertReceiver
from plumbline.components.telemetry.alertmanager import Alertmanager
from plumbline.components.telemetry.credentials import Credentials
from plumbline.components.telemetry.dashboard_view import View
from plumbline.components.telemetry.dashboards import Dashboard
from plumbline.components.telemetry.prometheus import Prometheus, Target
from plumbline.components.telemetry.scraping import Expected, expected, missing
from plumbline.core import wait
from plumbline.kube.api import Object

PROMETHEUS = "monitoring/prometheus"


class Server:
    """An API server that answers by what is asked behind its proxy."""

    def __init__(self, **answers: Any) -> None:
        self.answers, self.asked = answers, list[tuple[str, str, Any]]()

    def request(self, method: str, path: str, *, body: Any = None, **query: Any) -> Any:
        self.asked.append((method, path, body or query))
        answer = self.answers[path.rpartition("/")[2]]
        return answer() if callable(answer) else answer


def prometheus(**answers: Any) -> Prometheus:
    return Prometheus(Server(**{key: {"data": value} for key, value in answers.items()}), "monitoring", "prometheus")  # type: ignore[arg-type]


def test_a_query_yields_samples() -> None:
    result = [{"metric": {"__name__": "up", "pod": "geth-0"}, "value": [1.0, "1"]}]
    (sample,) = prometheus(query={"resultType": "vector", "result": result}).query("up")

    assert (sample.labels["pod"], sample.value) == ("geth-0", 1.0)
    assert str(sample) == 'up{pod="geth-0"} 1'


def test_a_scalar_is_one_sample() -> None:
    (sample,) = prometheus(query={"resultType": "scalar", "result": [1.0, "2.5"]}).query("2.5")

    assert (dict(sample.labels), sample.value) == ({}, 2.5)


def test_a_rule_says_how_its_last_evaluation_went() -> None:
    rules = [
        {"name": "Down", "type": "alerting", "query": "up == 0", "health": "ok", "labels": {"severity": "critical"}},
        {"name": "a:b", "type": "recording", "query": "up * up", "health": "err", "lastError": "many-to-many"},
    ]
    good, bad = prometheus(rules={"groups": [{"name": "g", "rules": rules}]}).rules()

    assert (good.health, good.kind, good.labels["severity"]) == ("ok", "alerting", "critical")
    assert str(bad) == "a:b (group g): err: many-to-many"


def test_alertmanager_tells_when_it_took_its_configuration() -> None:
    told = (
        'alertmanager_alerts{state="active"} 1\nalertmanager_config_last_reload_success_timestamp_seconds 1.795e+09\n'
    )

    at = Alertmanager(Server(metrics=told), "monitoring", "alertmanager").configured_at()  # type: ignore[arg-type]

    assert at == 1.795e9


def test_a_silence_ends_with_the_block() -> None:
    server = Server(silences={"silenceID": "x-1"}, **{"x-1": None})
    with Alertmanager(server, "monitoring", "alertmanager").silenced({"alertname": "Down"}, "a drill") as identity:  # type: ignore[arg-type]
        assert identity == "x-1"

    (_, _, body), (method, path, _) = server.asked
    assert body["matchers"] == [{"name": "alertname", "value": "Down", "isRegex": False, "isEqual": True}]
    assert (method, path.rpartition("/api/v2/")[2]) == ("DELETE", "silence/x-1")


# -- deliveries -----------------------------------------------------------------------------------------------------------


def delivery(number: int, name: str, status: str = "firing") -> dict[str, Any]:
    of_alert = {"labels": {"alertname": name}, "annotations": {}, "startsAt": "", "endsAt": ""}
    return {"number": number, "at": 1.0, "receiver": "plumbline", "status": status, **of_alert}


def receiver(*answers: Any) -> tuple[AlertReceiver, Server]:
    left = list(answers)

    def answer() -> Any:
        now = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(now, Exception):
            raise now
        return now

    server = Server(deliveries=answer)
    return AlertReceiver(server, "monitoring", "alert-receiver"), server  # type: ignore[arg-type]


def named(name: str) -> Callable[[Any], bool]:
    return lambda each: each.alertname == name


def test_a_delivery_is_waited_for_beyond_those_of_others() -> None:
    ours, server = receiver(
        {"last": 4, "deliveries": [delivery(4, "Other")]}, {"last": 5, "deliveries": [delivery(5, "Down")]}
    )

    found = wait.until(ours.delivered(named("Down"), after=3), named="Down delivered", within_s=5)

    assert found.number == 5
    assert [query["after"] for _, _, query in server.asked] == [3, 4]


def test_a_time_out_names_what_was_delivered_instead() -> None:
    ours, _ = receiver({"last": 4, "deliveries": [delivery(4, "Other", "resolved")]})

    with pytest.raises(
        wait.Timeout, match=r"Down delivered: delivered meanwhile: Other resolved \(number 4, by plumbline\)"
    ):
        wait.until(ours.delivered(named("Down"), after=3), named="Down delivered", within_s=0.05)


def test_a_receiver_that_is_started_again_is_heard_from_its_beginning() -> None:
    ours, server = receiver(
        ConnectionError("refused"), {"last": 0, "deliveries": []}, {"last": 1, "deliveries": [delivery(1, "Down")]}
    )

    assert wait.until(ours.delivered(named("Down"), after=7), named="Down delivered", within_s=5).number == 1
    assert [query["after"] for _, _, query in server.asked] == [7, 7, 0]


# -- targets --------------------------------------------------------------------------------------------------------------

FLOWS = Flows(
    (
        Row("ethereum/geth", 6060, 6060, "TCP", frozenset([PROMETHEUS]), "metrics"),
        Row("ethereum/geth", 8545, 8545, "TCP", frozenset(["helios/helios"]), "JSON-RPC"),
        Row(NODE, 2381, 2381, "TCP", frozenset([PROMETHEUS]), "etcd"),
        Row(NODE, 10250, 10250, "TCP", frozenset([PROMETHEUS]), "kubelet"),
    )
)


def pod(name: str, namespace: str, owner: str, address: str, *ports: int, host: bool = False) -> Object:
    return {
        "metadata": {
            "name": name,
            "namespace": namespace,
            "ownerReferences": [{"kind": "StatefulSet", "name": owner}],
        },
        "spec": {"hostNetwork": host, "containers": [{"ports": [{"containerPort": port} for port in ports]}]},
        "status": {"phase": "Running", "podIP": address},
    }


NODE_1: Object = {
    "metadata": {"name": "node-1"},
    "status": {
        "addresses": [{"type": "InternalIP", "address": "172.18.0.2"}],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
    },
}
PODS = [
    pod("geth-0", "ethereum", "geth", "10.0.0.1", 6060, 8545),
    pod("etcd-node-1", "kube-system", "etcd", "172.18.0.2", 2381, host=True),
    pod("echo", "conformance", "echo", "10.0.0.9", 6060),
]


def target(address: str, health: str = "up", error: str = "") -> Target:
    return Target("serviceMonitor/ethereum/geth/0", address, {"pod": "geth-0"}, health, error)


def test_what_is_open_to_prometheus_is_there_to_be_scraped() -> None:
    assert expected(FLOWS, PROMETHEUS, PODS, [NODE_1]) == [
        Expected("etcd-node-1", "172.18.0.2:2381"),
        Expected("geth-0", "10.0.0.1:6060"),
        Expected("kubelet of node-1", "172.18.0.2:10250"),
    ]


def test_a_target_that_is_missing_or_down_is_named() -> None:
    wanted = expected(FLOWS, PROMETHEUS, PODS[:2], [])

    assert missing(wanted, [target("10.0.0.1:6060"), target("172.18.0.2:2381")]) == []
    assert missing(wanted, [target("10.0.0.1:6060", "down", "connection refused")]) == [
        "etcd-node-1 (172.18.0.2:2381): no target",
        "geth-0 (serviceMonitor/ethereum/geth/0, 10.0.0.1:6060): down: connection refused",
    ]


# -- dashboards -----------------------------------------------------------------------------------------------------------

MODEL = {
    "uid": "geth",
    "title": "Geth",
    "templating": {
        "list": [
            {"name": "datasource", "type": "datasource", "query": "prometheus"},
            {"name": "pod", "type": "query", "query": "label_values(chain_head_block, pod)"},
        ]
    },
    "panels": [
        {"type": "row", "title": "Chain"},
        {
            "type": "timeseries",
            "title": "Head",
            "datasource": {"uid": "${datasource}"},
            "fieldConfig": {"defaults": {"unit": "none"}},
            "targets": [
                {"expr": 'rate(chain_head_block{pod=~"$pod"}[$__rate_interval])', "legendFormat": "{{pod}} head"}
            ],
        },
    ],
}


def view(model: dict[str, Any], *, shows: bool = True, selected: str = "chain_head_block") -> tuple[View, Server]:
    tree = {"type": "call", "args": [{"type": "matrixSelector", "matchers": [{"name": "__name__", "value": selected}]}]}
    pods = [{"metric": {"pod": pod}, "value": [1.0, "1"]} for pod in ("geth-0", "geth-1")]
    curve = [{"metric": {"pod": "geth-0"}, "values": [[1.0, "1"], [2.0, "2"]]}]
    server = Server(
        query={"data": {"resultType": "vector", "result": pods}},
        query_range={"data": {"result": curve if shows else []}},
        parse_query={"data": tree},
    )
    asked = Prometheus(server, "monitoring", "prometheus")  # type: ignore[arg-type]
    return View.of(Dashboard.of(json.dumps(model)), asked), server


def test_a_panel_is_asked_with_all_values_of_its_variables() -> None:
    shown, server = view(MODEL)

    assert shown.values == {"pod": ["geth-0", "geth-1"]}
    asked = next(query["query"] for _, path, query in server.asked if path.endswith("query_range"))
    assert asked == 'rate(chain_head_block{pod=~"geth-0|geth-1"}[1m])'
    assert shown.panels[0].queries[0].curves[0].name == "geth-0 head"
    assert shown.faults({"chain_head_block"}) == []


def test_a_metric_that_is_gone_is_named() -> None:
    shown, _ = view(MODEL, shows=False)

    assert shown.faults({"chain_head_number"}) == ["Geth: panel Head asks for chain_head_block, which no target has"]


def test_a_pattern_of_names_must_match_one() -> None:
    shown, _ = view(MODEL, selected="rpc_duration_.+_success")

    assert shown.faults({"rpc_duration_eth_call_success"}) == []
    assert shown.faults({"rpc_duration_all"})


def test_a_panel_without_data_unit_or_source_is_named() -> None:
    model = json.loads(json.dumps(MODEL))
    model["panels"][1] |= {"fieldConfig": {"defaults": {}}, "datasource": {"uid": "P1809F7CD0C75ACF3"}}
    shown, _ = view(model, shows=False)

    assert shown.faults({"chain_head_block"}) == [
        "Geth: panel Head has no unit",
        "Geth: panel Head has the data source P1809F7CD0C75ACF3, which is no variable",
        'Geth: panel Head shows nothing: rate(chain_head_block{pod=~"$pod"}[$__rate_interval])',
    ]


def test_a_dashboard_is_drawn_with_a_curve_for_each_series() -> None:
    picture = dashboard_picture.draw(view(MODEL)[0])
    empty = dashboard_picture.draw(view(MODEL, shows=False)[0])

    assert picture.count("<polyline") == 1
    assert "geth-0 head: 2" in picture
    assert "no data" in empty
    ElementTree.fromstring(picture)


# -- credentials ----------------------------------------------------------------------------------------------------------


def test_credentials_are_written_as_the_ingress_checks_them() -> None:
    made = Credentials.made()
    data = made.as_secret("monitoring")["stringData"]
    user, _, scrambled = data["auth"].strip().partition(":{SHA}")

    assert user == made.user
    assert base64.b64decode(scrambled) == hashlib.sha1(made.password.encode()).digest()
    assert made.password != Credentials.made().password
    assert Credentials.of({"data": {key: base64.b64encode(value.encode()) for key, value in data.items()}}) == made


# -- rules ----------------------------------------------------------------------------------------------------------------


def rules(*loaded: dict[str, Any], series: bool = True, selected: str = "up") -> SimpleNamespace:
    """A Prometheus with some rules, in a cluster where the charts brought two."""
    wanted = {"groups": [{"name": "g", "rules": [{"alert": "Down"}, {"record": "a:b"}]}]}
    server = Server(
        rules={"data": {"groups": [{"name": "g", "rules": list(loaded)}]}},
        query={"data": {"resultType": "vector", "result": [{"metric": {}, "value": [1.0, "1"]}] if series else []}},
        parse_query={"data": {"type": "vectorSelector", "matchers": [{"name": "__name__", "value": selected}]}},
        values={"data": ["up"]},
        metadata={"data": {"kube_job_failed": [{"type": "gauge", "help": "", "unit": ""}]}},
    )
    kube = SimpleNamespace(objects=lambda *_, **__: [{"spec": wanted}])
    return SimpleNamespace(kube=kube, prometheus=Prometheus(server, "monitoring", "prometheus"))  # type: ignore[arg-type]


DOWN = {"name": "Down", "type": "alerting", "query": "up == 0", "health": "ok"}
RECORDED = {"name": "a:b", "type": "recording", "query": "sum(up)", "health": "ok"}


@pytest.mark.parametrize(
    ("cluster", "said"),
    [
        pytest.param(rules(DOWN, RECORDED), "2 rules are well", id="all is well"),
        pytest.param(
            rules(DOWN, RECORDED, selected="upp"),
            "Down (group g) asks for upp, which no target has; a:b (group g) asks for upp, which no target has",
            id="asks for what is gone",
        ),
        pytest.param(
            rules(DOWN, RECORDED, selected="kube_job_failed"),
            "2 rules are well",
            id="asks for what a target declares and has none of now",
        ),
        pytest.param(rules(DOWN), "a:b (group g) is not loaded", id="refused by the operator"),
        pytest.param(rules(DOWN, RECORDED, series=False), "a:b yields no series", id="records nothing"),
        pytest.param(
            rules({**DOWN, "health": "err", "lastError": "many-to-many"}, RECORDED),
            "Down (group g): err: many-to-many",
            id="cannot be evaluated",
        ),
    ],
)
def test_a_rule_that_is_not_well_is_named(cluster: Any, said: str) -> None:
    seen = next(loaded_rules.well(cluster).observe(wait.Deadline(1)))

    assert (seen.ok, seen.summary) == (said == "2 rules are well", said)
