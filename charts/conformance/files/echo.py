"""Answers every HTTP request with what it saw of it, as JSON; on each port that is named on the command line."""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Echo(BaseHTTPRequestHandler):
    """Tells the caller who it is, and what it asked."""

    protocol_version = "HTTP/1.1"
    timeout = 10

    def answer(self) -> None:
        """Answer 200 with method, path, headers, size of the body, and the peer's address."""
        length = int(self.headers.get("Content-Length") or 0)
        seen = {
            "method": self.command,
            "path": self.path,
            "headers": dict(self.headers),
            "body_bytes": len(self.rfile.read(length)),
            "client": self.client_address[0],
            "port": self.connection.getsockname()[1],
        }
        body = json.dumps(seen).encode() + b"\n"
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        """Answer."""
        self.answer()

    def do_POST(self) -> None:
        """Answer."""
        self.answer()

    def log_message(self, *_: object) -> None:
        """Say nothing: probes come all the time."""


servers = [ThreadingHTTPServer(("", int(port)), Echo) for port in sys.argv[1:]]
for server in servers[1:]:
    threading.Thread(target=server.serve_forever, daemon=True).start()
servers[0].serve_forever()
