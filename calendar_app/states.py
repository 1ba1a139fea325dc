"""The states of a post and the one table that says how they follow each other."""

from collections.abc import Iterable

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.transitions import Transition


class PostState(models.TextChoices):
    """Where a post stands; the same words in pages, API and record."""

    DRAFT = "draft", _("Draft")
    IN_REVIEW = "in_review", _("In review")
    CHANGES_REQUESTED = "changes_requested", _("Changes requested")
    REJECTED = "rejected", _("Rejected")
    APPROVED = "approved", _("Approved")
    SCHEDULED = "scheduled", _("Scheduled")
    PUBLISHING = "publishing", _("Publishing")
    PUBLISHED = "published", _("Published")
    PARTLY_PUBLISHED = "partly_published", _("Partly published")
    NEEDS_ATTENTION = "needs_attention", _("Needs attention")
    FAILED = "failed", _("Failed")
    EXPIRED = "expired", _("Expired")
    CANCELLED = "cancelled", _("Cancelled")
    ARCHIVED = "archived", _("Archived")


class ViewPage(models.TextChoices):
    """The page on which a saved view is looked at."""

    YEAR = "year", _("Year")
    QUARTER = "quarter", _("Quarter")
    MONTH = "month", _("Month")
    WEEK = "week", _("Week")
    DAY = "day", _("Day")
    BOARD = "board", _("Board")
    LIST = "list", _("List")


class ImportState(models.TextChoices):
    """Where a file with posts stands on its way in."""

    READING = "reading", _("Being read")
    READY = "ready", _("Read, nothing taken in yet")
    RUNNING = "running", _("Being taken in")
    DONE = "done", _("Taken in")
    STOPPED = "stopped", _("Stopped")
    FAILED = "failed", _("Could not be read")


class RowAction(models.TextChoices):
    """What a row of a file would do."""

    CREATE = "create", _("New")
    UPDATE = "update", _("Changed")
    SAME = "same", _("Unchanged")
    BAD = "bad", _("To mend")


class RowState(models.TextChoices):
    """What became of a row of a file."""

    WAITING = "waiting", _("not taken in yet")
    DONE = "done", _("taken in")
    REFUSED = "refused", _("refused")


S = PostState

UNDER_WAY = (S.PUBLISHING, S.PUBLISHED, S.PARTLY_PUBLISHED, S.NEEDS_ATTENTION, S.FAILED, S.CANCELLED)
"""States that follow from deliveries."""

SENT = (S.PUBLISHING, S.PUBLISHED, S.PARTLY_PUBLISHED, S.NEEDS_ATTENTION)
"""States in which something is, or may be, live: the content stands for good."""

UNAPPROVED = (S.DRAFT, S.IN_REVIEW, S.CHANGES_REQUESTED)
"""States that expire when their time comes."""

EDITABLE = (*UNAPPROVED, S.REJECTED, S.APPROVED, S.SCHEDULED, S.EXPIRED, S.FAILED, S.CANCELLED)
MOVABLE = (*UNAPPROVED, S.REJECTED, S.APPROVED, S.SCHEDULED, S.EXPIRED)
SUBMITTABLE = (S.DRAFT, S.CHANGES_REQUESTED, S.REJECTED, S.EXPIRED, S.FAILED, S.CANCELLED)
ASSIGNABLE = (S.DRAFT, S.CHANGES_REQUESTED, S.REJECTED, S.EXPIRED, S.FAILED)
"""States in which somebody writes on a post, so that it can be given to somebody else."""

SCHEDULABLE = (S.APPROVED, S.SCHEDULED)
REVIEWED = (S.IN_REVIEW, S.EXPIRED)
"""States in which a review can be under way."""

OWN_ONLY_EDITABLE = (S.DRAFT, S.CHANGES_REQUESTED)
"""What a contributor may still change, of own posts."""

_REQUEST_ENDS = {
    "approve": S.APPROVED,
    "request_changes": S.CHANGES_REQUESTED,
    "reject": S.REJECTED,
    "withdraw": S.DRAFT,
    "outdate": S.DRAFT,
}
_COMES_BACK = (S.CHANGES_REQUESTED, S.REJECTED, S.CANCELLED)
_DELIVERY_STATES = (S.SCHEDULED, *UNDER_WAY, S.EXPIRED)


def _steps(starts: Iterable[str], verb: str, to: str) -> tuple[Transition, ...]:
    return tuple(Transition(start, verb, to) for start in starts)


POST_STEPS: tuple[Transition, ...] = (
    *_steps(SUBMITTABLE, "submit", S.IN_REVIEW),
    *(Transition(S.IN_REVIEW, verb, to) for verb, to in _REQUEST_ENDS.items()),
    *(
        Transition(S.EXPIRED, verb, to)
        for verb, to in _REQUEST_ENDS.items()
        if verb not in ("outdate", "approve")
    ),
    *_steps(SUBMITTABLE, "approve", S.APPROVED),
    *_steps((S.APPROVED, S.SCHEDULED), "reopen", S.IN_REVIEW),
    *_steps((S.APPROVED, S.SCHEDULED), "withdraw", S.DRAFT),
    *_steps((S.APPROVED,), "schedule", S.SCHEDULED),
    *_steps((S.SCHEDULED,), "unschedule", S.APPROVED),
    *_steps((S.APPROVED, S.SCHEDULED), "outdate", S.DRAFT),
    *_steps((S.REJECTED, S.EXPIRED, S.FAILED, S.CANCELLED), "revise", S.DRAFT),
    *_steps(UNAPPROVED, "expire", S.EXPIRED),
    *_steps((S.EXPIRED,), "renew", S.DRAFT),
    *_steps((S.EXPIRED,), "renew_review", S.IN_REVIEW),
    *_steps((s for s in S if s not in (S.ARCHIVED, S.PUBLISHING)), "archive", S.ARCHIVED),
    *_steps((S.ARCHIVED,), "restore_draft", S.DRAFT),
    *_steps((S.ARCHIVED,), "restore_approved", S.APPROVED),
    *(
        Transition(S.ARCHIVED, f"restore_{state}", state)
        for state in (*_COMES_BACK, S.PUBLISHED, S.PARTLY_PUBLISHED, S.NEEDS_ATTENTION, S.FAILED)
    ),
    *(
        Transition(start, f"follow_{end}", end)
        for start in _DELIVERY_STATES
        for end in _DELIVERY_STATES
        if start != end
    ),
)
