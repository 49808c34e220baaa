"""TLS as a client sees it: which certificate a host presents, whether it can be trusted, and calls that go on meanwhile."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime

from plumbline.components.entrance.outside import Outside, Reply, trusting
from plumbline.components.entrance.reach import Door
from plumbline.core import wait

_WITHIN_S = 5.0
_CALL = "eth_chainId"


@dataclass(frozen=True)
class Presented:
    """A certificate, as a host presented it.

    Attributes:
        names: what it is for.
        serial: which one of its issuer's it is.
        until: when it expires.
        trouble: why a client that trusts the authority does not take it; empty where it does.
    """

    names: tuple[str, ...]
    serial: int
    until: datetime
    trouble: str

    def __str__(self) -> str:
        """Tell it as a line."""
        said = f"a certificate for {', '.join(self.names) or 'nobody'}, valid until {self.until:%Y-%m-%d %H:%M} UTC"
        return said + (f": {self.trouble}" if self.trouble else "")


def presented(door: Door, host: str, authority_pem: str) -> Presented:
    """Return the certificate that is presented to who asks for a host.

    Args:
        door: where to dial.
        host: the name that is asked for (SNI), and that must be in the certificate.
        authority_pem: the certificate of the authority that is trusted.

    Raises:
        OSError: nobody speaks TLS there.
    """
    return _read(_shaken(door, host, _anything()), _trouble(door, host, trusting(authority_pem)))


def serial_of(certificate_pem: str) -> int:
    """Return the serial number of a certificate."""
    return _read(ssl.PEM_cert_to_DER_cert(certificate_pem), "").serial


def serves(door: Door, host: str, certificate_pem: str, authority_pem: str) -> wait.Condition[Presented]:
    """Return a condition: a host presents this very certificate."""
    serial = serial_of(certificate_pem)

    def look() -> wait.Observation[Presented]:
        seen = presented(door, host, authority_pem)
        return wait.Observation(seen.serial == serial, seen, f"{host} presents {seen}")

    return wait.poll(look, every_s=0.1)


@contextmanager
def calling(connect: Callable[[], AbstractContextManager[Outside]], *, every_s: float = 0.05) -> Iterator[list[Reply]]:
    """Call a host again and again while the block runs, by a connection that is kept and by new ones, and yield the replies."""
    replies: list[Reply] = []
    enough = threading.Event()

    def call() -> None:
        with connect() as kept:
            while not enough.wait(every_s):
                replies.append(kept.call(_CALL))
                with connect() as new:
                    replies.append(new.call(_CALL))

    thread = threading.Thread(target=call, name="calling", daemon=True)
    thread.start()
    try:
        yield replies
    finally:
        enough.set()
        thread.join()


def _shaken(door: Door, host: str, context: ssl.SSLContext) -> bytes:
    """Shake hands, and return the certificate (DER)."""
    with (
        socket.create_connection((door.address, door.https), timeout=_WITHIN_S) as dialled,
        context.wrap_socket(dialled, server_hostname=host) as secured,
    ):
        return secured.getpeercert(binary_form=True) or b""


def _anything() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _trouble(door: Door, host: str, context: ssl.SSLContext) -> str:
    try:
        _shaken(door, host, context)
    except ssl.SSLCertVerificationError as error:
        return error.verify_message
    return ""


def _read(der: bytes, trouble: str) -> Presented:
    from cryptography import x509  # noqa: PLC0415

    certificate = x509.load_der_x509_certificate(der)
    try:
        alternatives = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        names = tuple(alternatives.get_values_for_type(x509.DNSName))
    except x509.ExtensionNotFound:
        names = ()
    return Presented(names, certificate.serial_number, certificate.not_valid_after_utc, trouble)
