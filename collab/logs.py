"""Structured logs: one JSON object a line, secrets cut out."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_SECRET_NAMES = re.compile(
    r"password|secret|token|authorization|cookie|credential|api_key|private", re.IGNORECASE
)
_SECRET_VALUES = re.compile(
    r"cb_(?:api|inv|gst|nws)_[\w-]+|Bearer\s+\S+|postgresql://[^\s@]*@", re.IGNORECASE
)


def cut_secrets(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace what looks like a secret, by its key or by its shape."""
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = "[cut]" if _SECRET_NAMES.search(key) else _SECRET_VALUES.sub("[cut]", value)
    return event


def configure(_config: dict[str, Any]) -> None:
    """Send everything that is logged to standard error as JSON lines."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        cut_secrets,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(default=str),
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    for quiet in ("django.security.DisallowedHost", "axes", "PIL", "urllib3"):
        logging.getLogger(quiet).setLevel(logging.WARNING)
