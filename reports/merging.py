"""One run out of its shares: what several processes found of one stack, each of its own controls (``--shard``)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import chain

from reports.model import Control, Run, Verdict

_WORSE: dict[Verdict, int] = {"not run": 0, "proved": 1, "failed": 2}


def merged(name: str, shares: Sequence[Run]) -> Run:
    """Return the run that some shares are.

    Args:
        name: the run's name; each share has another one.
        shares: all of them.
    """
    first = min(shares, key=_began)
    claims: dict[str, list[Control]] = {}
    for claim in (claim for share in shares for claim in share.controls):
        claims.setdefault(claim.id, []).append(claim)
    ended = max(_began(share) + share.seconds for share in shares)
    codes = [share.exit_code for share in shares]
    return replace(
        first,
        name=name,
        seconds=round(ended - _began(first), 1),
        exit_code=None if None in codes else max(code for code in codes if code is not None),
        images={name: digest for share in shares for name, digest in share.images.items()},
        controls=tuple(map(_together, claims.values())),
        tests=tuple(chain.from_iterable(share.tests for share in shares)),
        figures=tuple(chain.from_iterable(share.figures for share in shares)),
        remarks=tuple(dict.fromkeys(chain.from_iterable(share.remarks for share in shares))),
        resume=next((share.resume for share in shares if share.resume), ""),
    )


def _together(claims: Sequence[Control]) -> Control:
    """Return what is known of a control: the worst that was found; where nobody tried it, the reason of who had its tests."""
    worst = max(claims, key=lambda claim: (_WORSE[claim.verdict], bool(claim.tests)))
    return replace(
        worst,
        seconds=round(sum(claim.seconds for claim in claims), 3),
        tests=tuple(chain.from_iterable(claim.tests for claim in claims)),
    )


def _began(run: Run) -> float:
    return datetime.fromisoformat(run.started).timestamp()
