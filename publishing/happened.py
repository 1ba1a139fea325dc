"""What a check-in is told of somebody's posts: published, missed, and what he decided late."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import F
from django.utils.translation import gettext_lazy as _

from approvals.models import Decision
from calendar_app.models import Post
from calendar_app.selectors import POST
from calendar_app.states import PostState
from checkins.registry import Found, Happened, Teller

PUBLISHED, MISSED, LATE = "published", "missed", "late_approval"
MISSING = (PostState.FAILED, PostState.EXPIRED, PostState.PARTLY_PUBLISHED)
MOST = 200


def find(members: Collection[UUID], since: datetime, until: datetime) -> Found:
    """Return what happened to members' posts in a span, three statements."""
    found: dict[UUID, list[Happened]] = {}
    posts = Post.objects.filter(author__in=members, updated_at__gt=since, updated_at__lte=until)
    for kind, states in ((PUBLISHED, (PostState.PUBLISHED,)), (MISSED, MISSING)):
        rows = posts.filter(state__in=states, scheduled_at__gt=since, scheduled_at__lte=until)
        for post in rows.order_by("-scheduled_at", "-pk")[:MOST]:
            if post.author_id and post.scheduled_at:
                found.setdefault(post.author_id, []).append(Happened(kind, str(post), post.scheduled_at))
    for ident, happened in _late(members, since, until):
        found.setdefault(ident, []).append(happened)
    return found


def _late(members: Collection[UUID], since: datetime, until: datetime) -> list[tuple[UUID, Happened]]:
    """Return the decisions that somebody made after they were due."""
    rows = Decision.objects.filter(member__in=members, undone_at=None, at__gt=since, at__lte=until)
    rows = rows.filter(request__subject_type=POST, request_step__due_at__lt=F("at"))
    late = list(rows.select_related("request").order_by("-at", "-pk")[:MOST])
    posts = Post.objects.in_bulk({row.request.subject_id for row in late})
    return [
        (row.member_id, Happened(LATE, str(posts[row.request.subject_id]), row.at))
        for row in late
        if row.member_id and row.request.subject_id in posts
    ]


POSTS = Teller(
    find,
    {PUBLISHED: _("Published"), MISSED: _("Not published"), LATE: _("Approved late")},
    frozenset({PUBLISHED}),
)
