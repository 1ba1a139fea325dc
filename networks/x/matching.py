"""Recognises one's own post among those that X returns.

X puts its own short links where links stood, adds one for the files, and escapes &, < and >.
Source: docs.x.com/x-api/fundamentals/data-dictionary (Post), /resources/fundamentals/x-ids, read 2026-11-27.
"""

import html
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import regex

from networks.texts import links

CLOCK_SLACK = timedelta(minutes=2)
_EPOCH_MS = 1_288_834_974_657
_SHORT = regex.compile(r"https://t\.co/[A-Za-z0-9]+")
_SPACE = regex.compile(r"\s+")
_LINK = "\N{LINK SYMBOL}"


def made_at(post: Mapping[str, Any]) -> datetime:
    """Return when a post was made, as its number says. Raises: LookupError, ValueError."""
    return datetime.fromtimestamp(((int(post["id"]) >> 22) + _EPOCH_MS) / 1000, UTC)


def is_same(post: Mapping[str, Any], payload: Mapping[str, Any]) -> bool:
    """Tell whether a post says what the payload says; when it was made is another question."""
    shown = _SHORT.sub(_LINK, html.unescape(str(post["text"])))
    if payload["media"]:
        shown = shown.removesuffix(_LINK)
    return _fold(shown) == _fold(_shortened(payload["text"]))


def _shortened(text: str) -> str:
    for link in reversed(list(links(text))):
        text = text[: link.start] + _LINK + text[link.end :]
    return text


def _fold(text: str) -> str:
    return str(_SPACE.sub(" ", text)).strip()
