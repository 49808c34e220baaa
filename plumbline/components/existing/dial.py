"""How an address of a map is dialled: there, for the host that is meant, and by no proxy of this machine's environment."""

from __future__ import annotations

from typing import Any

_WITHIN_S = 5.0


def client(url: str, host: str, **options: Any) -> Any:
    """Return an ``httpx.Client`` of a host (empty: the one that the URL says) at an address."""
    import httpx  # noqa: PLC0415

    headers = {"host": host} if host else {}
    return httpx.Client(base_url=url, headers=headers, timeout=_WITHIN_S, trust_env=False, **options)


def good(answer: Any) -> None:
    """Demand that an answer is a success.

    Raises:
        httpx.HTTPStatusError: it is another one.
    """
    answer.raise_for_status()
