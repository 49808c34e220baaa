"""Takes one VolumeSnapshot of a Geth node's volume, marks it with what is in it, and removes those that are no longer wanted.

Consistent (mode "graceful"): the node, the last one of its StatefulSet, is stopped first and started again as soon as the
volume has been cut; what it had is in the copy to the last block. Crash-consistent: it goes on; the copy loses what the client
had not written yet.

A try that dies is repeated by its Job under the same name, and does what is left to do: a snapshot that is there is not taken
twice, a node that is stopped is started. A Lease lets one Job work at a time.

Usage: snapshot.py SETTINGS (a JSON object, see the chart's templates/snapshots.yaml); NAME in the environment.
"""

import http.client
import json
import os
import signal
import ssl
import sys
import threading
import time
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
SCHEDULE, MODE, CHAIN_ID = "plumbline.dev/schedule", "plumbline.dev/mode", "plumbline.dev/chain-id"
GENESIS, CLIENT = "plumbline.dev/genesis-hash", "plumbline.dev/client-version"
HEAD_BLOCK, HEAD_HASH = "plumbline.dev/head-block", "plumbline.dev/head-hash"
SNAPSHOTS = "/apis/snapshot.storage.k8s.io/v1/namespaces/{namespace}/volumesnapshots"
STATEFUL_SETS = "/apis/apps/v1/namespaces/{namespace}/statefulsets"
LEASES = "/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"
CALLS = (
    ("eth_chainId", []),
    ("eth_getBlockByNumber", ["0x0", False]),
    ("eth_getBlockByNumber", ["latest", False]),
    ("web3_clientVersion", []),
    ("eth_syncing", []),
)
PATIENCE_S, LOOK_EVERY_S, NODE_WITHIN_S = 30, 5, 60
NEVER = threading.Event()


class Failed(Exception):
    """There is no snapshot; the message is a sentence for the person whom the alert wakes up."""


class Conflict(Failed):
    """Somebody else has changed the object since it was read."""


class Api:
    """The API server, as the pod's account."""

    def __init__(self, host, port, token, context, namespace):
        """Name the server; each request is a connection of its own."""
        self._to, self._token, self._context, self._namespace = (host, port), token, context, namespace

    @classmethod
    def of_pod(cls, namespace):
        """Return the API server of the cluster that this pod is in."""
        context = ssl.create_default_context(cafile=str(ACCOUNT / "ca.crt"))
        host, port = os.environ["KUBERNETES_SERVICE_HOST"], int(os.environ["KUBERNETES_SERVICE_PORT"])
        return cls(host, port, (ACCOUNT / "token").read_text(), context, namespace)

    def call(self, method, path, body=None, kind="application/json"):
        """Send a request and return the object that is answered, None where there is no such object.

        Raises:
            Failed: the server refuses it.
        """
        with self._answer(method, path, body, kind, PATIENCE_S) as answer:
            said = json.load(answer)
        if answer.status == 404:
            return None
        if answer.status >= 300:
            kind = Conflict if answer.status == 409 else Failed
            raise kind(f"{method} {path}: {answer.status}: {said.get('message', said)}")
        return said

    def until(self, path, name, holds, within_s, named):
        """Watch an object until something holds of it, and return it.

        Raises:
            Failed: it does not hold in time.
        """
        end, last = time.monotonic() + within_s, None
        while (left := end - time.monotonic()) > 0:
            chunk_s = max(1, min(LOOK_EVERY_S, round(left)))
            query = f"watch=true&fieldSelector=metadata.name%3D{name}&timeoutSeconds={chunk_s}"
            with self._answer("GET", f"{path}?{query}", None, "application/json", chunk_s + PATIENCE_S) as answer:
                if answer.status >= 300:
                    raise Failed(f"{named}: {json.load(answer).get('message', answer.status)}")
                for line in answer:
                    last = json.loads(line)["object"]
                    if holds(last):
                        return last
        raise Failed(f"{named} not within {within_s:.0f} s: {json.dumps((last or {}).get('status', 'nothing seen'))}")

    @contextmanager
    def _answer(self, method, path, body, kind, within_s):
        server = http.client.HTTPSConnection if self._context else http.client.HTTPConnection
        extra = {"context": self._context} if self._context else {}
        connection = server(*self._to, timeout=within_s, **extra)
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": kind}
        try:
            path = path.format(namespace=self._namespace)
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            yield connection.getresponse()
        finally:
            connection.close()


@contextmanager
def alone(api, lease, holder, within_s):
    """Hold the schedule's Lease while the block runs: two Jobs at once would start each other's stopped node.

    Raises:
        Failed: others hold it all the time.
    """

    def free(found):
        held = found.get("spec") or {}
        if held.get("holderIdentity") in (None, holder):
            return True
        return time.time() > moment(held["renewTime"]) + held["leaseDurationSeconds"]  # it died for good

    def write(found, **spec):
        return api.call("PUT", f"{LEASES}/{lease}", {**found, "spec": spec})

    found = api.until(LEASES, lease, free, within_s, "its turn has come")
    now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    try:
        found = write(found, holderIdentity=holder, renewTime=now, leaseDurationSeconds=within_s)
    except Conflict:  # somebody else was faster
        with alone(api, lease, holder, within_s):
            yield
        return
    say("turn")
    try:
        yield
    finally:
        write(found)
        say("over")


def serving(api, settings):
    """Have all nodes serve before one is stopped: also the one that an earlier try may have left stopped when it died."""
    wanted = settings["replicas"]
    scale(api, settings["release"], wanted)
    all_ready = lambda it: it["status"].get("readyReplicas", 0) >= wanted  # noqa: E731
    api.until(STATEFUL_SETS, settings["release"], all_ready, settings["deadlineSeconds"], "all nodes serve")


@contextmanager
def stopped(api, settings):
    """Have the last node of the StatefulSet stopped, gently, while the block runs."""
    left = settings["replicas"] - 1
    scale(api, settings["release"], left)
    try:
        gone = lambda it: it["status"].get("replicas", 0) <= left  # noqa: E731
        api.until(STATEFUL_SETS, settings["release"], gone, settings["stoppedSeconds"], f"{settings['pod']} stopped")
        yield
    finally:
        scale(api, settings["release"], settings["replicas"])


def scale(api, name, replicas):
    """Say how many nodes there should be."""
    body = {"spec": {"replicas": replicas}}
    api.call("PATCH", f"{STATEFUL_SETS}/{name}/scale", body, "application/merge-patch+json")


def marks(host, port):
    """Return the labels and annotations that say what chain a node has, and how far.

    Raises:
        Failed: it does not answer, or has not got the chain yet.
    """
    answers = said(host, port)
    try:
        chain, genesis, head, client, syncing = (
            each["result"] for each in sorted(answers, key=lambda answer: answer["id"])
        )
        if syncing:
            raise Failed(f"{host} is synchronising: a copy of it would be worth nothing")
        labels = {CHAIN_ID: str(int(chain, 16))}
        numbers = {HEAD_BLOCK: str(int(head["number"], 16)), HEAD_HASH: head["hash"]}
        return labels, {GENESIS: genesis["hash"], CLIENT: client, **numbers}
    except (KeyError, TypeError, ValueError) as error:
        raise Failed(f"{host} does not say what chain it has: {error!r}") from error


def said(host, port):
    """Return a node's answers to the calls; the network may take seconds to let a new pod through to it.

    Raises:
        Failed: it does not answer.
    """
    batch = [{"jsonrpc": "2.0", "id": n, "method": method, "params": given} for n, (method, given) in enumerate(CALLS)]
    # By a name that every node answers to: its own it does not know (--http.vhosts).
    headers = {"Content-Type": "application/json", "Host": "localhost"}
    end = time.monotonic() + NODE_WITHIN_S
    while True:
        node = http.client.HTTPConnection(host, port, timeout=PATIENCE_S)
        try:
            node.request("POST", "/", json.dumps(batch), headers)
            return json.load(node.getresponse())
        except (OSError, http.client.HTTPException, ValueError) as error:
            if time.monotonic() > end:
                raise Failed(f"{host} does not answer: {error!r}") from error
        finally:
            node.close()
        NEVER.wait(1)


def ask(api, settings, name):
    """Ask for the snapshot."""
    labels, annotations = marks(settings["host"], settings["port"])
    own = {"app.kubernetes.io/part-of": "plumbline", SCHEDULE: settings["release"], MODE: settings["mode"]}
    meta = {"name": name, "labels": {**labels, **own}, "annotations": annotations}
    spec = {"source": {"persistentVolumeClaimName": settings["claim"]}}
    if settings["className"]:
        spec["volumeSnapshotClassName"] = settings["className"]
    wanted = {"apiVersion": "snapshot.storage.k8s.io/v1", "kind": "VolumeSnapshot", "metadata": meta, "spec": spec}
    with stopped(api, settings) if settings["mode"] == "graceful" else nullcontext():
        api.call("POST", SNAPSHOTS, wanted)
        if settings["mode"] == "graceful":  # some clouds go on copying, from a volume that may be written to again
            taken = lambda it: (it.get("status") or {}).get("creationTime")  # noqa: E731
            api.until(SNAPSHOTS, name, taken, settings["stoppedSeconds"], f"{name} taken")


def superfluous(snapshots, keep, max_age_s, pending_s, now):
    """Return the names of a schedule's snapshots that retention removes; never that of the last good one.

    Args:
        snapshots: all of the schedule.
        keep: how many good ones are kept.
        max_age_s: how old the others may be, in seconds.
        pending_s: after how many seconds one that is not ready counts as failed.
        now: seconds since the Unix epoch.
    """
    age = {each["metadata"]["name"]: now - moment(each["metadata"]["creationTimestamp"]) for each in snapshots}
    good = [each["metadata"]["name"] for each in snapshots if (each.get("status") or {}).get("readyToUse")]
    newest_first = sorted(good, key=age.__getitem__)
    old = [name for place, name in enumerate(newest_first) if place > 0 and (place >= keep or age[name] > max_age_s)]
    failed = [name for name in age if name not in good and age[name] > pending_s]
    return [*old, *failed]


def prune(api, settings):
    """Remove what retention does not keep."""
    mine = f"{SNAPSHOTS}?labelSelector={SCHEDULE.replace('/', '%2F')}%3D{settings['release']}"
    found = api.call("GET", mine)["items"]
    limits = settings["keep"], settings["maxAgeHours"] * 3600, settings["deadlineSeconds"]
    for name in superfluous(found, *limits, time.time()):
        api.call("DELETE", f"{SNAPSHOTS}/{name}")
        say("removed", name=name)


def run(api, settings, name):
    """Take the snapshot of this name, then prune."""
    deadline_s = settings["deadlineSeconds"]
    with alone(api, settings["lease"], name, deadline_s):
        if settings["mode"] == "graceful":
            serving(api, settings)
        if api.call("GET", f"{SNAPSHOTS}/{name}") is None:
            ask(api, settings, name)
        ready = lambda it: (it.get("status") or {}).get("readyToUse")  # noqa: E731
        taken = api.until(SNAPSHOTS, name, ready, deadline_s, f"{name} ready")
        say("taken", name=name, at=taken["status"]["creationTime"], **taken["metadata"]["annotations"])
        prune(api, settings)


def moment(text):
    """Return the seconds since the Unix epoch of a moment as the API server writes it."""
    return datetime.fromisoformat(text).timestamp()


def told(seconds):
    """Return a moment as the API server writes it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def say(event, **fields):
    """Write a line: UTC, component, event, fields."""
    words = [
        told(time.time()),
        "snapshot",
        event,
        *(f"{key.rpartition('/')[2]}={value}" for key, value in fields.items()),
    ]
    print(" ".join(words), flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended before it was done"))  # so that a stopped node is started
    given = json.loads(sys.argv[1])
    try:
        run(Api.of_pod(given["namespace"]), given, os.environ["NAME"])
    except (Failed, OSError) as reason:
        sys.exit(f"no snapshot: {reason}")
