"""What a client asks for: its body, filter, page, attributes and the version that it saw. Source: RFC 7644 §3."""

import json
from collections.abc import Mapping
from typing import Any

from django.db.models import Q

from teams.scim.documents import MOST_ROWS
from teams.scim.errors import BadScim
from teams.scim.filters import Fields, condition_of
from teams.scim.resources import only


def read_json(body: bytes) -> Any:
    """Return what the body holds. Raises: BadScim."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise BadScim("Send a JSON object.", "invalidSyntax") from None


def question(body: Any) -> dict[str, str]:
    """Return what a search asks for, as it would stand in an address. Raises: BadScim."""
    if not isinstance(body, Mapping):
        raise BadScim("Send a JSON object.", "invalidSyntax")
    return {
        str(name): ",".join(map(str, value)) if isinstance(value, list) else str(value)
        for name, value in body.items()
    }


def condition(asked: Mapping[str, str], fields: Fields) -> Q | None:
    """Return the condition of the filter that was asked for, None without one. Raises: BadScim."""
    text = asked.get("filter", "")
    return condition_of(text, fields) if text.strip() else None


def span(asked: Mapping[str, str]) -> tuple[int, int]:
    """Return the first row that is asked for, counted from 1, and how many. Raises: BadScim."""
    count = min(MOST_ROWS, max(0, _number(asked, "count", 100)))
    return max(1, _number(asked, "startIndex", 1)), count


def chosen(asked: Mapping[str, str], found: dict[str, Any]) -> dict[str, Any]:
    """Return a document with the attributes that were asked for."""
    return only(found, asked.get("attributes", ""), asked.get("excludedAttributes", ""))


def version_seen(header: str) -> int | None:
    """Return the version of an If-Match header; one that cannot be ours fits nothing."""
    text = header.strip()
    if text in ("", "*"):
        return None
    number = text.removeprefix("W/").strip('"')
    return int(number) if number.isdecimal() and len(number) < 10 and text.endswith('"') else 0


def _number(asked: Mapping[str, str], name: str, default: int) -> int:
    text = asked.get(name, str(default)).strip()
    if not text.lstrip("-").isdecimal() or len(text) > 9:
        raise BadScim(f"{name} is a number.")
    return int(text)
