"""Log lines: UTC time, component, event, key=value fields; one line per event, on standard output."""

import json
import sys
from datetime import UTC, datetime

COMPONENT = "csi"


def event(name: str, /, **fields: object) -> None:
    """Write one line; a value with blanks, quotes or line breaks is quoted so that the line stays one line."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    words = [now, COMPONENT, name, *(f"{key}={_text(value)}" for key, value in fields.items())]
    sys.stdout.write(" ".join(words) + "\n")  # one write, so that lines of several threads do not mix
    sys.stdout.flush()


def _text(value: object) -> str:
    text = f"{value:.3f}" if isinstance(value, float) else str(value)
    plain = text and text.isprintable() and not any(c in text for c in ' "=')
    return text if plain else json.dumps(text)
