"""Revisions: cut from a document, rendered for every channel, never changed."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from calendar_app.content import Content, VariantContent
from calendar_app.models import (
    HEADLINE_MAX,
    RATINGS,
    RISKS,
    Campaign,
    Label,
    Post,
    PostChannel,
    PostLabel,
    Revision,
    RevisionVariant,
)
from calendar_app.permissions import require_channels
from calendar_app.rendering import RenderedRevision, problem_json, render_revision
from calendar_app.times import moment_of
from core.clock import now
from core.errors import Invalid
from files.models import Media
from networks.models import Channel
from networks.states import ChannelStatus
from teams.actors import Actor
from teams.models import LANGUAGES

TEXT_MAX = 50_000
CHANNELS_MAX = 50
MEDIA_MAX = 50


def check_content(content: Content, by: Actor, *, before: Content | None = None) -> None:
    """Refuse a document that cannot be kept: unknown ids, too much of anything, channels without the right.

    What the post has already may stay, such as a channel that was disconnected since.
    Raises: Invalid with each field's reasons; NotAllowed.
    """
    fields: dict[str, list[str]] = {}
    _check_plain(content, fields)
    kept = set(before.channels) if before else set()
    channels = _check_channels(content, kept, fields)
    _check_references(content, fields)
    if fields:
        raise Invalid(_("The post was not saved; what you wrote is kept."), fields=fields)
    require_channels(by, channels)


def write_revision(
    *, post: Post, content: Content, base_number: int, reason: str, by: Actor
) -> tuple[Revision, RenderedRevision]:
    """Write the next revision of a post and bring the post's own facts in line with it.

    Locks: the caller has locked, or just made, the post. Does not check rights and records nothing.
    """
    rendered = render_revision(content)
    revision = Revision(
        workspace_id=post.workspace_id,
        post=post,
        number=post.version + 1,
        base_number=base_number,
        content=content.as_json(),
        content_hash=rendered.content_hash,
        reason=reason,
        created_by=by.member,
        actor_kind=by.kind,
        actor_id=by.id,
        on_behalf_of=by.on_behalf_of,
    )
    revision.save(force_insert=True)
    RevisionVariant.objects.bulk_create(
        RevisionVariant(
            workspace_id=post.workspace_id,
            revision=revision,
            channel=each.channel,
            position=each.position,
            text=each.text,
            media=list(each.media),
            options=dict(each.options),
            scheduled_at=each.scheduled_at,
            payload=dict(each.payload),
            problems=[problem_json(problem) for problem in each.problems],
            length=each.length,
        )
        for each in rendered.variants
    )
    _follow(post, content, revision)
    return revision, rendered


def set_time(post: Post, scheduled_at: str | None, zone: str) -> None:
    """Put the planned time onto the post in memory: instant, wall time, zone and fold together."""
    if scheduled_at is None:
        post.scheduled_at, post.wall_time, post.zone, post.fold = None, "", "", 0
        return
    moment = moment_of(datetime.fromisoformat(scheduled_at), zone)
    post.scheduled_at, post.wall_time = moment.instant, moment.wall
    post.zone, post.fold = moment.zone, moment.fold


def _follow(post: Post, content: Content, revision: Revision) -> None:
    post.title = content.title
    post.headline = content.headline(HEADLINE_MAX)
    post.campaign_id = UUID(content.campaign) if content.campaign else None
    post.language, post.rating, post.risk = content.language, content.rating, content.risk
    post.current_revision, post.version = revision, revision.number
    post.updated_at = now()
    _set_labels(post, content.labels)
    _set_channels(post, content.variants)


def _set_labels(post: Post, idents: Iterable[str]) -> None:
    wanted = {UUID(ident) for ident in idents}
    there = set(PostLabel.objects.filter(post=post).values_list("label_id", flat=True))
    if there - wanted:
        PostLabel.objects.filter(post=post, label__in=there - wanted).delete()
    PostLabel.objects.bulk_create(
        PostLabel(workspace_id=post.workspace_id, post=post, label_id=ident)
        for ident in sorted(wanted - there)
    )


def _set_channels(post: Post, variants: Iterable[VariantContent]) -> None:
    wanted = [UUID(variant.channel) for variant in variants]
    rows = PostChannel.objects.filter(post=post).order_by("position", "pk")
    if list(rows.values_list("channel_id", flat=True)) == wanted:
        return
    rows.delete()
    PostChannel.objects.bulk_create(
        PostChannel(workspace_id=post.workspace_id, post=post, channel_id=ident, position=position)
        for position, ident in enumerate(wanted)
    )


def _check_plain(content: Content, fields: dict[str, list[str]]) -> None:
    if len(content.title) > 200:
        fields["title"] = [_("A title has at most 200 characters.")]
    texts = [content.text, *(variant.text or "" for variant in content.variants)]
    if any(len(text) > TEXT_MAX for text in texts):
        fields["text"] = [_("A text has at most %(most)d characters.") % {"most": TEXT_MAX}]
    if any("\x00" in text for text in [content.title, *texts]):
        fields["text"] = [_("The text holds a character that cannot be stored.")]
    if content.language and content.language not in dict(LANGUAGES):
        fields["language"] = [_("Choose one of the languages of this workspace.")]
    if content.rating and content.rating not in dict(RATINGS):
        fields["rating"] = [_("Choose one of the content ratings.")]
    if content.risk and content.risk not in dict(RISKS):
        fields["risk"] = [_("Choose one of the risks.")]
    if any(len(content.media_for(variant)) > MEDIA_MAX for variant in content.variants):
        fields["media"] = [_("A post carries at most %(most)d pictures or videos.") % {"most": MEDIA_MAX}]


def _check_channels(content: Content, kept: set[str], fields: dict[str, list[str]]) -> list[Channel]:
    idents = content.channels
    if len(set(idents)) < len(idents):
        fields["variants"] = [_("Name each channel once.")]
    if len(idents) > CHANNELS_MAX:
        fields["variants"] = [_("A post goes to at most %(most)d channels.") % {"most": CHANNELS_MAX}]
    rows = {str(row.pk): row for row in Channel.objects.filter(pk__in=idents)} if idents else {}
    for index, ident in enumerate(idents):
        row = rows.get(ident)
        if row is None or (row.status == ChannelStatus.DISCONNECTED and ident not in kept):
            fields[f"variants.{index}.channel"] = [_("There is no such channel.")]
    return list(rows.values())


def _check_references(content: Content, fields: dict[str, list[str]]) -> None:
    if content.campaign and not Campaign.objects.filter(pk=content.campaign).exists():
        fields["campaign"] = [_("There is no such campaign.")]
    if content.labels and Label.objects.filter(pk__in=content.labels).count() < len(content.labels):
        fields["labels"] = [_("There is no such label.")]
    wanted = {*content.media, *(i for variant in content.variants for i in content.media_for(variant))}
    if wanted and Media.objects.filter(pk__in=wanted, is_attachment=False).count() < len(wanted):
        fields["media"] = [_("There is no such picture or video.")]
