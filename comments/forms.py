"""What a comment's form says beside its words: what it is about, and other words for it."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from comments.anchors import MOST_QUOTE, POINT, SECOND, TEXT
from core.errors import Invalid

MIDDLE = 0.5
ABOUT = ("quote", "media", "at", "suggestion")


def anchor_in(values: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the anchor that a form describes, None without one. Raises: Invalid for what is no number.

    Words are named by copying them; a picture without a point is meant as a whole, and pinned in its middle.
    """
    quote = str(values.get("quote") or "").strip()[:MOST_QUOTE]
    media = str(values.get("media") or "")
    if quote:
        names = ("part", "before", "after")
        return {"kind": TEXT, "quote": quote, **{name: str(values.get(name) or "")[:100] for name in names}}
    if not media:
        return None
    at = _number(values.get("at"), "at")
    if at is not None:
        return {"kind": SECOND, "media": media, "at": at}
    x, y = (_number(values.get(name), name) for name in ("x", "y"))
    return {"kind": POINT, "media": media, "x": MIDDLE if x is None else x, "y": MIDDLE if y is None else y}


def suggestion_in(values: Mapping[str, Any]) -> str | None:
    """Return the other words that a form suggests, None without any."""
    return str(values.get("suggestion") or "").replace("\r\n", "\n").strip() or None


def said_about(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a form said, to show it again after it was refused; `is_about` where it named a part."""
    return {**{name: values.get(name, "") for name in values}, "is_about": any(map(values.get, ABOUT))}


def _number(text: Any, name: str) -> float | None:
    if text in (None, ""):
        return None
    try:
        return float(str(text).replace(",", "."))
    except ValueError:
        message = _("Give a number.")
        raise Invalid(message, fields={name: [message]}) from None
