"""A registry in this process, of the OCI distribution specification what our client speaks; it keeps everything in memory."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


class StubRegistry:
    """What it has, and what it was asked."""

    def __init__(self) -> None:
        self.url = ""
        self.blobs: dict[tuple[str, str], bytes] = {}
        self.manifests: dict[tuple[str, str], bytes] = {}
        self.asked: list[str] = []
        self.shown: list[str] = []  # credentials
        self.refuses: int | None = None  # answers everything with this status
        self.challenge = ""
        self.answers_after = threading.Event()
        self.answers_after.set()

    def has(self, ref: str, document: bytes = b'{"layers": []}') -> str:
        """Put a manifest there, and return its digest."""
        repository, _, tag = ref.rpartition(":")
        self.manifests[repository, tag] = document
        return digest_of(document)


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@contextmanager
def serving() -> Iterator[StubRegistry]:
    stub = StubRegistry()
    handler = type("Handler", (_Handler,), {"stub": stub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    stub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield stub
    finally:
        stub.answers_after.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    stub: StubRegistry
    protocol_version = "HTTP/1.1"

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except ConnectionError:
            self.close_connection = True

    def do_GET(self) -> None:
        repository, kind, name = self._begin()
        found = self.stub.manifests.get((repository, name)) if kind == "manifests" else None
        if kind == "blobs":
            found = self.stub.blobs.get((repository, name))
        self._answer(404 if found is None else 200, found or b"")

    do_HEAD = do_GET  # noqa: N815  (the names are those of http.server)

    def do_POST(self) -> None:
        repository, _, _ = self._begin()
        query = parse_qs(urlsplit(self.path).query)
        if "mount" in query and (content := self.stub.blobs.get((query["from"][0], query["mount"][0]))) is not None:
            self.stub.blobs[repository, query["mount"][0]] = content
            self._answer(201)
        else:  # relative, and with a query of its own, as the specification allows
            self._answer(202, headers={"Location": f"/v2/{repository}/blobs/uploads/1?state=x"})

    def do_PUT(self) -> None:
        repository, kind, name = self._begin()
        content = self.rfile.read(int(self.headers["Content-Length"]))
        if kind == "manifests":
            self.stub.manifests[repository, name] = content
        else:
            query = parse_qs(urlsplit(self.path).query)
            assert query["state"] == ["x"]
            assert query["digest"] == [digest_of(content)]
            self.stub.blobs[repository, query["digest"][0]] = content
        self._answer(201)

    def _begin(self) -> tuple[str, str, str]:
        """Note the request, and return its repository, whether it is about blobs or manifests, and the rest of its path."""
        path = urlsplit(self.path).path.removeprefix("/v2/")
        self.stub.asked.append(f"{self.command} {path}")
        self.stub.shown += self.headers.get_all("Authorization", [])
        self.stub.answers_after.wait(20)
        for kind in ("blobs", "manifests"):
            repository, found, name = path.partition(f"/{kind}/")
            if found:
                return repository, kind, name
        return "", "", path

    def _answer(self, status: int, content: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(self.stub.refuses or status)
        if self.stub.challenge:
            self.send_header("WWW-Authenticate", self.stub.challenge)
        for name, value in {**(headers or {}), "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""
