"""How an address of a map is dialled: there, for the host that is meant, and by no proxy of this machine's environment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
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


@contextmanager
def expected(what: str, host: str) -> Iterator[None]:
    """Take it for no connection where what answers is not what is expected there.

    Args:
        what: what the address is then, in words.
        host: the host that is asked for; empty where the URL says it.

    Raises:
        ConnectionError: nothing answers, or something else.
    """
    import httpx  # noqa: PLC0415

    try:
        yield
    except (httpx.HTTPError, ValueError, TypeError, KeyError) as error:
        raise ConnectionError(f"{what} host {host or '(its own)'}: {str(error) or type(error).__name__}") from error
