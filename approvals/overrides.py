"""What went past its review: the list of all cases, and those that wait for a lead to look at them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from approvals.models import Override, Request
from approvals.permissions import (
    REVIEW_OVERRIDE,
    SEE_OVERRIDES,
    has_part_in,
    people_rows,
    seats_of,
)
from approvals.selectors import described, made_by
from core.errors import NotFound
from teams.actors import Actor
from teams.permissions import can, require
from teams.subjects import seen_subjects

PEOPLE = ("member__user", "on_behalf_of__user", "reviewed_by__user", "reviewed_for__user")


@dataclass(frozen=True, slots=True)
class Case:
    """One case as the report shows it."""

    override: Override
    title: str
    may_review: bool


def overrides(by: Actor) -> QuerySet[Override]:
    """Return all cases, latest first. Raises: NotAllowed."""
    require(by, SEE_OVERRIDES)
    return Override.objects.select_related("request", *PEOPLE).order_by("-pk")


def get_override(by: Actor, pk: UUID) -> Override:
    """Return one case. Raises: NotFound, NotAllowed."""
    found = overrides(by).filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such case."))
    return found


def override_of(request: Request) -> Override | None:
    """Return how a request was gone past, None where it was not."""
    return Override.objects.filter(request=request.pk).select_related(*PEOPLE).first()


def cases(by: Actor, rows: Sequence[Override]) -> list[Case]:
    """Return cases with titles, and whether the actor may look at each; in a fixed number of queries."""
    seen = described(by, [row.request for row in rows])
    reviews = can(by, REVIEW_OVERRIDE)
    return [
        Case(
            row,
            seen[row.request_id].title if row.request_id in seen else _("something that you cannot see"),
            reviews and row.reviewed_at is None and not has_part_in(by, row),
        )
        for row in rows
    ]


def waiting_overrides(by: Actor) -> QuerySet[Override]:
    """Return the cases that wait for the actor to look at them: neither his doing nor his work, in no order."""
    persons = people_rows(seats_of(by)).values("pk")
    theirs = Request.objects.filter(~made_by(by), seen_subjects(by)).order_by()
    rows = Override.objects.filter(~Q(member__in=persons), reviewed_at=None, request__in=theirs.values("pk"))
    return rows.exclude(on_behalf_of__in=persons).order_by()
