"""Fetching pinned packages by their registry's own client: patient where that helps, final where it does not."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from plumbline.core import events, shell, wait
from plumbline.core.errors import ChecksumMismatch, ModuleUnavailable, PlumblineError

TRIES = 4
_FIRST_PAUSE_S = 2.0
_REFUSED = re.compile(
    r"\b(403 Forbidden|404 Not Found|410 Gone|unknown revision|No matching distribution found"
    r"|module lookup disabled by GOPROXY=off|E403|E404|ETARGET)",
    re.IGNORECASE,
)
_PASSING = re.compile(
    r"time-?d? ?out|timeout|connection re(set|fused)|temporary failure|TLS handshake|unexpected EOF|no such host"
    r"|\b(429|500|502|503|504)\b|network is unreachable|Connection broken",
    re.IGNORECASE,
)
_MODULE = re.compile(r"\b([\w.-]+\.[a-z]{2,}/[\w./~-]+@v[\w.+-]+)")
_GO_SUM = re.compile(r"checksum mismatch\s+downloaded:\s+(?P<actual>h1:\S+)\s+\S+:\s+(?P<expected>h1:\S+)")
_PIP_SUM = re.compile(r"Expected sha256 (?P<expected>[0-9a-f]{64}).*?Got\s+(?P<actual>[0-9a-f]{64})", re.DOTALL)
_NPM_SUM = re.compile(
    r"integrity checksum failed when using sha512: wanted (?P<expected>\S+) but got (?P<actual>\S+)\."
)


def run(
    argv: Sequence[str | Path],
    what: str,
    *,
    within_s: float,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    on_line: Callable[[str], None] = lambda _line: None,
) -> shell.Result:
    """Run a program that fetches pinned packages, again where the network failed it.

    Args:
        argv: the program.
        what: the package that is fetched, for the error ("name@version").
        within_s: deadline of each try, in seconds.
        env: added to our environment.
        cwd: where it runs.
        on_line: gets each line that it prints, as it comes.

    Raises:
        ModuleUnavailable: the registry refuses the package, or did not answer in all tries.
        ChecksumMismatch: what came is not what is pinned.
    """
    pause_s = _FIRST_PAUSE_S
    for left in reversed(range(TRIES)):
        try:
            return shell.stream(argv, within_s=within_s, on_line=on_line, env=env, cwd=cwd)
        except shell.CommandFailed as failure:
            said = failure.result.stdout
            understood = judge(said, what)
            if understood is not None:
                raise understood from failure
            if not _PASSING.search(said):
                raise
            if not left:
                raise ModuleUnavailable(
                    what, f"its registry did not answer in {TRIES} tries: {_last_line(said)}"
                ) from failure
            events.emit("images", "notice", text=f"{what}: {_last_line(said)}; trying again in {pause_s:.0f} s")
        wait.pause(pause_s, wait.Deadline(pause_s * 2))
        pause_s *= 3
    raise AssertionError("every try returns or raises")


def judge(said: str, what: str) -> PlumblineError | None:
    """Return the final failure that a client's words mean, or None if trying again may help or nothing is known."""
    for pattern in (_GO_SUM, _PIP_SUM, _NPM_SUM):
        if match := pattern.search(said):
            named = _MODULE.search(said)
            return ChecksumMismatch(named[1] if named else what, expected=match["expected"], actual=match["actual"])
    if match := _REFUSED.search(said):
        line = next(line for line in said.splitlines() if match[1] in line)
        named = _MODULE.search(line)
        return ModuleUnavailable(named[1] if named else what, f"its registry answers: {match[1]}")
    return None


def _last_line(said: str) -> str:
    lines = [line for line in said.splitlines() if _PASSING.search(line)] or said.splitlines()
    return re.sub(r"https?://[^\s\"]+", "(address)", lines[-1].strip())[:200]
