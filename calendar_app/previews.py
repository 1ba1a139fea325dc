"""The post as it will look on each network."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from approvals.pictures import Pictured, Pictures
from approvals.registry import Contents
from calendar_app.models import RevisionVariant
from calendar_app.permissions import hidden_channel_ids
from calendar_app.selectors import names_of_channels
from comments.anchors import TEXT, Place
from comments.marking import marked, places_in
from comments.registry import Body, Part, Picture
from comments.selectors import Thread, threads_placed
from core.refs import Ref
from files.models import Media
from networks.models import Channel
from networks.selectors import told_apart
from networks.texts import answers_of
from teams.actors import Actor


@dataclass(frozen=True, slots=True)
class Pin:
    """A number on a picture, in the units of the picture's own size; `at` seconds into a video."""

    number: int
    x: float
    y: float
    at: float | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """One channel's view of a post, for the template."""

    channel: Channel
    text: str
    media: tuple[Media, ...]
    problems: tuple[Mapping[str, object], ...] = ()
    length: int = 0
    options: Mapping[str, object] = field(default_factory=dict)
    words: SafeString | None = None
    pins: Mapping[UUID, Sequence[Pin]] = field(default_factory=dict)

    @property
    def answers(self) -> list[str]:
        """Return the answers of the post's poll on this channel, where it has one."""
        return answers_of(str(self.options.get("poll", "")))


def preview_revision(request: HttpRequest, ref: Ref, revision_id: UUID) -> str:
    """Return the HTML of a revision as it will look, without the channels that the reader may not see."""
    rows = RevisionVariant.objects.filter(revision=revision_id, revision__post=ref.id).select_related(
        "channel"
    )
    hidden = hidden_channel_ids(request.actor)  # type: ignore[attr-defined]  # set by the middleware
    variants = list(rows.order_by("position", "pk"))
    shown = [variant for variant in variants if variant.channel_id not in hidden]
    previews = previews_of(shown)
    threads = threads_placed(request.actor, ref, body_of_previews(previews))  # type: ignore[attr-defined]  # as above
    context = {
        "previews": [with_comments(preview, threads) for preview in previews],
        "folded": len(variants) - len(shown),
    }
    return render_to_string("calendar_app/post_preview.html", context, request=request)


def pictures_of(by: Actor, ref: Ref, revision_id: UUID) -> Pictures:
    """Return a revision's pictures by the name of the channel, as that revision describes them.

    Without the channels hidden from `by`; four statements.
    """
    found = contents_of(by, [(ref, revision_id)]).get(revision_id)
    return found.pictures if found else {}


def contents_of(by: Actor, wanted: Sequence[tuple[Ref, UUID]]) -> dict[UUID, Contents]:
    """Return what many revisions hold by the names of their channels, without those hidden; four statements."""
    rows = RevisionVariant.objects.filter(revision__in=[revision_id for _ref, revision_id in wanted])
    rows = rows.filter(revision__post__in=[ref.id for ref, _revision_id in wanted])
    names = names_of_channels(by, [ref.id for ref, _revision_id in wanted])
    rows = rows.exclude(channel__in=hidden_channel_ids(by)).select_related("revision")
    variants = list(rows.order_by("revision", "position", "pk"))
    asked = {ident for variant in variants for ident in variant.media}
    media = {str(row.pk): row for row in Media.objects.filter(pk__in=asked)} if asked else {}
    texts: dict[UUID, dict[str, str]] = defaultdict(dict)
    pictures: dict[UUID, dict[str, list[Pictured]]] = defaultdict(dict)
    for variant in variants:
        name, ident = names[variant.revision.post_id][variant.channel_id], variant.revision_id
        texts[ident][name] = variant.text
        pictures[ident][name] = [_pictured(variant, one, media.get(one)) for one in variant.media]
    return {ident: Contents(texts[ident], pictures[ident]) for ident in texts}


def _pictured(variant: RevisionVariant, ident: str, row: Media | None) -> Pictured:
    """Return a picture with the description that is sent with it; where none is, the one that it has."""
    sent = {entry.get("id"): entry for entry in variant.payload.get("media", ()) if isinstance(entry, dict)}
    alt = sent.get(ident, {}).get("alt", row.alt if row else "")
    return Pictured(ident, str(alt), row)


def body_of_previews(previews: Sequence[Preview]) -> Body:
    """Return what of these previews can be pointed at."""
    media = {row.pk: row for preview in previews for row in preview.media}
    names = told_apart([one.channel for one in previews])
    return Body(
        parts=[Part(str(one.channel.pk), names[one.channel.pk], one.text) for one in previews],
        pictures=[
            Picture(str(row.pk), row.alt or _("Picture %(n)d") % {"n": number}, is_video=row.is_moving)
            for number, row in enumerate(media.values(), start=1)
        ],
    )


def with_comments(preview: Preview, threads: Sequence[Thread]) -> Preview:
    """Return a preview with the words and points marked that open threads are about."""
    pins: dict[UUID, list[Pin]] = {row.pk: [] for row in preview.media}
    for thread in threads:
        place = thread.place
        if thread.number and place is not None and place.kind != TEXT and not place.is_gone:
            row = next((one for one in preview.media if str(one.pk) == place.part), None)
            if row is not None:
                pins[row.pk].append(_pin(thread.number, place, row))
    places = places_in(threads, str(preview.channel.pk))
    return replace(preview, words=marked(preview.text, places) if places else None, pins=pins)


def _pin(number: int, place: Place, row: Media) -> Pin:
    width, height = row.width or 100, row.height or 100
    x, y = (0.5 if value is None else value for value in (place.x, place.y))
    return Pin(number, round(x * width, 1), round(y * height, 1), place.at)


def previews_of(variants: Sequence[RevisionVariant]) -> list[Preview]:
    """Return the previews of variants; their media come in one query."""
    wanted = {ident for variant in variants for ident in variant.media}
    media = {str(row.pk): row for row in Media.objects.filter(pk__in=wanted)} if wanted else {}
    return [
        Preview(
            channel=variant.channel,
            text=variant.text,
            media=tuple(media[ident] for ident in variant.media if ident in media),
            problems=tuple(variant.problems),
            length=variant.length,
            options=variant.options,
        )
        for variant in variants
    ]
