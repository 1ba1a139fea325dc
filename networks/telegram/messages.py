"""Messages: from a payload to the one call that sends it, and what Telegram would not take.

No text is ever parsed for marks: what a writer types stands there as typed, and what is bold is said by its place.
Source: core.telegram.org/bots/api#sendmessage, #sendphoto, #sendvideo, #sendanimation, #sendmediagroup, Bot API
10.1, read 2026-11-27.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from core.http import FileBody, Part
from networks.protocol import Call, Draft, MediaFile, Problem
from networks.texts import count_utf16

PHOTO_TYPES = frozenset({"image/jpeg", "image/png", "image/webp"})
PHOTO_SIDES, PHOTO_RATIO = 10_000, 20
SINGLE = {
    "image": ("sendPhoto", "photo"),
    "gif": ("sendAnimation", "animation"),
    "video": ("sendVideo", "video"),
}


def entities_of(text: str, *, is_headline_bold: bool) -> list[dict[str, Any]]:
    """Return what is marked in a text. Units: UTF-16 code units."""
    line = text.split("\n", 1)[0]
    if not is_headline_bold or not line:
        return []
    return [{"type": "bold", "offset": 0, "length": count_utf16(line)}]


def problems_of(draft: Draft) -> Iterator[Problem]:
    """Yield what Telegram would refuse of files."""
    for media in draft.media:
        if media.kind == "image":
            yield from _photo_problems(media)
        if media.kind == "video" and media.mime != "video/mp4":
            yield Problem("video_type", _("Telegram takes videos as MP4."))
    if len(draft.media) > 1 and any(media.kind == "gif" for media in draft.media):
        yield Problem("gif_in_album", _("An animation stands alone in a message."))


def _photo_problems(media: MediaFile) -> Iterator[Problem]:
    if media.mime not in PHOTO_TYPES:
        yield Problem("image_type", _("Telegram takes pictures as JPEG, PNG or WebP."))
    sides = sorted((media.width or 0, media.height or 0))
    if sum(sides) > PHOTO_SIDES:
        message = _("Width and height of a picture are more than %(most)s together.") % {"most": PHOTO_SIDES}
        yield Problem("image_dimensions", message)
    elif sides[0] and sides[1] > sides[0] * PHOTO_RATIO:
        yield Problem("image_ratio", _("A picture is more than 20 times as long as it is wide."))


def text_message(chat_id: int, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of sendMessage; `parse_mode` is never among them."""
    fields = {"chat_id": chat_id, "text": payload["text"], **_manners(payload)}
    if payload["entities"]:
        fields["entities"] = payload["entities"]
    if not payload["link_preview"]:
        fields["link_preview_options"] = {"is_disabled": True}
    return fields


def media_message(call: Call, chat_id: int, payload: Mapping[str, Any]) -> tuple[str, list[Part]]:
    """Return method and parts that send files with a caption. Raises: NotFound, Permanent, OSError."""
    fields: dict[str, Any] = {"chat_id": chat_id, **_manners(payload)}
    entries = payload["media"]
    if len(entries) == 1:
        method, name = SINGLE[entries[0]["kind"]]
        fields |= _caption(payload)
        return method, [*_fields(fields), Part(name, _file(call, entries[0]), filename=_filename(entries[0]))]
    album: list[dict[str, Any]] = [
        {"type": SINGLE[entry["kind"]][1], "media": f"attach://file{number}"}
        for number, entry in enumerate(entries)
    ]
    album[0] |= _caption(payload)
    files = [
        Part(f"file{number}", _file(call, entry), filename=_filename(entry))
        for number, entry in enumerate(entries)
    ]
    return "sendMediaGroup", [*_fields({**fields, "media": album}), *files]


def _manners(payload: Mapping[str, Any]) -> dict[str, Any]:
    return {name: True for name in ("disable_notification", "protect_content") if payload[name]}


def _caption(payload: Mapping[str, Any]) -> dict[str, Any]:
    fields = {"caption": payload["text"]} if payload["text"] else {}
    return fields | ({"caption_entities": payload["entities"]} if payload["entities"] else {})


def _fields(fields: Mapping[str, Any]) -> Sequence[Part]:
    return [
        Part(name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
        for name, value in fields.items()
    ]


def _file(call: Call, entry: Mapping[str, Any]) -> FileBody:
    return FileBody.of(call.open_media(entry), content_type=entry["mime"])


def _filename(entry: Mapping[str, Any]) -> str:
    return f"{entry['digest'][:16]}.{str(entry['mime']).rpartition('/')[2]}"
