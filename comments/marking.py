"""Texts with the words that comments hold marked in them."""

from collections.abc import Iterable

from django.utils.html import escape, format_html, linebreaks
from django.utils.safestring import SafeString, mark_safe

from comments.anchors import TEXT, Place
from comments.selectors import Thread


def places_in(threads: Iterable[Thread], part: str) -> list[tuple[Place, int]]:
    """Return the stretches of one text that open threads hold, with their numbers, in the order of the text."""
    found = [
        (thread.place, thread.number)
        for thread in threads
        if thread.number and thread.place and thread.place.kind == TEXT and thread.place.part == part
    ]
    return sorted(
        ((place, number) for place, number in found if not place.is_gone), key=lambda one: one[0].start
    )


def marked(text: str, places: Iterable[tuple[Place, int]]) -> SafeString:
    """Return a text as paragraphs with marks and numbers; everything that was written is escaped.

    A mark ends at the end of a line and begins again on the next, so that tags nest; where two overlap, the later
    one is marked from where the earlier ends.
    """
    pieces: list[str] = []
    done = 0
    for place, number in places:
        start = max(place.start, done)
        pieces.append(escape(text[done:start]))
        lines = text[start : max(place.end, start)].split("\n")
        pieces.append("\n".join(_mark(line) for line in lines))
        pieces.append(
            format_html('<span class="pin" role="img" aria-label="{0}" data-n="{0}"></span>', number)
        )
        done = max(place.end, start)
    pieces.append(escape(text[done:]))
    return mark_safe(linebreaks("".join(pieces)))  # noqa: S308  # each piece was escaped above


def _mark(line: str) -> str:
    return str(format_html('<mark class="anchor">{}</mark>', line) if line.strip() else escape(line))
