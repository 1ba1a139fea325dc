"""The post as it will look on each network."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest
from django.template.loader import render_to_string

from calendar_app.models import RevisionVariant
from calendar_app.permissions import hidden_channel_ids
from core.refs import Ref
from files.models import Media
from networks.models import Channel


@dataclass(frozen=True, slots=True)
class Preview:
    """One channel's view of a post, for the template."""

    channel: Channel
    text: str
    media: tuple[Media, ...]
    problems: tuple[Mapping[str, object], ...] = ()
    length: int = 0


def preview_revision(request: HttpRequest, ref: Ref, revision_id: UUID) -> str:
    """Return the HTML of a revision as it will look, without the channels that the reader may not see."""
    rows = RevisionVariant.objects.filter(revision=revision_id, revision__post=ref.id).select_related(
        "channel"
    )
    hidden = hidden_channel_ids(request.actor)  # type: ignore[attr-defined]  # set by the middleware
    variants = list(rows.order_by("position", "pk"))
    shown = [variant for variant in variants if variant.channel_id not in hidden]
    context = {"previews": previews_of(shown), "folded": len(variants) - len(shown)}
    return render_to_string("calendar_app/post_preview.html", context, request=request)


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
        )
        for variant in variants
    ]
