"""A blocking client of one execution client's Engine API.

Source: execution-apis engine/authentication.md (JWT, HS256, fresh ``iat``), engine/prague.md (engine_newPayloadV4),
engine/cancun.md (engine_forkchoiceUpdatedV3), engine/osaka.md (engine_getPayloadV5). Not safe for use by several threads.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlparse

from plumbline_beacon.encoding import to_hex

if TYPE_CHECKING:
    from plumbline_beacon.payloads import NewPayloadArguments

VALID: Final = "VALID"
INVALID: Final = "INVALID"
SYNCING: Final = "SYNCING"

_CONNECT_WITHIN_S: Final = 2.0
_ANSWER_WITHIN_S: Final = 8.0  # execution-apis: newPayload and forkchoiceUpdated time out after 8 s


class EngineError(Exception):
    """An engine did not do what was asked."""


class EngineUnreachable(EngineError):
    """No answer: refused, timed out, or not HTTP."""


class EngineRefused(EngineError):
    """An answer, but an error: wrong token, or a JSON-RPC error."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code

    @property
    def unauthorized(self) -> bool:
        """Whether the engine did not accept our token at all."""
        return self.code in (401, 403)


@dataclass(frozen=True, slots=True)
class PayloadStatus:
    """An engine's verdict on a payload (PayloadStatusV1)."""

    status: str
    reason: str | None = None

    @property
    def pending(self) -> bool:
        """Whether the engine lacks what it needs to judge (SYNCING or ACCEPTED)."""
        return self.status not in (VALID, INVALID)


@dataclass(frozen=True, slots=True)
class Forkchoice:
    """Execution block hashes of head, safe (justified) and finalized block (ForkchoiceStateV1)."""

    head: bytes
    safe: bytes
    finalized: bytes

    def to_json(self) -> dict[str, str]:
        """Return the Engine API's form."""
        return {
            "headBlockHash": to_hex(self.head),
            "safeBlockHash": to_hex(self.safe),
            "finalizedBlockHash": to_hex(self.finalized),
        }


def bearer_token(secret: bytes, issued_at: int) -> str:
    """Return a JWT that the Engine API accepts for a minute around `issued_at`."""

    def encoded(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    signed = encoded(b'{"alg":"HS256","typ":"JWT"}') + "." + encoded(json.dumps({"iat": issued_at}).encode())
    return signed + "." + encoded(hmac.new(secret, signed.encode(), hashlib.sha256).digest())


class EngineClient:
    """One execution client's Engine API over one kept-alive connection."""

    def __init__(self, url: str, secret: bytes) -> None:
        parts = urlparse(url)
        self.name = f"{parts.hostname}:{parts.port or 8551}"
        self._host, self._port, self._secret = parts.hostname or "127.0.0.1", parts.port or 8551, secret
        self._connection: http.client.HTTPConnection | None = None

    def call(self, method: str, *params: Any) -> Any:
        """Return the result of one JSON-RPC call.

        Raises:
            EngineUnreachable: No answer.
            EngineRefused: An error for an answer.
        """
        request = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)})
        while True:
            kept_alive = self._connection is not None
            try:
                status, body = self._exchange(request)
                return self._result(method, status, body)
            except (OSError, http.client.HTTPException) as error:
                self.close()
                if not (
                    kept_alive and isinstance(error, ConnectionError)
                ):  # else the engine restarted: once more, afresh
                    raise EngineUnreachable(f"{self.name} does not answer {method}: {error!r}") from error

    def _exchange(self, request: str) -> tuple[int, bytes]:
        if self._connection is None:
            connection = http.client.HTTPConnection(self._host, self._port, timeout=_CONNECT_WITHIN_S)
            connection.connect()
            connection.sock.settimeout(_ANSWER_WITHIN_S)
            self._connection = connection
        headers = {
            "Content-Type": "application/json",
            "Authorization": f"Bearer {bearer_token(self._secret, int(time.time()))}",
        }
        self._connection.request("POST", "/", request, headers)
        response = self._connection.getresponse()
        return response.status, response.read()

    def _result(self, method: str, status: int, body: bytes) -> Any:
        if status in (401, 403):
            raise EngineRefused(
                f"{self.name} refuses our token (HTTP {status}): its --authrpc.jwtsecret is not the file given with --engine",
                status,
            )
        try:
            reply = json.loads(body)
            if "error" in reply:
                error = reply["error"]
                raise EngineRefused(f"{self.name} {method}: {error.get('message')}", int(error.get("code", 0)))
            return reply["result"]
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise EngineUnreachable(f"{self.name} answers {method} with HTTP {status}, not JSON-RPC") from error

    def close(self) -> None:
        """Drop the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def new_payload(self, arguments: NewPayloadArguments) -> PayloadStatus:
        """Have a payload executed (engine_newPayloadV4)."""
        reply = self.call("engine_newPayloadV4", *arguments)
        return PayloadStatus(reply["status"], reply.get("validationError"))

    def forkchoice_updated(
        self, forkchoice: Forkchoice, attributes: dict[str, Any] | None = None
    ) -> tuple[PayloadStatus, str | None]:
        """Set the head and, with attributes, start packing the next payload (engine_forkchoiceUpdatedV3)."""
        reply = self.call("engine_forkchoiceUpdatedV3", forkchoice.to_json(), attributes)
        verdict = reply["payloadStatus"]
        return PayloadStatus(verdict["status"], verdict.get("validationError")), reply.get("payloadId")

    def get_payload(self, payload_id: str) -> dict[str, Any]:
        """Fetch what was packed (engine_getPayloadV5)."""
        built: dict[str, Any] = self.call("engine_getPayloadV5", payload_id)
        return built

    def block(self, number: int | str) -> dict[str, Any] | None:
        """Return a block by number or tag (eth_getBlockByNumber), None when the engine lacks it."""
        found: dict[str, Any] | None = self.call(
            "eth_getBlockByNumber", hex(number) if isinstance(number, int) else number, False
        )
        return found
