"""Structured logs: one JSON object a line, secrets cut out."""

import json
import logging
import os
import re
import sys
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any

import structlog

_SECRET_NAMES = re.compile(
    r"password|secret|token|authorization|cookie|credential|api_key|private", re.IGNORECASE
)
_SECRET_VALUES = re.compile(
    r"cb_(?:api|inv|gst|nws)_[\w-]+|Bearer\s+\S+|postgresql://[^\s@]*@", re.IGNORECASE
)

_STANDARD_ERROR = 2
_ENCODE = json.JSONEncoder(default=str).encode


def cut_secrets(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace what looks like a secret, by its key or by its shape."""
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = "[cut]" if _SECRET_NAMES.search(key) else _SECRET_VALUES.sub("[cut]", value)
    return event


class Line:
    """Writes the lines of one logger to standard error, one write a line, past whatever stands in its place."""

    def __init__(self, name: str = "") -> None:
        self.name = name

    def msg(self, text: str) -> None:
        """Write a line; a reader that went away breaks nothing."""
        with suppress(OSError):
            os.write(_STANDARD_ERROR, f"{text}\n".encode())

    debug = info = warning = error = critical = exception = msg


def as_json(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> str:
    """Render an event as one line."""
    return _ENCODE(event)


def configure(_config: dict[str, Any]) -> None:
    """Send everything that is logged to standard error as JSON lines.

    The product's own lines go there directly, since every request writes one; those of libraries through `logging`.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        cut_secrets,
    ]
    structlog.configure(
        processors=[*shared, as_json],
        logger_factory=Line,
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            as_json,
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    for quiet in ("django.security.DisallowedHost", "axes", "PIL", "urllib3"):
        logging.getLogger(quiet).setLevel(logging.WARNING)
