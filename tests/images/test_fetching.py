"""Fetching: what is final, what is tried again, and the sentence that a person gets."""

from __future__ import annotations

from pathlib import Path

import pytest

from plumbline.core import shell, wait
from plumbline.core.errors import ChecksumMismatch, ModuleUnavailable, PlumblineError
from plumbline.images import fetching

REFUSED = "go: example.org/m/v2@v2.11.0: reading https://proxy.example/m/v2/@v/v2.11.0.zip: 403 Forbidden"
CHANGED = """verifying example.org/m@v1.0.0: checksum mismatch
\tdownloaded: h1:AAAA=
\tgo.sum:     h1:BBBB=
"""
WHEEL_CHANGED = f"""ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.
        Expected sha256 {"1" * 64}
             Got        {"2" * 64}
"""
NO_WHEEL = "ERROR: No matching distribution found for thing==9.9"
SLOW = 'go: example.org/m@v1.0.0: Get "https://proxy.example/m/@v/v1.0.0.info": net/http: TLS handshake timeout'


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch):
    """Let the client fail with the given words, one after another, then succeed; count the calls."""
    calls: list[tuple[str, ...]] = []

    def program(*said: str) -> list[tuple[str, ...]]:
        waiting = list(said)

        def stream(argv, **_options) -> shell.Result:
            calls.append(tuple(argv))
            if waiting:
                raise shell.CommandFailed(shell.Result(tuple(argv), 1, waiting.pop(0), "", 0.1))
            return shell.Result(tuple(argv), 0, "ok", "", 0.1)

        monkeypatch.setattr(shell, "stream", stream)
        monkeypatch.setattr(wait, "pause", lambda _seconds, _deadline: None)
        return calls

    return program


def fetch() -> shell.Result:
    return fetching.run(["go", "build"], "thing==9.9", within_s=1)


@pytest.mark.parametrize(
    ("said", "kind", "sentence"),
    [
        (REFUSED, ModuleUnavailable, "the pinned package example.org/m/v2@v2.11.0 cannot be had"),
        (NO_WHEEL, ModuleUnavailable, "the pinned package thing==9.9 cannot be had"),
        (CHANGED, ChecksumMismatch, "example.org/m@v1.0.0 has checksum h1:AAAA=, pinned is h1:BBBB="),
        (WHEEL_CHANGED, ChecksumMismatch, f"thing==9.9 has checksum {'2' * 64}, pinned is {'1' * 64}"),
    ],
)
def test_a_refusal_and_a_changed_package_are_final(
    answers, said: str, kind: type[PlumblineError], sentence: str
) -> None:
    calls = answers(said)

    with pytest.raises(kind) as failure:
        fetch()

    assert str(failure.value).startswith(sentence)
    assert "\n" not in str(failure.value)
    assert failure.value.exit_code == 3
    assert len(calls) == 1


def test_a_time_out_is_tried_again(answers) -> None:
    calls = answers(SLOW, SLOW)

    assert fetch().stdout == "ok"
    assert len(calls) == 3


def test_patience_ends_with_a_sentence_that_names_no_address(answers) -> None:
    calls = answers(*[SLOW] * fetching.TRIES)

    with pytest.raises(ModuleUnavailable, match="did not answer in 4 tries") as failure:
        fetch()

    assert "proxy.example" not in str(failure.value)
    assert len(calls) == fetching.TRIES


def test_any_other_failure_is_told_as_it_is(answers) -> None:
    calls = answers("main.go:1: undefined: http2.TrailerPrefix")

    with pytest.raises(shell.CommandFailed, match=r"undefined: http2\.TrailerPrefix"):
        fetch()

    assert len(calls) == 1


def test_a_module_other_than_pinned_is_not_used(shop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    answer = f'go: downloading\n{{"Sum": "h1:other", "Dir": "{tmp_path}"}}\n'
    monkeypatch.setattr(shell, "stream", lambda argv, **_options: shell.Result(tuple(argv), 0, answer, "", 0.1))
    monkeypatch.setattr(type(shop.go), "toolchain", lambda _, series: Path("go"))

    with pytest.raises(
        ChecksumMismatch, match=r"go\.universe\.tf/metallb@v0\.16\.1 has checksum h1:other, pinned is h1:"
    ):
        shop.upstream.folder("go.universe.tf/metallb")
