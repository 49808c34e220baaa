"""The HTTP port: /healthz (the pool is there), /readyz (and the kubelet knows the driver), /metrics (Prometheus)."""

import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from plumbline_csi import VERSION

type Page = Callable[[], tuple[HTTPStatus, str]]


def serve(address: tuple[str, int], pages: Mapping[str, Page]) -> ThreadingHTTPServer:
    """Serve the pages in the background; port 0 takes a free one."""

    class Handler(BaseHTTPRequestHandler):
        server_version = f"plumbline_csi/{VERSION}"
        timeout = 10  # a client that stays silent does not keep its thread

        def do_GET(self) -> None:
            page = pages.get(self.path.partition("?")[0])
            try:
                status, text = page() if page else (HTTPStatus.NOT_FOUND, f"only {', '.join(pages)}\n")
            except OSError as error:
                status, text = HTTPStatus.SERVICE_UNAVAILABLE, f"{error}\n"
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing: probes come every second."""

    server = ThreadingHTTPServer(address, Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="http", daemon=True).start()
    return server
