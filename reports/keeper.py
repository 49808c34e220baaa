"""Keeps the last run of a harness that runs by itself, and shows it to Prometheus: ``python -m reports.keeper FOLDER PORT``.

==== ================================ =========================================================================
PUT  ``/runs/<run>/<share>/<shares>`` a share of a run's results (results.json); with the last one the run is kept
GET  ``/metrics``                     the metrics of the run that was kept last; none before the first
==== ================================ =========================================================================
"""

from __future__ import annotations

import json
import re
import shutil
import sys
import threading
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

from reports.merging import merged
from reports.model import Run
from reports.writers import files, openmetrics, results

_SHARE = re.compile(r"/runs/(?P<run>[a-z0-9][a-z0-9.-]*)/(?P<share>\d+)/(?P<shares>\d+)")
_LARGEST_BYTES = 64 * 2**20
_NONE = "# EOF\n"


class Keeper:
    """The folder with what is kept."""

    def __init__(self, folder: Path) -> None:
        """Take up what is there."""
        self._folder, self._pending = folder, folder / "pending"
        self._lock = threading.Lock()

    def take(self, run: str, share: int, shares: int, found: Mapping[str, Any]) -> None:
        """Take a share of a run's results; once all are there, that run is what is kept, and nothing else is.

        Raises:
            KeyError, TypeError, ValueError: these are no results.
        """
        Run.of(found)
        with self._lock:
            folder = self._pending / run
            files.write(folder / f"{share}.json", json.dumps(found))
            known = [folder / f"{number}.json" for number in range(shares)]
            if all(file.exists() for file in known):
                whole = merged(run, [Run.of(json.loads(file.read_text())) for file in known])
                results.write(whole, self._folder)
                openmetrics.write(whole, self._folder)
                shutil.rmtree(self._pending)

    def metrics(self) -> str:
        """Return the metrics of the run that is kept."""
        file = self._folder / openmetrics.NAME
        return file.read_text() if file.exists() else _NONE


class Handler(BaseHTTPRequestHandler):
    """One request.

    Attributes:
        keeper: who is asked.
    """

    keeper: ClassVar[Keeper]

    def do_GET(self) -> None:
        """Show the metrics."""
        if self.path == "/metrics":
            self._say(HTTPStatus.OK, self.keeper.metrics())
        else:
            self._say(HTTPStatus.NOT_FOUND, "only /metrics is here\n")

    def do_PUT(self) -> None:
        """Take a share of a run."""
        named, size = _SHARE.fullmatch(self.path), self.headers.get("Content-Length", "")
        if named is None or int(named["share"]) >= int(named["shares"]):
            self._say(HTTPStatus.NOT_FOUND, "put to /runs/<run>/<share>/<shares>; shares count from 0\n")
        elif not size.isdigit() or int(size) > _LARGEST_BYTES:
            self._say(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"say a length of at most {_LARGEST_BYTES} bytes\n")
        else:
            self._take(named, self.rfile.read(int(size)))

    def _take(self, named: re.Match[str], body: bytes) -> None:
        try:
            self.keeper.take(named["run"], int(named["share"]), int(named["shares"]), json.loads(body))
        except (KeyError, TypeError, ValueError) as error:
            self._say(HTTPStatus.BAD_REQUEST, f"these are no results: {type(error).__name__}: {error}\n")
        else:
            self._say(HTTPStatus.OK, "kept\n")

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Tell of who hands something in; who looks comes every few seconds."""
        if self.command != "GET":
            super().log_request(code, size)

    def _say(self, status: HTTPStatus, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def server(folder: Path, port: int, host: str = "") -> ThreadingHTTPServer:
    """Return a server over a folder, listening; 0 is any port."""
    bound = type("Handler", (Handler,), {"keeper": Keeper(folder)})
    return ThreadingHTTPServer((host, port), bound)


if __name__ == "__main__":
    server(Path(sys.argv[1]), int(sys.argv[2])).serve_forever()
