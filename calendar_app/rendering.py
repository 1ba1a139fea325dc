"""Rendering: from the document as written to the payloads that will be sent, and the hash that is approved."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from calendar_app.content import Content, VariantContent
from files.models import Media
from files.states import MediaStatus
from networks.adapters import adapter_of
from networks.models import Channel
from networks.protocol import Draft, Problem
from networks.states import ChannelStatus


@dataclass(frozen=True, slots=True)
class RenderedVariant:
    """One channel's payload with what is wrong with it."""

    channel: Channel
    position: int
    text: str
    media: tuple[str, ...]
    options: Mapping[str, Any]
    scheduled_at: str | None
    payload: Mapping[str, Any]
    problems: tuple[Problem, ...]
    length: int


@dataclass(frozen=True, slots=True)
class RenderedRevision:
    """All payloads of a document and the hash over them."""

    variants: tuple[RenderedVariant, ...]
    content_hash: str


def render_revision(content: Content) -> RenderedRevision:
    """Render every variant of a document. Reads its channels and media in two queries."""
    channels = {str(row.pk): row for row in Channel.objects.filter(pk__in=content.channels)}
    wanted = {ident for variant in content.variants for ident in content.media_for(variant)}
    media = {str(row.pk): row for row in Media.objects.filter(pk__in=wanted)} if wanted else {}
    variants = tuple(
        _render(content, variant, channels[variant.channel], position, media)
        for position, variant in enumerate(content.variants)
        if variant.channel in channels
    )
    return RenderedRevision(variants, hash_of(variants))


def hash_of(variants: Sequence[RenderedVariant]) -> str:
    """Return the hash over the payloads of all channels, in the order of their ids, which never changes."""
    ordered = sorted(variants, key=lambda variant: str(variant.channel.pk))
    entries = [
        {"channel": str(each.channel.pk), "kind": each.channel.kind, "payload": each.payload}
        for each in ordered
    ]
    return hash_entries(entries)


def hash_entries(entries: Sequence[Mapping[str, Any]]) -> str:
    """Return the SHA-256 of canonical JSON: sorted keys, no spaces, UTF-8."""
    canonical = json.dumps(entries, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def problem_json(problem: Problem) -> dict[str, Any]:
    """Return a problem as revisions and the API keep it."""
    return {"code": problem.code, "message": str(problem.message), "blocking": problem.is_blocking}


def _render(
    content: Content, variant: VariantContent, channel: Channel, position: int, media: Mapping[str, Media]
) -> RenderedVariant:
    text, idents = content.text_for(variant), content.media_for(variant)
    chosen = [media[ident] for ident in idents if ident in media]
    problems = [*_channel_problems(channel), *_media_problems(idents, media)]
    ready = tuple(row for row in chosen if row.status == MediaStatus.READY)
    draft = Draft(text=text, media=ready, options=variant.options, language=content.language)
    rendered = adapter_of(channel).render(draft, channel.limits, channel.facts)
    waits = len(ready) < len(idents)
    problems += [problem for problem in rendered.problems if not (waits and problem.code == "empty")]
    return RenderedVariant(
        channel=channel,
        position=position,
        text=text,
        media=idents,
        options=variant.options,
        scheduled_at=variant.scheduled_at,
        payload=dict(rendered.payload),
        problems=tuple(problems),
        length=rendered.length,
    )


def _channel_problems(channel: Channel) -> list[Problem]:
    if channel.status == ChannelStatus.DISCONNECTED:
        message = _("This channel is disconnected. Take it off the post or connect it again.")
        return [Problem("channel_disconnected", message)]
    if channel.status == ChannelStatus.NEEDS_LOGIN:
        message = _("This channel needs a new log-in before anything can go out.")
        return [Problem("channel_needs_login", message, is_blocking=False)]
    if channel.status == ChannelStatus.SAMPLE:
        message = _("This is a sample channel: nothing is ever sent to it.")
        return [Problem("channel_sample", message, is_blocking=False)]
    return []


def _media_problems(idents: Sequence[str], media: Mapping[str, Media]) -> list[Problem]:
    found = []
    for ident in idents:
        row = media.get(ident)
        if row is None:
            found.append(Problem("media_missing", _("A picture or video of this post is gone.")))
        elif row.status == MediaStatus.PROCESSING:
            message = _("“%(name)s” is still being prepared.") % {"name": row.original_name}
            found.append(Problem("media_processing", message))
        elif row.status == MediaStatus.FAILED:
            message = _("“%(name)s” cannot be used: %(why)s")
            found.append(Problem("media_failed", message % {"name": row.original_name, "why": row.why}))
    return found
