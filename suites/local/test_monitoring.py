"""MON: everything that should be watched is watched, and what is seen of it moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from plumbline.components.chain import transactions
from plumbline.components.telemetry import dashboard_picture, dashboards, loaded_rules, vital_signs
from plumbline.components.telemetry.dashboard_view import View
from plumbline.core import wait
from plumbline.core.patience import settle
from plumbline.kube.rpc import RpcError
from reports.evidence import attach, figure, step

if TYPE_CHECKING:
    from plumbline.components.chain.transactions import Sender
    from plumbline.components.execution import Execution
    from plumbline.components.light_client import LightClient
    from plumbline.components.monitoring import Monitoring

UP_WITHIN_S = 60.0
SHOWN_WITHIN_S = 90.0
DASHBOARDS = {"go-ethereum-by-instance", "helios-by-instance", "plumbline-stack"}
WEI = 10**9


@pytest.mark.control("MON-001")
@pytest.mark.reading
def test_every_target_that_should_exist_is_up(monitoring: Monitoring) -> None:
    """Preconditions: a standing stack.
    Steps: for each port that the table of flows opens to Prometheus, on each pod and node that has it, look for its target.
    Expected: each has one, all are up, and Prometheus has no other that is down.
    """
    seen = settle(monitoring.scraped(), named="every target up", within_s=UP_WITHIN_S)
    attach("targets", "\n".join(sorted(map(str, monitoring.prometheus.targets()))))

    assert seen.ok, seen.summary
    figure("targets that are scraped", float(seen.value or 0), "targets")


@pytest.mark.control("MON-002")
def test_vital_signs_are_shown_and_move(monitoring: Monitoring, execution: Execution, sender: Sender) -> None:
    """Preconditions: a chain that advances.
    Steps: send a transaction through the ingress, and to each node a call that fails; watch what Prometheus has of each node.
    Expected: peers, head, sync, transaction pool, RPC latency, requests and errors, CPU, memory, disk and volume are there for
    each node, and those move that should.
    """
    give_something_to_show(execution, sender)

    seen = settle(
        vital_signs.shown(monitoring.prometheus, [node.name for node in execution.nodes]),
        named="vital signs of every node",
        within_s=SHOWN_WITHIN_S,
    )

    assert seen.ok, seen.summary


@pytest.mark.control("MON-003")
@pytest.mark.usefixtures("a_job")
def test_all_rules_load_and_evaluate(monitoring: Monitoring) -> None:
    """Preconditions: rules that the charts brought, and a Job, for those that ask for Jobs.
    Steps: compare the rules of all PrometheusRules that Prometheus is to take with those that it has loaded, and look how the
    last evaluation of each went, and which metrics it asks for.
    Expected: each is loaded, none failed, each asks for metrics that there are, and each recording rule yields series.
    """
    expected = loaded_rules.brought(monitoring)
    seen = settle(loaded_rules.well(monitoring), named="all rules are well", within_s=UP_WITHIN_S)

    assert expected, "no chart brought a rule"
    assert seen.ok, seen.summary
    figure("rules that are evaluated", float(seen.value or 0), "rules")


@pytest.mark.control("MON-004")
def test_every_panel_of_every_dashboard_shows_something(
    monitoring: Monitoring, execution: Execution, light_client: LightClient, sender: Sender
) -> None:
    """Preconditions: dashboards that the charts brought, and a chain that advances.
    Steps: send a transaction, to each node a call that fails, and to each light client one that does not; then evaluate every
    query of every panel over the last minutes, with all values of the variables, and draw what comes.
    Expected: each metric that is asked for exists, each query returns data, each variable has values, each panel has a unit and
    takes its data source from a variable.
    """
    give_something_to_show(execution, sender)
    for client in light_client.clients:
        client.rpc("eth_blockNumber")

    def look() -> wait.Observation[list[View]]:
        views = [View.of(one, monitoring.prometheus) for one in dashboards.deployed(monitoring.kube)]
        faults = [fault for view in views for fault in view.faults(monitoring.prometheus.metric_names())]
        return wait.Observation(not faults, views, "\n".join(faults) or "every panel shows something")

    seen = settle(wait.poll(look, every_s=5), named="every panel shows something", within_s=SHOWN_WITHIN_S)
    views = {view.dashboard.uid: view for view in seen.value or ()}
    for uid, view in views.items():
        attach(f"dashboard {uid}.svg", dashboard_picture.draw(view), "image/svg+xml")

    assert seen.ok, seen.summary
    assert set(views) == DASHBOARDS, f"the cluster has the dashboards {sorted(views)}, expected {sorted(DASHBOARDS)}"
    figure("panels that show something", sum(len(view.panels) for view in views.values()), "panels")


def give_something_to_show(execution: Execution, sender: Sender) -> None:
    """Send a transaction through the ingress, and to each node a call that runs and fails."""
    with step("give them something to show"):
        sender.pay(transactions.new_address(), WEI, nonce=sender.next_nonce)
        for node in execution.nodes:
            with pytest.raises(RpcError):
                node.rpc("eth_sendRawTransaction", "0x01")
