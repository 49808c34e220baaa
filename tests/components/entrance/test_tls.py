"""What the local authority issues is what a client demands: the right names, the right time, one authority."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from plumbline.components.entrance import tls
from plumbline.components.entrance.outside import Outside
from plumbline.components.entrance.reach import Door
from plumbline.components.secrets.authority import Authority, Pair

HOST = "api.example"
Served = Callable[[Pair], Door]


class Answering(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        del format, args


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority.made("a test")


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """Serve a certificate on this machine, and return where."""
    servers = []

    def serve(pair: Pair) -> Door:
        (tmp_path / "pair.pem").write_text(pair.certificate_pem + pair.private_pem)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tmp_path / "pair.pem")
        server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
        server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a client that refuses is what is tried
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return Door("127.0.0.1", https=server.server_port)

    yield serve
    for server in servers:
        server.shutdown()


def test_a_host_has_a_certificate_that_is_trusted(authority: Authority, served: Served) -> None:
    pair = authority.issue([HOST, "other.example"])
    seen = tls.presented(served(pair), HOST, authority.pair.certificate_pem)

    assert seen.names == (HOST, "other.example")
    assert seen.serial == tls.serial_of(pair.certificate_pem)
    assert not seen.trouble


@pytest.mark.parametrize(
    ("hosts", "since", "says"),
    [
        (["other.example"], None, "Hostname mismatch"),
        ([HOST], datetime.now(UTC) - timedelta(days=400), "certificate has expired"),
        ([HOST], datetime.now(UTC) + timedelta(days=1), "certificate is not yet valid"),
    ],
)
def test_what_is_wrong_with_a_certificate_is_said(
    authority: Authority, served: Served, hosts: list[str], since: datetime | None, says: str
) -> None:
    door = served(authority.issue(hosts, since=since))

    assert says in tls.presented(door, HOST, authority.pair.certificate_pem).trouble


def test_another_authority_is_not_trusted(authority: Authority, served: Served) -> None:
    door = served(Authority.made("another").issue([HOST]))

    assert "issuer certificate" in tls.presented(door, HOST, authority.pair.certificate_pem).trouble


def test_a_client_asks_for_its_host_and_trusts_one_authority(authority: Authority, served: Served) -> None:
    door = served(authority.issue([HOST]))

    trusted = Outside(HOST, door, authority.pair.certificate_pem).call("eth_chainId")
    refused = Outside(HOST, door, Authority.made("another").pair.certificate_pem).call("eth_chainId")

    assert trusted.status == 200
    assert (refused.status, "CERTIFICATE_VERIFY_FAILED" in refused.text) == (0, True)


def test_a_key_is_not_shown(authority: Authority) -> None:
    assert "PRIVATE" not in repr(authority)


def test_a_pair_survives_its_secret(authority: Authority) -> None:
    assert Pair.of(authority.pair.as_secret("local-ca", "sealed-secrets", {})) == authority.pair
