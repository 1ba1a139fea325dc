"""Requests as rows of somebody's list of work: what they wait for, and in whose place it would be done."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.expressions import Combinable

from approvals.models import Clearance, Request, RequestStep
from approvals.permissions import DECIDE, SUBMIT
from approvals.selectors import SENT_BACK, is_latest, lost_clearances, made_by, open_for
from approvals.states import RequestState, StepState
from teams.actors import Actor
from teams.permissions import covered_actors, selves
from teams.places import subjects_within
from teams.subjects import seen_subjects
from teams.work import in_whose_place


def to_decide(by: Actor) -> tuple[QuerySet[Request], Combinable | None]:
    """Return the requests that wait for the actor's decision, and in whose place he would decide each."""
    standings = [one for one in selves(by, DECIDE) if DECIDE in one.verbs and one.member is not None]
    own = next((open_for(one) for one in standings if one.covered is None), None)
    covered = {one.covered.pk: open_for(one) for one in standings if one.covered}
    return _in_sight(by, own, covered), in_whose_place(own, covered)


def to_change(by: Actor) -> tuple[QuerySet[Request], Combinable | None]:
    """Return the latest requests that came back to the actor or to whom he covers, and in whose place each."""
    own = made_by(by) & is_latest()
    covered = {
        one.covered.pk: _came_back_to(one, by) & is_latest()
        for one in covered_actors(by)
        if SUBMIT in one.verbs and one.covered
    }
    return _in_sight(by, own, covered).filter(state__in=SENT_BACK), in_whose_place(own, covered)


def in_review(by: Actor) -> QuerySet[Request]:
    """Return the open requests that the actor made or submitted."""
    return _in_sight(by, made_by(by), {}).filter(state=RequestState.OPEN)


def unsettled(by: Actor) -> QuerySet[Clearance]:
    """Return what lost its clearance when approval was switched on, as the rows that say so."""
    return lost_clearances().filter(seen_subjects(by))


def requests_by_id(idents: Iterable[UUID]) -> dict[UUID, Request]:
    """Return requests with the name of the step that waits; one statement."""
    rows = Request.objects.annotate(step_name=name_of_open_step())
    return {row.pk: row for row in rows.filter(pk__in=list(idents))}


def due_of_open_step() -> Subquery:
    """Return the expression for when the step of a request that waits is due."""
    return Subquery(_open_step("due_at"))


def name_of_open_step() -> Subquery:
    """Return the expression for what the step of a request that waits is called."""
    return Subquery(_open_step("name"))


def id_of_open_step() -> Subquery:
    """Return the expression for which step of a request waits."""
    return Subquery(_open_step("pk"))


def _open_step(field: str) -> QuerySet[RequestStep, Any]:
    steps: QuerySet[RequestStep, Any] = RequestStep.objects.filter(
        request=OuterRef("pk"), state=StepState.OPEN
    ).values(field)
    return steps.order_by("position", "pk")[:1]


def _in_sight(by: Actor, own: Q | None, covered: Mapping[UUID, Q]) -> QuerySet[Request]:
    wanted = own if own is not None else Q(pk__in=[])
    for theirs in covered.values():
        wanted |= theirs
    return Request.objects.filter(wanted, seen_subjects(by)).order_by()


def _came_back_to(standing: Actor, by: Actor) -> Q:
    """Build the condition: whom the actor covers made it and the actor himself did not, within the cover."""
    assert standing.covered is not None
    theirs = Q(author_ids__contains=[str(standing.covered.pk)])
    theirs &= ~Q(author_ids__contains=[str(by.member_id)])
    return theirs if standing.bounds is None else theirs & subjects_within(standing.bounds)
