"""Links, mentions and hashtags of a text as facets: stretches of UTF-8 bytes with what they stand for.

Source: docs.bsky.app/docs/advanced-guides/post-richtext, read 2026-11.
"""

from collections.abc import Iterator
from typing import Any

import regex

from networks.texts import Span, links

TAG_MAX = 64
_MENTION = regex.compile(
    r"(?<![\p{L}\p{N}@_.])@((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?)",
    regex.IGNORECASE,
)
_TAG = regex.compile(r"(?:^|(?<=[\s(]))[#＃](?!\ufe0f)([^\s\u00ad\u2060\u200a-\u200d\u20e2#＃]+)")
_TAG_END = regex.compile(r"\p{P}+$")
_ONLY_DIGITS = regex.compile(r"[\d\p{P}]+")


def facets(text: str) -> list[dict[str, Any]]:
    """Return the links and hashtags of a text as facets, in order."""
    found = [(span, {"$type": "app.bsky.richtext.facet#link", "uri": span.value}) for span in links(text)]
    taken = [(span.start, span.end) for span, _ in found]
    found += [
        (span, {"$type": "app.bsky.richtext.facet#tag", "tag": span.value})
        for span in _tags(text)
        if not any(start < span.end and span.start < end for start, end in taken)
    ]
    found.sort(key=lambda pair: pair[0].start)
    return [
        {"index": byte_range(text, span.start, span.end), "features": [feature]} for span, feature in found
    ]


def mentions(text: str) -> list[dict[str, Any]]:
    """Return the handles that a text mentions; whom they stand for is asked when the post is prepared."""
    return [
        {"index": byte_range(text, found.start(), found.end()), "handle": found[1].lower()}
        for found in _MENTION.finditer(text)
    ]


def byte_range(text: str, start: int, end: int) -> dict[str, int]:
    """Return a stretch of characters as UTF-8 bytes, the unit of facets."""
    first = len(text[:start].encode())
    return {"byteStart": first, "byteEnd": first + len(text[start:end].encode())}


def _tags(text: str) -> Iterator[Span]:
    for found in _TAG.finditer(text):
        tag = _TAG_END.sub("", found[1])
        if tag and len(tag) <= TAG_MAX and not _ONLY_DIGITS.fullmatch(tag):
            yield Span(found.start(), found.start(1) + len(tag), tag)
