"""The calendar's one question: what stands on these days? Answered by SQL in a fixed number of queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from calendar_app.models import Campaign, KeyDate, Note, Post
from calendar_app.permissions import hidden_channel_ids
from calendar_app.registry import OutsideEvent, outside_events
from calendar_app.selectors import PostFilter, held_among, kinds_of, posts_visible_to
from teams.actors import Actor

MOST_POSTS = 5000


@dataclass(frozen=True, slots=True)
class Days:
    """What stands on a run of days; `more` posts stand there besides those given."""

    posts: Sequence[dict[str, Any]]
    more: int
    campaigns: Sequence[Campaign]
    notes: Sequence[Note]
    key_dates: Sequence[KeyDate]
    outside: Sequence[OutsideEvent]


def calendar_between(by: Actor, first: date, last: date, zone: str, wanted: PostFilter) -> Days:
    """Return everything on the days from `first` to `last`; posts as plain rows without their words."""
    rows = posts_between(by, first, last, zone, wanted)
    fields = ("id", "headline", "state", "scheduled_at", "campaign_id", "author_id")
    found = list(rows.order_by("scheduled_at", "id").values(*fields)[:MOST_POSTS])
    more = rows.count() - MOST_POSTS if len(found) == MOST_POSTS else 0
    idents = [row["id"] for row in found]
    kinds = kinds_of(idents, hidden_channel_ids(by))
    held = held_among(by, idents)
    posts = [
        {
            "id": row["id"],
            "title": row["headline"],
            "state": row["state"],
            "held": row["id"] in held,
            "scheduled_at": row["scheduled_at"],
            "campaign": row["campaign_id"] and str(row["campaign_id"]),
            "author": row["author_id"] and str(row["author_id"]),
            "networks": kinds.get(row["id"], []),
        }
        for row in found
    ]
    return Days(
        posts,
        more,
        list(campaigns_between(first, last)),
        list(Note.objects.filter(on_date__range=(first, last)).order_by("on_date", "id")),
        list(KeyDate.objects.filter(on_date__range=(first, last)).order_by("on_date", "id")),
        outside_between(by, first, last),
    )


def posts_between(by: Actor, first: date, last: date, zone: str, wanted: PostFilter) -> QuerySet[Post]:
    """Return the posts whose planned time falls on the days, by the workspace's clock."""
    start, end = midnight(first, zone), midnight(last + timedelta(days=1), zone)
    return posts_visible_to(by, wanted).filter(scheduled_at__gte=start, scheduled_at__lt=end)


def campaigns_between(first: date, last: date) -> QuerySet[Campaign]:
    """Return the campaigns that touch the days."""
    rows = Campaign.objects.filter(is_archived=False, starts_on__lte=last, ends_on__gte=first)
    return rows.order_by("starts_on", "-ends_on", "id")


def outside_between(by: Actor, first: date, last: date) -> list[OutsideEvent]:
    """Return the events of other departments on the days, in order."""
    found = [event for ask in outside_events.values() for event in ask(by, first, last)]
    return sorted(found, key=lambda event: (event.first, event.title, event.id))


def midnight(day: date, zone: str) -> datetime:
    """Return the instant at which a day begins in a zone."""
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)
