"""Changes to a running review: one more reviewer, another one, handed on, a step passed over. Never by an author."""

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from approvals.models import Amendment, Request, RequestApprover, RequestStep
from approvals.permissions import AMEND, DECIDE, SKIP, can_pass_over, open_step, same_people
from approvals.services.decisions import go_on
from approvals.services.requests import lock_request
from approvals.states import AmendmentKind, StepState
from core.clock import now
from core.errors import Invalid, NotFound, WrongState
from core.record import record
from teams.actors import Actor
from teams.models import Membership
from teams.permissions import standing_for, verbs_of

MOST_REASON = 500
VERBS = {
    AmendmentKind.ADD: "reviewer_added",
    AmendmentKind.REASSIGN: "reassigned",
    AmendmentKind.DELEGATE: "delegated",
}


def amend(
    *,
    request: Request,
    kind: str,
    step_id: UUID | None = None,
    holder_id: UUID | None = None,
    member_id: UUID | None = None,
    reason: str,
    by: Actor,
    for_: UUID | None = None,
) -> Amendment:
    """Change a running review as a form or a program asks: without a step the one that waits.

    `holder_id` is the member, role, team or guest in whose place another one is asked.
    Raises: Invalid for nobody or an unknown kind; else as the service of the kind.
    """
    step = next((row for row in request.steps.all() if row.pk == step_id), None) or open_step(request)
    if step is None:
        raise WrongState(_("This is not under review now."), code="not_under_review")
    if kind == AmendmentKind.SKIP:
        return skip_step(request=request, step_id=step.pk, reason=reason, by=by, for_=for_)
    people = Membership.objects.select_related("user", "role")
    member = people.filter(pk=member_id).first() if member_id else None
    if member is None:
        message = _("Choose who is to be asked.")
        raise Invalid(message, fields={"member": [message]})
    if kind == AmendmentKind.ADD:
        return add_reviewer(request=request, step_id=step.pk, member=member, reason=reason, by=by, for_=for_)
    if kind == AmendmentKind.DELEGATE:
        return delegate_seat(request=request, member=member, reason=reason, by=by, for_=for_)
    if kind == AmendmentKind.REASSIGN:
        seat = next((row for row in step.approvers.all() if holder_id in _holders(row)), None)
        if seat is None:
            raise NotFound(_("Nobody of this kind is asked here."))
        return reassign_seat(request=request, seat_id=seat.pk, member=member, reason=reason, by=by, for_=for_)
    raise Invalid(_("There is no such change."), fields={"kind": [", ".join(VERBS)]})


@transaction.atomic
def add_reviewer(
    *, request: Request, step_id: UUID, member: Membership, reason: str, by: Actor, for_: UUID | None = None
) -> Amendment:
    """Ask one more member in a step that is not over.

    Raises: NotAllowed for an author too; Invalid without a reason, or for somebody who may not decide; WrongState.
    Records: approvals.request.reviewer_added. Locks: the subject and the request.
    """
    locked, standing = _opened(request, AMEND, by, for_)
    step = _running(locked, step_id)
    _check_newcomer(locked, step, member)
    made = _written(step, AmendmentKind.ADD, _said(reason), standing, member)
    return _seated(locked, step, made, standing)


@transaction.atomic
def reassign_seat(
    *, request: Request, seat_id: UUID, member: Membership, reason: str, by: Actor, for_: UUID | None = None
) -> Amendment:
    """Ask another member in the place of a member, role, team or guest who has not spoken.

    Raises: as add_reviewer; NotFound for a seat that is not there. Records: approvals.request.reassigned.
    Locks: the subject and the request.
    """
    locked, standing = _opened(request, AMEND, by, for_)
    step, seat = _seat(locked, seat_id)
    _require_silent(step, seat)
    _check_newcomer(locked, step, member)
    _end(seat)
    made = _written(step, AmendmentKind.REASSIGN, _said(reason), standing, member)
    return _seated(locked, step, made, standing)


@transaction.atomic
def delegate_seat(
    *, request: Request, member: Membership, reason: str, by: Actor, for_: UUID | None = None
) -> Amendment:
    """Hand one's own place in the open step, or the place of whom one covers, on to another member.

    Raises: NotAllowed where one may not decide oneself; Invalid; WrongState where one is asked by role or team, whose
    others may decide anyway. Records: approvals.request.delegated. Locks: the subject and the request.
    """
    locked = lock_request(request)
    standing = standing_for(by, DECIDE, locked, member_id=for_)
    step = open_step(locked)
    if step is None:
        raise WrongState(_("This is not under review now."), code="not_under_review")
    holder = standing.on_behalf_of or standing.member_id
    seat = next((row for row in step.approvers.all() if row.member_id == holder), None)
    if seat is None:
        raise WrongState(_("You are asked through a role or a team; the others of it may decide anyway."))
    _check_newcomer(locked, step, member)
    _end(seat)
    made = _written(step, AmendmentKind.DELEGATE, _said(reason), standing, member)
    return _seated(locked, step, made, standing)


@transaction.atomic
def skip_step(
    *, request: Request, step_id: UUID, reason: str, by: Actor, for_: UUID | None = None
) -> Amendment:
    """Pass over a step that is not over. At least one step must have been approved, or be still to come.

    Raises: NotAllowed for an author too; Invalid without a reason; WrongState for the only approval there could be.
    Records: approvals.request.step_skipped, or .approved where nothing else is waited for.
    Locks: the subject and the request.
    """
    locked, standing = _opened(request, SKIP, by, for_)
    step = _running(locked, step_id)
    return pass_over(locked, step, AmendmentKind.SKIP, _said(reason), standing)


def pass_over(request: Request, step: RequestStep, kind: AmendmentKind, reason: str, by: Actor) -> Amendment:
    """Pass over a step of a locked request and go on. Raises: WrongState. Records: as skip_step."""
    if not can_pass_over(request, step):
        raise WrongState(_("This is the only approval there could be. Somebody has to give it."))
    made = _written(step, kind, reason, by)
    was_open = step.state == StepState.OPEN
    RequestStep.objects.filter(pk=step.pk).update(state=StepState.SKIPPED)
    step.state = StepState.SKIPPED
    verb = go_on(request, by) if was_open else "step_skipped"
    record(
        f"approvals.request.{'approved' if verb == 'approved' else 'step_skipped'}",
        by=by,
        subject=request.ref,
        request=str(request.pk),
        amendment=str(made.pk),
        revision=request.revision_number,
        step=step.position,
    )
    return made


def _opened(request: Request, verb: str, by: Actor, for_: UUID | None) -> tuple[Request, Actor]:
    locked = lock_request(request)
    standing = standing_for(by, verb, locked, member_id=for_ or _own_if_held(by, verb))
    if not locked.is_open:
        raise WrongState(_("This is not under review now."), code="not_under_review")
    return locked, standing


def _own_if_held(by: Actor, verb: str) -> UUID | None:
    return by.member_id if by.on_behalf_of is None and verb in by.verbs else None


def _running(request: Request, step_id: UUID) -> RequestStep:
    step = next((row for row in request.steps.all() if row.pk == step_id), None)
    if step is None:
        raise NotFound(_("There is no such step."))
    if step.state not in (StepState.OPEN, StepState.WAITING):
        raise WrongState(_("This step is over."))
    return step


def _seat(request: Request, seat_id: UUID) -> tuple[RequestStep, RequestApprover]:
    for step in request.steps.all():
        for seat in step.approvers.all():
            if seat.pk == seat_id:
                return _running(request, step.pk), seat
    raise NotFound(_("Nobody of this kind is asked here."))


def _holders(seat: RequestApprover) -> tuple[UUID, ...]:
    return tuple(one for one in (seat.member_id, seat.role_id, seat.team_id, seat.guest_id) if one)


def _require_silent(step: RequestStep, seat: RequestApprover) -> None:
    spoke = {row.seat_id for row in step.decisions.all() if row.undone_at is None}
    if (seat.member_id or seat.guest_id) in spoke:
        raise WrongState(_("Who has decided stays in the record and cannot be replaced."))


def _check_newcomer(request: Request, step: RequestStep, member: Membership) -> None:
    authors = same_people(UUID(ident) for ident in request.author_ids)
    message = ""
    if member.pk in authors:
        message = _("%(name)s made or submitted this and cannot decide on it.")
    elif not member.is_active or DECIDE not in verbs_of(member.role):
        message = _("%(name)s may not decide in this workspace.")
    elif any(row.member_id == member.pk for row in step.approvers.all()):
        message = _("%(name)s is asked already.")
    if message:
        message %= {"name": member.user.name}
        raise Invalid(message, fields={"member": [message]})


def _said(reason: str) -> str:
    if not 1 <= len(reason.strip()) <= MOST_REASON:
        message = _("Give a reason of 1 to 500 characters; it is kept in the record.")
        raise Invalid(message, fields={"reason": [message]})
    return reason.strip()


def _end(seat: RequestApprover) -> None:
    RequestApprover.objects.filter(pk=seat.pk).update(ended_at=now())


def _seated(request: Request, step: RequestStep, made: Amendment, by: Actor) -> Amendment:
    """Give the newcomer of an amendment a seat and record it."""
    seat = RequestApprover(workspace_id=request.workspace_id, request_step=step, member=made.newcomer)
    seat.save(force_insert=True)
    record(
        f"approvals.request.{VERBS[AmendmentKind(made.kind)]}",
        by=by,
        subject=request.ref,
        request=str(request.pk),
        amendment=str(made.pk),
        newcomer=str(made.newcomer_id),
        step=step.position,
    )
    return made


def _written(
    step: RequestStep, kind: AmendmentKind, reason: str, by: Actor, newcomer: Membership | None = None
) -> Amendment:
    made = Amendment(
        workspace_id=step.workspace_id,
        request_id=step.request_id,
        request_step=step,
        kind=kind,
        reason=reason,
        actor_kind=by.kind,
        actor_id=by.id,
        member=by.member,
        on_behalf_of=by.covered,
        newcomer=newcomer,
    )
    made.save(force_insert=True)
    return made
