"""OPS: what people type does what it says: make targets, the summary, the quick query, and the way back."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from fixtures.make import make, on_a_terminal, options
from plumbline.components.devnet import CONTROL_SECRET, JWT_SECRET, KEYS_SECRET, NAMESPACE
from plumbline.components.monitoring import HOSTS
from plumbline.components.node.belongings import LeftBehind
from plumbline.components.operation import inventory
from plumbline.components.telemetry import credentials
from plumbline.core import shell
from plumbline.query import GETH_HOST, HELIOS_HOST
from reports.evidence import attach, figure, step
from reports.redact import hide

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from plumbline.components.execution import Execution
    from plumbline.core.shell import Result
    from plumbline.stack import Stack

BRING_UP = (
    *(
        "cluster",
        "metallb-local",
        "ingress-local",
        "deploy-monitoring-local",
        "deploy-eth-local",
        "deploy-helios-local",
    ),
    "all-local",
)
DASHBOARD = "Go-Ethereum-By-Instance: uid go-ethereum-by-instance, path /d/go-ethereum-by-instance"
LOOK = ("help", "doctor", "engine", "summary")


@pytest.mark.control("OPS-001")
@pytest.mark.undisturbed
def test_targets_do_what_they_say_and_change_nothing_again(stack: Stack) -> None:
    """Preconditions: a stack that stands.
    Steps: take stock of every object and Helm release; run each target that brings up or looks; take stock again.
    Expected: they succeed, and nothing is another than before.
    """
    root, config = stack.site.paths.root, stack.site.config
    before = inventory.take(stack.site.kube, stack.site.helm)

    for target in (*LOOK, *BRING_UP):
        with step(f"make {target}"):
            ended = make(root, config, target)
        assert ended.ok, f"make {target} ended with {ended.code}: {ended.stdout}{ended.stderr}"
    changed = inventory.changes(before, inventory.take(stack.site.kube, stack.site.helm))
    figure("make all-local, on a stack that stands", ended.seconds, "s")

    assert not changed, "\n".join(changed)


@pytest.mark.control("OPS-001")
@pytest.mark.undisturbed
def test_destroy_leaves_nothing_behind(stack: Stack, doomed: Stack) -> None:
    """Preconditions: a second cluster that is a node container with a volume, two mounted loop devices, a kubeconfig and a
    record, and no Kubernetes: to `destroy` it is one like any other, and it costs seconds. (The whole stack is destroyed at
    the end of .ci/run; `destroy` itself fails where it leaves anything behind.)
    Steps: take stock of what both clusters occupy on this machine; destroy the second.
    Expected: all that was its own is gone, and all that is the first one's is still there.
    """
    mine, its = stack.cluster.belongings(), doomed.cluster.belongings()
    kinds = sorted(thing.kind for thing in its)
    assert kinds == ["container", "loop device", "loop device", "volume"], (
        f"{doomed.cluster.node_container} has {kinds}"
    )

    try:
        doomed.down()
    except LeftBehind as left:
        pytest.fail(str(left))

    kept = [
        file.name for file in (doomed.site.paths.kubeconfig, doomed.site.paths.state / "cluster.json") if file.exists()
    ]
    assert not kept, f"destroy left {kept}"
    assert not mine - stack.cluster.belongings(), f"destroy took {mine - stack.cluster.belongings()} of another cluster"


@pytest.mark.control("OPS-002")
def test_summary_tells_the_way_in(stack: Stack) -> None:
    """Preconditions: a standing stack.
    Steps: run make summary.
    Expected: it names the hosts of Geth, Helios, Prometheus and Alertmanager, a line for /etc/hosts that is right, the address of
    each LoadBalancer, where credentials are, and the dashboard's path and uid.
    """
    ended = make(stack.site.paths.root, stack.site.config, "summary")
    attach("make summary", ended.stdout)

    assert ended.ok, f"make summary ended with {ended.code}: {ended.stdout}{ended.stderr}"
    hosts = (GETH_HOST, HELIOS_HOST, *HOSTS)
    secrets = (JWT_SECRET, KEYS_SECRET, CONTROL_SECRET, credentials.NAME)
    named = (*(f"http://{host}" for host in hosts), *(f"secret/{name}" for name in secrets), DASHBOARD)
    for expected in named:
        assert expected in ended.stdout, f"make summary does not show {expected}:\n{ended.stdout}"
    hosts_line = [line.split() for line in ended.stdout.splitlines() if line.startswith(stack.ingress.door.address)]
    assert hosts_line, (
        f"make summary has no line for /etc/hosts that begins with {stack.ingress.door.address}:\n{ended.stdout}"
    )
    assert {*hosts} <= {*hosts_line[0]}, f"the line for /etc/hosts lacks one of {', '.join(hosts)}: {hosts_line[0]}"


@pytest.mark.control("OPS-002")
def test_summary_shows_no_secret_but_on_a_terminal(stack: Stack) -> None:
    """Preconditions: a standing stack, with the secrets that it made for itself.
    Steps: run make summary; ask for the credentials, once where there is no terminal and once on one.
    Expected: no value of any Secret of the cluster is in the first; the second is refused; the third shows them.
    """
    root, values = stack.site.paths.root, inventory.secret_values(stack.site.kube)
    for value in values:
        hide(value)
    command = (sys.executable, "-m", "plumbline", "summary", "--show-credentials", *options(stack.site.config))

    plain = make(root, stack.site.config, "summary")
    piped = shell.run(command, within_s=30, cwd=root, check=False)
    typed = on_a_terminal(root, *command)

    shown = [where for value, where in values.items() if value in plain.stdout + plain.stderr]
    assert not shown, f"make summary shows the values of {', '.join(shown)}"
    assert piped.code == 2, f"plumbline summary --show-credentials ended with {piped.code} where there is no terminal"
    assert not [where for value, where in values.items() if value in piped.stdout + piped.stderr], (
        "and showed credentials"
    )
    missing = [name for name in (JWT_SECRET, CONTROL_SECRET) if not shows(typed, name, values)]
    assert not missing, f"plumbline summary --show-credentials does not show {', '.join(missing)} on a terminal"


def shows(text: str, secret: str, values: Mapping[str, str]) -> bool:
    """Return whether a value of a Secret is in a text."""
    return any(value in text for value, where in values.items() if where.startswith(f"{NAMESPACE}/{secret} "))


@pytest.mark.control("OPS-003")
def test_query_shows_peers_and_a_rising_block_number(execution: Execution, queried: Callable[[], Result]) -> None:
    """Preconditions: a standing stack; nothing in /etc/hosts.
    Steps: run make query.
    Expected: Geth's host tells as many peers as the mesh has; Geth's and Helios' each tell two block numbers of which the
    second is higher.
    """
    ended = queried()
    attach("make query", ended.stdout)

    assert ended.ok, f"make query ended with {ended.code}: {ended.stdout}{ended.stderr}"
    told = [line.split() for line in ended.stdout.splitlines() if ".oumla.local " in line]
    peers = [int(value) for host, method, value in told if (host, method) == (GETH_HOST, "net_peerCount")]
    assert peers, f"make query does not tell the peers of {GETH_HOST}:\n{ended.stdout}"
    assert peers[0] >= execution.mesh, f"{GETH_HOST} has {peers[0]} peers, expected {execution.mesh}"
    for asked in (GETH_HOST, HELIOS_HOST):
        blocks = [int(value) for host, method, value in told if (host, method) == (asked, "eth_blockNumber")]
        assert len(blocks) == 2, f"make query tells {len(blocks)} block numbers of {asked}:\n{ended.stdout}"
        assert blocks[1] > blocks[0], f"{asked} stays at block {blocks[0]}"
