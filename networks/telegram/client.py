"""Calls of the Bot API: one address per method, the token in it, an object with `ok` back.

Source: core.telegram.org/bots/api, "Making requests" and ResponseParameters, Bot API 10.1, read 2026-11-27.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from core.http import NotReadable, OutboundClient, Part, Response

READ_SECONDS = 10.0
TOKEN = re.compile(r"[0-9]{3,20}:[A-Za-z0-9_-]{20,120}", re.ASCII)


def ask(
    http: OutboundClient,
    where: Mapping[str, str],
    method: str,
    fields: Mapping[str, Any] | None = None,
    *,
    parts: Sequence[Part] | None = None,
    seconds: float = READ_SECONDS,
) -> Response:
    """Call a method with a JSON object, or with parts where files go with it. Raises: OutboundError."""
    url = f"{where['server']}/bot{where['bot_token']}/{method}"
    if parts is not None:
        return http.request("POST", url, multipart=parts, deadline_seconds=seconds)
    return http.request("POST", url, json=dict(fields or {}), deadline_seconds=seconds)


def result_of(response: Response) -> Any:
    """Return what a call that went well gives. Raises: NotReadable, ValueError for anything else."""
    answer = response.json_object()
    if not response.ok or answer.get("ok") is not True:
        raise ValueError("the call did not go well")
    return answer["result"]


def description_of(response: Response) -> str:
    """Return why a call was refused; '' where Telegram itself does not say so."""
    try:
        answer = response.json_object()
    except NotReadable:
        return ""
    is_refusal = answer.get("ok") is False and answer.get("error_code") == response.status
    return str(answer.get("description", ""))[:300] if is_refusal else ""


def parameter_of(response: Response, name: str) -> int | None:
    """Return a number that Telegram gives with a refusal: `retry_after`, `migrate_to_chat_id`."""
    found = response.json_object().get("parameters")
    value = found.get(name) if isinstance(found, Mapping) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def pause_of(response: Response) -> float | None:
    """Return for how many seconds Telegram wants no more messages."""
    return parameter_of(response, "retry_after")
