"""Recognises one's own post among those that a server returns."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import regex

from networks.mastodon.polls import is_same_poll

CLOCK_SLACK = timedelta(minutes=10)
_MENTION_SERVER = regex.compile(r"(@[\p{L}\p{N}_]+)@[\p{L}\p{N}.-]+[\p{L}\p{N}]")
_SPACE = regex.compile(r"\s+")


class _Words(HTMLParser):
    """Collects the text of a status; hidden parts of shortened links count, ends of lines become spaces."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("br", "p"):
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def is_same(status: Mapping[str, Any], payload: Mapping[str, Any], since: datetime) -> bool:
    """Tell whether a status is what the payload asked for, made no earlier than `since` (less some clock slack)."""
    return (
        made_at(status) >= since - CLOCK_SLACK
        and words(str(status.get("content", ""))) == plain(payload["status"])
        and plain(str(status.get("spoiler_text", ""))) == plain(payload["spoiler_text"])
        and len(status.get("media_attachments", [])) == len(payload["media"])
        and is_same_poll(status, payload)
        and status.get("in_reply_to_id") is None
        and status.get("reblog") is None
    )


def made_at(status: Mapping[str, Any]) -> datetime:
    """Return when a status was made. Raises: ValueError, KeyError."""
    return datetime.fromisoformat(str(status["created_at"]))


def words(html: str) -> str:
    """Return the words of a status as the server shows it."""
    parser = _Words()
    parser.feed(html)
    parser.close()
    return plain("".join(parser.parts))


def plain(text: str) -> str:
    """Return a text in the one form in which both sides are compared: spaces folded, mentions without server."""
    return str(_SPACE.sub(" ", _MENTION_SERVER.sub(r"\1", text))).strip()
