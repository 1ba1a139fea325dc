"""What is new for a guest since his last mail: where he was answered, and what came back after he spoke."""

from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from approvals.models import Decision, Request
from calendar_app.selectors import POST
from comments.models import Comment
from comments.permissions import SEE as SEE_COMMENT
from guests.models import GuestLink
from guests.selectors import Shown, posts_shown
from teams.actors import Actor
from teams.permissions import visible

MOST = 100


def news_for(by: Actor, link: GuestLink) -> list[tuple[str, bool]]:
    """Return the titles of posts with news that the guest may read, each with whether he was answered there.

    Titles are of the revision that he is shown; never a word of a comment.
    """
    since = link.mailed_at or link.created_at
    shown = {row.post.pk: row for row in posts_shown(by, link)}
    answered = _answered(by, link, since)
    back = _put_up_again(link, since)
    return [
        (row.title, pk in answered)
        for pk, row in shown.items()
        if pk in answered or (pk in back and _is_put_before(row))
    ][:MOST]


def _is_put_before(row: Shown) -> bool:
    return row.request is not None and row.request.is_open


def _answered(by: Actor, link: GuestLink, since: datetime) -> set[UUID]:
    """Return the posts on which somebody answered, for the guest to read, in a thread in which he had spoken."""
    thread = Comment.objects.filter(
        Q(pk=OuterRef("parent")) | Q(parent=OuterRef("parent")),
        guest=link.guest_id,
        created_at__lt=OuterRef("created_at"),
    )
    rows = Comment.objects.filter(
        Exists(thread), subject_type=POST, parent__isnull=False, created_at__gt=since, is_internal=False
    ).exclude(guest=link.guest_id)
    return set(visible(by, SEE_COMMENT, rows).values_list("subject_id", flat=True)[:MOST])


def _put_up_again(link: GuestLink, since: datetime) -> set[UUID]:
    """Return the posts that were submitted again since, on which the guest had spoken or decided."""
    same = {"subject_id": OuterRef("subject_id"), "subject_type": POST}
    said = Comment.objects.filter(**same, guest=link.guest_id)
    decided = Decision.objects.filter(
        request__subject_id=OuterRef("subject_id"), guest=link.guest_id, undone_at=None
    )
    earlier = Request.objects.filter(**same, submitted_at__lt=OuterRef("submitted_at"))
    rows = Request.objects.filter(subject_type=POST, submitted_at__gt=since).filter(
        Exists(earlier), Exists(said) | Exists(decided)
    )
    return set(rows.values_list("subject_id", flat=True)[:MOST])
