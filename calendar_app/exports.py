"""Posts as a table that leaves the product, by the filters of the list."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import F
from django.utils.translation import gettext as _

from calendar_app.models import Post, PostChannel, PostLabel
from calendar_app.permissions import hidden_channel_ids
from calendar_app.selectors import PostFilter, posts_visible_to
from calendar_app.states import PostState
from teams.actors import Actor

MOST_ROWS = 10000


def post_table(by: Actor, wanted: PostFilter, zone: str) -> list[list[str]]:
    """Return a heading and a line for each post, first planned first, in three queries; 10,000 lines at most."""
    rows = posts_visible_to(by, wanted).select_related("campaign", "author__user", "current_revision")
    posts = list(rows.order_by(F("scheduled_at").asc(nulls_last=True), "id")[: MOST_ROWS + 1])
    idents = [post.pk for post in posts[:MOST_ROWS]]
    channels, labels = _channels(by, idents), _labels(idents)
    clock = ZoneInfo(zone)
    table = [_heading(), *(_row(post, clock, channels, labels) for post in posts[:MOST_ROWS])]
    if len(posts) > MOST_ROWS:
        table.append([_("There are more posts. Narrow the filters to get the rest.")])
    return table


def _heading() -> list[str]:
    return [
        _("Row id"),
        _("Day"),
        _("Time"),
        _("Zone"),
        _("State"),
        _("Channels"),
        _("Title"),
        _("Text"),
        _("Campaign"),
        _("Labels"),
        _("Person"),
    ]


def _row(
    post: Post, clock: ZoneInfo, channels: dict[UUID, list[str]], labels: dict[UUID, list[str]]
) -> list[str]:
    local = post.scheduled_at.astimezone(clock) if post.scheduled_at else None
    content: dict[str, Any] = post.current_revision.content if post.current_revision else {}
    return [
        str(post.pk),
        f"{local:%Y-%m-%d}" if local else "",
        f"{local:%H:%M}" if local else "",
        clock.key if local else "",
        str(PostState(post.state).label),
        ", ".join(channels.get(post.pk, [])),
        post.title,
        str(content.get("text") or ""),
        post.campaign.name if post.campaign else "",
        ", ".join(labels.get(post.pk, [])),
        post.author.user.name if post.author else "",
    ]


def _channels(by: Actor, idents: Sequence[UUID]) -> dict[UUID, list[str]]:
    rows = PostChannel.objects.filter(post__in=idents).exclude(channel__in=hidden_channel_ids(by))
    found: dict[UUID, list[str]] = defaultdict(list)
    for post_id, name in rows.order_by("position", "pk").values_list("post_id", "channel__name"):
        found[post_id].append(name)
    return found


def _labels(idents: Sequence[UUID]) -> dict[UUID, list[str]]:
    found: dict[UUID, list[str]] = defaultdict(list)
    rows = PostLabel.objects.filter(post__in=idents).order_by("label__name", "pk")
    for post_id, name in rows.values_list("post_id", "label__name"):
        found[post_id].append(name)
    return found
