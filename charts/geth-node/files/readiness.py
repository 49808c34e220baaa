"""Answers 200 while the Geth node beside it can serve clients, and 503 with the reason while it cannot.

Geth itself answers 200 as soon as its port is open, whatever it knows of the chain. It can serve when JSON-RPC answers, nothing
is left to synchronise (eth_syncing), and the head is younger than a bound: a node that nobody tells of new blocks believes that
it is synchronised.

Usage: readiness.py PORT RPC_PORT MAX_HEAD_AGE_SECONDS
"""

import http.client
import json
import signal
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PATIENCE_S = 0.8  # less than the probe's second, so that it learns the reason
CALLS = (("eth_syncing", []), ("eth_getBlockByNumber", ["latest", False]))


def ask(rpc_port):
    """Return the node's answers to the calls, as one JSON-RPC batch.

    Raises:
        OSError, http.client.HTTPException: it does not answer.
        ValueError: it answers something else.
    """
    batch = [
        {"jsonrpc": "2.0", "id": n, "method": method, "params": params} for n, (method, params) in enumerate(CALLS)
    ]
    node = http.client.HTTPConnection("127.0.0.1", rpc_port, timeout=PATIENCE_S)
    try:
        node.request("POST", "/", json.dumps(batch), {"Content-Type": "application/json"})
        return json.load(node.getresponse())
    finally:
        node.close()


def why_not(answers, now, max_age_s):
    """Return why a node cannot serve, empty where it can.

    Args:
        answers: what it said to the calls.
        now: seconds since the Unix epoch.
        max_age_s: greatest age of a head that is served, in seconds.
    """
    try:
        syncing, head = (each["result"] for each in sorted(answers, key=lambda each: each["id"]))
        number, age_s = int(head["number"], 16), now - int(head["timestamp"], 16)
    except (KeyError, TypeError, ValueError):
        return f"no answer to {', '.join(method for method, _ in CALLS)}: {json.dumps(answers)[:200]}"
    if syncing:
        return f"it is synchronising: {json.dumps(syncing)[:200]}"
    if age_s > max_age_s:
        return f"its head, block {number}, is {age_s:.0f} s old, more than {max_age_s} s"
    return ""


def verdict(rpc_port, max_age_s):
    """Return why the node cannot serve now, empty where it can."""
    try:
        return why_not(ask(rpc_port), time.time(), max_age_s)
    except (OSError, http.client.HTTPException, ValueError) as error:
        return f"JSON-RPC does not answer: {error}"


def server(port, rpc_port, max_age_s):
    """Return the server of the answer, on any path."""

    class Readiness(BaseHTTPRequestHandler):
        """Tells whether the node can serve."""

        timeout = 10

        def do_GET(self):
            """Ask the node, and answer."""
            reason = verdict(rpc_port, max_age_s)
            body = (reason or "it serves").encode() + b"\n"
            self.send_response(503 if reason else 200)
            self.send_header("Content-Type", "text/plain")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Say nothing: probes come all the time."""

    return ThreadingHTTPServer(("", port), Readiness)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # the first process of a container ignores it otherwise
    server(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])).serve_forever()
