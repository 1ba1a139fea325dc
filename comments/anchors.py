"""Anchors: a stretch of words, a point on a picture, a second of a video; found again after edits, or said to be gone.

A stretch is kept with the words themselves and a little of what stands around them, so that it is found wherever an
edit moved it. Positions count characters (code points) of the text.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile
from math import isfinite
from typing import Any

from comments.registry import Body, Part, parts_by_key

TEXT, POINT, SECOND = "text", "point", "second"
AROUND = 24
"""Characters kept before and after a stretch."""

TELLING = 12
"""From this length on, words are found again by themselves, without what stands around them."""

ALIKE = 4
MOST_QUOTE = 500
LONGEST_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class Place:
    """Where an anchor is now; `is_gone` where the words, or the picture, are not there any more."""

    kind: str
    part: str = ""
    start: int = 0
    end: int = 0
    x: float | None = None
    y: float | None = None
    at: float | None = None
    is_gone: bool = False


def anchor_of_words(
    body: Body, part: str, quote: str, before: str = "", after: str = ""
) -> dict[str, Any] | None:
    """Return the anchor of words in a text, None where they do not stand there; white space counts as one."""
    wanted = " ".join(quote.split())
    if not wanted or len(wanted) > MOST_QUOTE:
        return None
    known = parts_by_key(body)
    for text in [known[part]] if part in known else list(known.values()):
        found = list(_occurrences(text.text, wanted))
        if found:
            start, end = max(found, key=lambda span: _likeness(text.text, span, before, after))
            return _kept(text, start, end)
    return None


def placed(anchor: Mapping[str, Any] | None, body: Body) -> Place | None:
    """Return where an anchor is in what stands now; None for no anchor, or one of another making."""
    kind = str((anchor or {}).get("kind") or (TEXT if (anchor or {}).get("quote") else ""))
    if anchor is None or kind not in (TEXT, POINT, SECOND):
        return None
    return _place_words(anchor, body) if kind == TEXT else _place_on_picture(kind, anchor, body)


def _place_words(anchor: Mapping[str, Any], body: Body) -> Place | None:
    if not body.parts:
        return None
    known, quote = parts_by_key(body), str(anchor.get("quote", ""))
    part = str(anchor.get("part", ""))
    for text in [known[part]] if part in known else list(known.values()):
        span = _find(text.text, quote, anchor)
        if span is not None:
            return Place(TEXT, text.key, *span)
    return Place(TEXT, part, is_gone=True)


def _find(text: str, quote: str, anchor: Mapping[str, Any]) -> tuple[int, int] | None:
    """Return where the words are now: as they stood, else where they fit best, else nowhere."""
    start = anchor.get("start")
    if isinstance(start, int) and quote and text[start : start + len(quote)] == quote:
        return start, start + len(quote)
    before, after = str(anchor.get("before", "")), str(anchor.get("after", ""))
    found = list(_occurrences(text, quote))
    if not found:
        return None
    near = start if isinstance(start, int) else 0
    best = max(found, key=lambda span: (_likeness(text, span, before, after), -abs(span[0] - near)))
    is_sure = len(quote) >= TELLING or not (before or after)
    return best if is_sure or _likeness(text, best, before, after) >= ALIKE else None


def _occurrences(text: str, quote: str) -> Iterator[tuple[int, int]]:
    words = [re.escape(word) for word in quote.split()]
    if words:
        yield from (found.span() for found in re.finditer(r"\s+".join(words), text))


def _likeness(text: str, span: tuple[int, int], before: str, after: str) -> int:
    """Return how many characters around a span are those that were kept."""
    ahead = zip(reversed(text[: span[0]]), reversed(before), strict=False)
    behind = zip(text[span[1] :], after, strict=False)
    return sum(1 for pairs in (ahead, behind) for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _kept(text: Part, start: int, end: int) -> dict[str, Any]:
    return {
        "kind": TEXT,
        "part": text.key,
        "start": start,
        "end": end,
        "quote": text.text[start:end],
        "before": text.text[max(0, start - AROUND) : start],
        "after": text.text[end : end + AROUND],
    }


def _place_on_picture(kind: str, anchor: Mapping[str, Any], body: Body) -> Place | None:
    if not body.pictures and not body.parts:
        return None
    key = str(anchor.get("media", ""))
    is_there = any(picture.key == key for picture in body.pictures)
    x, y, at = (number_of(anchor.get(name)) for name in ("x", "y", "at"))
    return Place(kind, key, x=x, y=y, at=at, is_gone=not is_there)


def number_of(value: Any) -> float | None:
    """Return a number as it came in JSON, None for anything else, also for what is no finite one."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and isfinite(value) else None
