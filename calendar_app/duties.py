"""What duties and workload learn from the calendar: the campaigns there are, and the posts that are due."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db.models import Count, Q

from calendar_app.models import Campaign, Post
from calendar_app.permissions import SEE
from calendar_app.states import PostState
from teams.actors import Actor
from teams.models import Membership
from teams.permissions import can
from teams.scopes import CAMPAIGN, LoadFact, ScopeChoice

MOST = 200
POST_MINUTES = 60
"""What one post takes whoever writes it, from the idea to the last correction."""

DROPPED = (PostState.REJECTED, PostState.EXPIRED, PostState.CANCELLED, PostState.ARCHIVED)


def campaign_choices(by: Actor) -> Iterator[ScopeChoice]:
    """Yield the campaigns that run or are to come, soonest first; one statement."""
    if not can(by, SEE):
        return
    rows = Campaign.objects.filter(is_archived=False).order_by("-ends_on", "pk")
    for campaign in rows.only("name", "owner_id", "workspace_id")[:MOST]:
        yield ScopeChoice(
            CAMPAIGN, str(campaign.pk), campaign.name, has_owner=True, owner_id=campaign.owner_id
        )


def post_load(by: Actor, members: Sequence[Membership], bounds: Sequence[datetime]) -> Iterator[LoadFact]:
    """Yield how many posts of each author are due in each week, dropped ones aside; one statement."""
    weeks = range(len(bounds) - 1)
    counts = {
        f"week_{week}": Count(
            "pk", filter=Q(scheduled_at__gte=bounds[week], scheduled_at__lt=bounds[week + 1])
        )
        for week in weeks
    }
    rows = Post.objects.filter(
        scheduled_at__gte=bounds[0], scheduled_at__lt=bounds[-1], author__isnull=False, archived_at=None
    ).exclude(state__in=DROPPED)
    grouped = rows.order_by().values("author_id").annotate(**counts)
    for author_id, *found in grouped.values_list("author_id", *counts):
        for week, count in enumerate(found):
            if count:
                yield LoadFact(author_id, week, "posts", count, count * POST_MINUTES)
