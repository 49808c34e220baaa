"""Keeps the alerts that Alertmanager delivers, each with the moment of its arrival, and lets others wait for the next one.

POST /alerts/NAME                    Alertmanager's webhook (https://prometheus.io/docs/alerting/latest/configuration/#webhook_config);
                                     NAME, of the receiver that it came by, is kept with each alert
GET  /deliveries?after=N&wait_s=S    what arrived after number N: at once if there is something, else when it comes, or after S seconds
GET  /healthz                        200
"""

import collections
import json
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

KEPT = 10_000
LONGEST_WAIT_S = 25.0


class Deliveries:
    """What was delivered, numbered from 1."""

    def __init__(self):
        """Start without any."""
        self._kept = collections.deque(maxlen=KEPT)
        self._last = 0
        self._arrived = threading.Condition()

    def add(self, receiver, alerts, now):
        """Keep some alerts (as Alertmanager writes them) that came by a receiver at a moment (seconds since the Unix epoch)."""
        with self._arrived:
            for alert in alerts:
                self._last += 1
                self._kept.append({"number": self._last, "at": now, "receiver": receiver, **alert})
            self._arrived.notify_all()

    def after(self, number, wait_s):
        """Return what arrived after a number; where there is nothing yet, wait for it, some seconds at most.

        A number that is not reached yet is of another life of this program: who names it is told so at once.
        """
        with self._arrived:
            self._arrived.wait_for(lambda: self._last != number, min(wait_s, LONGEST_WAIT_S))
            return {"last": self._last, "deliveries": [each for each in self._kept if each["number"] > number]}


def server(port, deliveries):
    """Return the server."""

    class Receiver(BaseHTTPRequestHandler):
        """Takes alerts, and gives them out."""

        timeout = 60

        def do_POST(self):
            """Take what Alertmanager delivers."""
            _, _, name = self.path.partition("/alerts/")
            said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            deliveries.add(name, said["alerts"], time.time())
            self.answer({})

        def do_GET(self):
            """Give out what arrived."""
            asked = urlsplit(self.path)
            if asked.path == "/deliveries":
                query = {key: values[-1] for key, values in parse_qs(asked.query).items()}
                self.answer(deliveries.after(int(query.get("after", 0)), float(query.get("wait_s", 0))))
            else:
                self.answer({}, status=200 if asked.path == "/healthz" else 404)

        def answer(self, what, status=200):
            """Answer as JSON."""
            body = json.dumps(what).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Say nothing: probes come all the time."""

    return ThreadingHTTPServer(("", port), Receiver)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # the first process of a container ignores it otherwise
    server(int(sys.argv[1]), Deliveries()).serve_forever()
