"""What every network checks before it takes a post: length, number and size of files, descriptions."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from networks.limits import text_most
from networks.outcomes import media_entry
from networks.protocol import Draft, MediaFile, Problem, Rendered
from networks.texts import clean

EMPTY = "empty"
"""The problem of a post of which nothing is written yet."""


def find_problems(draft: Draft, length: int, limits: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield what the network would refuse (blocking) and what a reader would miss (not blocking)."""
    over = length - text_most(limits, has_files=bool(draft.media))
    if over > 0:
        text = ngettext(
            "The text is %(n)s character too long.", "The text is %(n)s characters too long.", over
        )
        yield Problem("text_too_long", text % {"n": over})
    if not clean(draft.text) and not draft.media:
        yield Problem(EMPTY, _("Write something or add a picture."))
    if len(draft.media) > limits["media_max"]:
        text = ngettext(
            "This channel takes %(n)s file at most.",
            "This channel takes %(n)s files at most.",
            limits["media_max"],
        )
        yield Problem("too_many_media", text % {"n": limits["media_max"]})
    for media in draft.media:
        yield from _file_problems(media, limits)


def _file_problems(media: MediaFile, limits: Mapping[str, Any]) -> Iterator[Problem]:
    if media.kind == "video":
        yield from _video_problems(media, limits)
    elif media.bytes > limits["image_bytes"]:
        most = filesizeformat(limits["image_bytes"])
        yield Problem("image_too_large", _("A picture is larger than %(most)s.") % {"most": most})
    if limits["alt_max"] and len(media.alt) > limits["alt_max"]:
        text = _("A description is longer than %(most)s characters.") % {"most": limits["alt_max"]}
        yield Problem("alt_too_long", text)
    if limits["alt_max"] and not media.alt.strip():
        yield Problem(
            "alt_missing", _("A picture has no description for people who cannot see it."), is_blocking=False
        )


def _video_problems(media: MediaFile, limits: Mapping[str, Any]) -> Iterator[Problem]:
    if not limits["video_bytes"]:
        yield Problem("video_not_taken", _("This channel takes no videos."))
    elif media.bytes > limits["video_bytes"]:
        most = filesizeformat(limits["video_bytes"])
        yield Problem("video_too_large", _("The video is larger than %(most)s.") % {"most": most})
    seconds = limits["video_seconds"]
    if seconds and (media.duration_ms or 0) > seconds * 1000:
        yield Problem("video_too_long", _("The video is longer than %(most)s seconds.") % {"most": seconds})


def render_titled(draft: Draft, limits: Mapping[str, Any], title_max: int) -> Rendered:
    """Return headline, text, language and files as a payload, for networks that show them as they are."""
    text = clean(draft.text)
    title = " ".join(clean(str(draft.options.get("title", ""))).split())
    payload = {
        "title": title,
        "text": text,
        "language": draft.language,
        "media": [media_entry(media) for media in draft.media],
    }
    problems = list(find_problems(draft, len(text), limits))
    if len(title) > title_max:
        message = _("The headline is longer than %(most)s characters.") % {"most": title_max}
        problems.append(Problem("title_too_long", message))
    return Rendered(payload, tuple(problems), len(text))
