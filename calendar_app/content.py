"""The document of a post: what was written once, and what each channel changes of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

INHERITED = None


@dataclass(frozen=True, slots=True)
class VariantInput:
    """What a caller says about one channel; text or media None means: as on the post."""

    channel: UUID
    text: str | None = INHERITED
    media: Sequence[UUID] | None = INHERITED
    options: Mapping[str, Any] = field(default_factory=dict)
    scheduled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class VariantContent:
    """One channel's share of the document, in plain JSON values."""

    channel: str
    text: str | None = INHERITED
    media: tuple[str, ...] | None = INHERITED
    options: Mapping[str, Any] = field(default_factory=dict)
    scheduled_at: str | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """The document; ids are strings, `scheduled_at` is an instant in UTC, all as they stand in JSON."""

    title: str = ""
    text: str = ""
    media: tuple[str, ...] = ()
    campaign: str | None = None
    labels: tuple[str, ...] = ()
    language: str = ""
    rating: str = ""
    risk: str = ""
    scheduled_at: str | None = None
    variants: tuple[VariantContent, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the document as it is stored."""
        found = {name: getattr(self, name) for name in _PLAIN}
        found["media"], found["labels"] = list(self.media), sorted(self.labels)
        found["variants"] = [
            {
                "channel": variant.channel,
                "text": variant.text,
                "media": None if variant.media is None else list(variant.media),
                "options": dict(variant.options),
                "scheduled_at": variant.scheduled_at,
            }
            for variant in self.variants
        ]
        return found

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Content":
        """Read a stored document; what an older one lacks stays empty."""
        plain = {name: stored[name] for name in _PLAIN if name in stored}
        plain["media"] = tuple(stored.get("media", ()))
        plain["labels"] = tuple(sorted(stored.get("labels", ())))
        variants = tuple(
            VariantContent(
                channel=each["channel"],
                text=each.get("text"),
                media=None if each.get("media") is None else tuple(each["media"]),
                options=each.get("options") or {},
                scheduled_at=each.get("scheduled_at"),
            )
            for each in stored.get("variants", ())
        )
        return cls(**plain, variants=variants)

    @property
    def channels(self) -> tuple[str, ...]:
        """Return the ids of the channels in the order of their tabs."""
        return tuple(variant.channel for variant in self.variants)

    def text_for(self, variant: VariantContent) -> str:
        """Return the text that a channel gets."""
        return self.text if variant.text is None else variant.text

    def media_for(self, variant: VariantContent) -> tuple[str, ...]:
        """Return the media that a channel gets."""
        return self.media if variant.media is None else variant.media

    def headline(self, most: int) -> str:
        """Return the title, or else the first words, for lists."""
        words = self.title or self.text or next((v.text for v in self.variants if v.text), "") or ""
        words = " ".join(words.split())
        return words if len(words) <= most else words[: most - 1].rstrip() + "…"

    def without_time(self) -> "Content":
        """Return the document without the post's own planned time, which is not part of what is approved."""
        return replace(self, scheduled_at=None)


_PLAIN = ("title", "text", "campaign", "language", "rating", "risk", "scheduled_at")


def instant_text(at: datetime | None) -> str | None:
    """Write an instant as the document keeps it."""
    return (
        None if at is None else at.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")
    )


def variants_from(inputs: Iterable[VariantInput]) -> tuple[VariantContent, ...]:
    """Turn what a caller says into the document's form."""
    return tuple(
        VariantContent(
            channel=str(each.channel),
            text=each.text,
            media=None if each.media is None else tuple(str(ident) for ident in each.media),
            options=dict(each.options),
            scheduled_at=instant_text(each.scheduled_at),
        )
        for each in inputs
    )


def gathered(content: Content) -> Content:
    """Let variants that say the same inherit it: the first one's words become the post's own."""
    if content.text or content.media or not content.variants:
        return content
    first = content.variants[0]
    text, media = first.text or "", first.media or ()
    variants = tuple(
        replace(
            variant,
            text=None if (variant.text or "") == text else variant.text or "",
            media=None if (variant.media or ()) == media else variant.media or (),
        )
        for variant in content.variants
    )
    return replace(content, text=text, media=media, variants=variants)


@dataclass(frozen=True, slots=True)
class Clash:
    """One field that two people changed differently."""

    name: str
    theirs: Any
    mine: Any


@dataclass(frozen=True, slots=True)
class Merged:
    """The outcome of a three-way merge; where `clashes` stand, `content` has the caller's side."""

    content: Content
    clashes: tuple[Clash, ...]


def merge(base: Content, theirs: Content, mine: Content) -> Merged:
    """Merge two documents that grew from the same base, field by field; a channel's fields count singly."""
    parts = [_fields(base), _fields(theirs), _fields(mine)]
    names = list(dict.fromkeys([*parts[1], *parts[2], *parts[0]]))
    merged: dict[str, Any] = {}
    clashes = []
    for name in names:
        before, their, my = (part.get(name, _ABSENT) for part in parts)
        if my == before:
            chosen = their
        elif their in (before, my):
            chosen = my
        else:
            chosen = my
            clashes.append(Clash(name, None if their is _ABSENT else their, None if my is _ABSENT else my))
        if chosen is not _ABSENT:
            merged[name] = chosen
    return Merged(_from_fields(merged, (mine, theirs)), tuple(clashes))


_ABSENT: Any = object()
_VARIANT_FIELDS = ("text", "media", "options", "scheduled_at")


def _fields(content: Content) -> dict[str, Any]:
    plain = content.as_json()
    variants = plain.pop("variants")
    for each in variants:
        channel = each["channel"]
        plain[f"channel:{channel}"] = True
        plain.update({f"channel:{channel}:{name}": each[name] for name in _VARIANT_FIELDS})
    return plain


def _from_fields(fields: Mapping[str, Any], sides: Sequence[Content]) -> Content:
    order = list(dict.fromkeys(channel for side in sides for channel in side.channels))
    stored = {name: value for name, value in fields.items() if not name.startswith("channel:")}
    stored["variants"] = [
        {"channel": channel, **{name: fields.get(f"channel:{channel}:{name}") for name in _VARIANT_FIELDS}}
        for channel in order
        if fields.get(f"channel:{channel}")
    ]
    return Content.from_json(stored)
