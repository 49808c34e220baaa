"""The live proofs of alerts as a picture (SVG 1.1): a row for each alert, from its condition to the notice that it is over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape

from plumbline.faults.alerts.proofs import Proof

_ROW, _BAR, _NAMES, _WIDTH = 18, 12, 190, 900  # pixels
_COLOURS = {"waiting": "#dfe3e8", "pending": "#f2c14e", "firing": "#d7191c", "over, not told yet": "#2e8b57"}


def svg(proofs: Sequence[Proof]) -> str:
    """Draw proofs, each beginning with its condition; the black marks are the two deliveries."""
    longest_s = max((proof.resolved.at - proof.begun for proof in proofs), default=1.0)
    per_s = (_WIDTH - _NAMES - _ROW) / longest_s
    height = (len(proofs) + 2) * _ROW
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" font-family="monospace" font-size="11">'
    rows = [line for at, proof in enumerate(proofs) for line in _row(proof, at * _ROW, per_s)]
    ground = f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>'
    return "\n".join([head, ground, *rows, *_legend(height - _ROW, longest_s), "</svg>\n"])


def _row(proof: Proof, y: int, per_s: float) -> Iterator[str]:
    yield f'<text x="{_NAMES - 4}" y="{y + _BAR}" text-anchor="end">{escape(proof.rule.name)}</text>'
    moments = (proof.begun, proof.pending, proof.fired.at, max(proof.ended, proof.fired.at), proof.resolved.at)
    for colour, since, until in zip(_COLOURS.values(), moments, moments[1:], strict=False):
        x, width = _NAMES + (since - proof.begun) * per_s, max(0.0, until - since) * per_s
        yield f'<rect x="{x:.1f}" y="{y + 2}" width="{width:.1f}" height="{_BAR}" fill="{colour}"/>'
    for told in (proof.fired, proof.resolved):
        x = _NAMES + (told.at - proof.begun) * per_s
        yield f'<rect x="{x:.1f}" y="{y}" width="2" height="{_ROW - 2}" fill="#000000"><title>{escape(str(told))}</title></rect>'


def _legend(y: int, longest_s: float) -> Iterator[str]:
    x = 4
    for name, colour in _COLOURS.items():
        yield f'<rect x="{x}" y="{y}" width="{_BAR}" height="{_BAR}" fill="{colour}"/>'
        yield f'<text x="{x + _BAR + 4}" y="{y + _BAR - 2}">{escape(name)}</text>'
        x += _BAR + 8 * len(name) + 12
    yield f'<text x="{_WIDTH - 4}" y="{y + _BAR - 2}" text-anchor="end">{longest_s:.0f} s</text>'
