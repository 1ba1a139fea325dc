"""What a running review lets an actor change of its subject: as the step says that asks him."""

from collections.abc import Sequence
from uuid import UUID

from approvals.models import Request, RequestApprover, RequestStep
from approvals.permissions import DECIDE, eligible, is_author, persons_of, seats_of, team_ids
from approvals.selectors import request_rows
from approvals.states import Changing, RequestState, Rule, StepState
from core.refs import Ref
from teams.actors import Actor
from teams.limits import is_within
from teams.models import TeamMember

BARRING = (Changing.NOTHING, Changing.SUGGEST)


def changing_for(actor: Actor, subject: Ref) -> Changing:
    """Return what the review of a subject says of what the actor may change; ROLE where it says nothing.

    The step that is open counts for whom it asks; a step that is over, or still to come, gives nothing and only
    holds back. Authors are no approvers of their own work.
    """
    seats = _seats(subject)
    if not seats or actor.is_system:
        return Changing.ROLE
    own = _own(actor, seats)
    if not own or is_author(actor, own[0].request_step.request):
        return Changing.ROLE
    now_asked = [row for row in own if row.request_step.state == StepState.OPEN]
    if now_asked:
        said = Changing(now_asked[0].request_step.changing)
        return Changing.ROLE if said == Changing.EDIT and not _may_edit(actor, now_asked) else said
    said_of = {row.request_step.changing for row in own}
    return next((one for one in BARRING if one in said_of), Changing.ROLE)


def changed_request(actor: Actor, subject: Ref) -> Request | None:
    """Return the open request that the actor's edit, allowed by its step, puts up again; None where it does not."""
    if changing_for(actor, subject) != Changing.EDIT:
        return None
    rows = request_rows().filter(subject_type=subject.type, subject_id=subject.id, state=RequestState.OPEN)
    return rows.first()


def undecidable(request: Request) -> RequestStep | None:
    """Return a step of a request that those who are left cannot bring to its end, None where all can be."""
    for step in request.steps.all():
        if step.state in (StepState.OPEN, StepState.WAITING) and not _can_pass(request, step):
            return step
    return None


def _may_edit(actor: Actor, seats: Sequence[RequestApprover]) -> bool:
    """Tell whether one of these seats is that of the role in which the actor stands here, with the right to decide."""
    seat = actor.covered or actor.member
    if seat is None or DECIDE not in actor.verbs:
        return False
    named = [
        row
        for row in seats
        if row.member_id == seat.pk
        or (row.role_id is not None and row.role_id == seat.role_id)
        or (row.team_id is not None and row.team_id in team_ids(actor))
    ]
    return any(is_within(actor.limits, DECIDE, row.request_step.request) for row in named)


def _can_pass(request: Request, step: RequestStep) -> bool:
    guests = sum(1 for row in step.approvers.all() if row.guest_id)
    needed = step.needed if step.rule == Rule.N else 1
    return len(eligible(request, step)) + guests >= needed


def _seats(subject: Ref) -> list[RequestApprover]:
    rows = RequestApprover.objects.filter(
        ended_at=None,
        request_step__request__subject_type=subject.type,
        request_step__request__subject_id=subject.id,
        request_step__request__state=RequestState.OPEN,
    )
    return list(rows.select_related("request_step__request").order_by("request_step__position", "pk"))


def _own(actor: Actor, seats: Sequence[RequestApprover]) -> list[RequestApprover]:
    """Return the seats that the people behind an actor fill: as members, by role, by team, or as a guest."""
    persons = persons_of(actor)
    behind = seats_of(actor)
    roles: set[UUID] = {one.role_id for one in (actor.member, actor.covered) if one is not None}
    teams: set[UUID] = set()
    if any(row.team_id for row in seats):
        teams = set(TeamMember.objects.filter(member__in=behind).values_list("team_id", flat=True))
    return [
        row
        for row in seats
        if row.member_id in persons
        or (row.role_id is not None and row.role_id in roles)
        or (row.team_id is not None and row.team_id in teams)
        or (row.guest_id is not None and row.guest_id == actor.id)
    ]
