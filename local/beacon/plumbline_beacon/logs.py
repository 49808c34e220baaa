"""Log lines for people and for grep: UTC time, level, component, ``event=``, then fields."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any


class _Formatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """Render one record on one line."""
        moment = datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
        message = record.getMessage()
        if not message.startswith("event="):
            message = f"event=log message={json.dumps(message)}"
        if record.exc_info:
            message += f" traceback={json.dumps(self.formatException(record.exc_info))}"
        return f"{moment}Z {record.levelname} {record.name} {message}"


def configure(level: str = "INFO") -> None:
    """Send every log record to standard error in this format."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)


def _render(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3f}"
    if isinstance(value, bytes):
        return "0x" + value.hex()
    text = str(value)
    return json.dumps(text) if not text or any(c in text for c in ' "=\n') else text


def event(log: logging.Logger, name: str, /, level: int = logging.INFO, **fields: Any) -> None:
    """Log one event with its fields."""
    if log.isEnabledFor(level):
        log.log(level, "%s", " ".join([f"event={name}", *(f"{key}={_render(value)}" for key, value in fields.items())]))


def warn(log: logging.Logger, name: str, /, **fields: Any) -> None:
    """Log one event that a person should look at."""
    event(log, name, logging.WARNING, **fields)


def error(log: logging.Logger, name: str, /, **fields: Any) -> None:
    """Log one event that a person has to act on."""
    event(log, name, logging.ERROR, **fields)
