"""What queues of approvals ask of many posts: when they go out, what fits."""

from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import F, OuterRef, QuerySet, Subquery
from django.db.models.expressions import Combinable

from approvals.registry import Narrowing
from calendar_app.models import Campaign, Label, Post
from calendar_app.permissions import hidden_channel_ids
from calendar_app.selectors import PostFilter, narrow, posts_visible_to
from core.menus import ids_in, named
from networks.models import Channel
from teams.actors import Actor


def slot_of_row() -> Combinable:
    """Return the expression for when the post is planned to go out that the `subject_id` of a row names."""
    return Subquery(Post.objects.filter(pk=OuterRef("subject_id")).order_by().values("scheduled_at")[:1])


def posts_in_queue(by: Actor, wanted: Narrowing) -> QuerySet[Post]:
    """Return the posts that the actor may see and that a queue is narrowed to."""
    asked = PostFilter(
        networks=wanted.networks,
        campaigns=wanted.campaigns,
        labels=wanted.labels,
        authors=wanted.authors,
        with_archived=True,
    )
    return narrow(posts_visible_to(by), asked, hidden_channel_ids(by))


def choices() -> dict[str, Callable[[Actor, Sequence[str]], QuerySet[Any, Any]]]:
    """Return what a queue can be narrowed by, as parts of one statement."""
    return {
        "network": _networks,
        "campaign": lambda _by, chosen: named(
            Campaign.objects.filter(is_archived=False), "name", ids_in(chosen)
        ),
        "label": lambda _by, chosen: named(Label.objects.all(), "name", ids_in(chosen)),
    }


def _networks(by: Actor, _chosen: Sequence[str]) -> QuerySet[Any, Any]:
    shown = Channel.objects.exclude(status="disconnected").exclude(pk__in=hidden_channel_ids(by))
    return shown.order_by("kind").values(ident=F("kind"), words=F("kind")).distinct()
