"""Requests to an API server, by the official client: TLS, credentials, connections, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import yaml

from plumbline.core.errors import PlumblineError

_REQUEST_WITHIN_S = 30.0


class ApiError(PlumblineError):
    """The API server refused a request."""

    def __init__(self, method: str, path: str, status: int, message: str) -> None:
        """Keep the request, the HTTP status, and the server's reason."""
        self.method, self.path, self.status, self.message = method, path, status, message
        super().__init__(f"{method} {path}: {status}: {message}")


class NotFound(ApiError):
    """The object does not exist."""


class Transport:
    """The way to one cluster's API server, by one kubeconfig and context of our own."""

    def __init__(self, kubeconfig: Path, context: str, tools: Path) -> None:
        """Name the cluster; nothing is contacted yet.

        Args:
            kubeconfig: our own file.
            context: the context in it; named with every call.
            tools: folder of the pinned kubectl.
        """
        self.kubeconfig, self.context, self.tools = kubeconfig, context, tools

    @property
    def credentials(self) -> Path:
        """Folder of the client's key and certificates, which it wants as files; a killed process leaves its own there."""
        return self.kubeconfig.with_name("credentials")

    @cached_property
    def client(self) -> Any:
        """The official client, used for its transport: TLS, credentials, connections. Objects stay plain JSON."""
        from kubernetes import config  # noqa: PLC0415  (heavy; loaded when a cluster is there to talk to)

        document = yaml.safe_load(self.kubeconfig.read_text())
        client = config.new_client_from_config_dict(  # type: ignore[no-untyped-call]
            document, context=self.context, temp_file_path=str(self.credentials)
        )
        client.configuration.connection_pool_maxsize = 64
        return type(client)(client.configuration)

    def request(
        self, method: str, path: str, *, body: Any = None, content_type: str = "application/json", **query: Any
    ) -> Any:
        """Send one request and return the decoded answer.

        Raises:
            NotFound: the object does not exist.
            ApiError: the server refused it otherwise.
            OSError: the server does not answer.
        """
        data, headers = self.exchange(method, path, body=body, content_type=content_type, query=query)
        return (
            json.loads(data)
            if headers.get("content-type", "").startswith("application/json")
            else data.decode(errors="replace")
        )

    def exchange(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        content_type: str = "application/json",
        query: Mapping[str, Any] | None = None,
    ) -> tuple[bytes, Mapping[str, str]]:
        """Send one request and return the raw body and the headers of the answer; errors are those of :meth:`request`."""
        from urllib3.exceptions import HTTPError  # noqa: PLC0415

        answer = self.open(method, path, body, content_type, query or {}, _REQUEST_WITHIN_S)
        try:
            return answer.read(), answer.headers
        except HTTPError as error:
            raise ConnectionError(f"{method} {path}: {error}") from error
        finally:
            answer.release_conn()

    def open(
        self, method: str, path: str, body: Any, content_type: str, query: Mapping[str, Any], within_s: float
    ) -> Any:
        """Send one request and return the answer (a ``urllib3`` response) of which nothing is read yet."""
        from urllib3 import Timeout  # noqa: PLC0415
        from urllib3.exceptions import HTTPError  # noqa: PLC0415

        client = self.client
        headers = {"Content-Type": content_type, "Accept": "application/json"}
        client.update_params_for_auth(headers, [], ["BearerToken"], path, method, None)
        encoded = urlencode([(key, value) for key, value in query.items() if value != ""])
        try:
            answer = client.rest_client.pool_manager.request(
                method,
                f"{client.configuration.host}{path}{'?' if encoded else ''}{encoded}",
                body=None if body is None else json.dumps(body).encode(),
                headers=headers,
                timeout=Timeout(connect=5, read=within_s),
                retries=False,
                preload_content=False,
            )
            if answer.status >= 400:
                kind = NotFound if answer.status == 404 else ApiError
                raise kind(method, path, answer.status, _reason(answer.read()))
        except HTTPError as error:
            raise ConnectionError(f"{method} {path}: {error}") from error
        return answer


def load_client() -> None:
    """Load the official client's package, which takes a second: that can be done while there is nothing to talk to yet."""
    from kubernetes import config  # noqa: F401, PLC0415
    from kubernetes.watch import watch  # noqa: F401, PLC0415


def _reason(body: Any) -> str:
    """Return the server's own reason from the body of a refusal (a Kubernetes Status)."""
    text = body.decode(errors="replace") if isinstance(body, bytes) else str(body or "")
    try:
        return str(json.loads(text).get("message", text))
    except ValueError:
        return text[:300]
