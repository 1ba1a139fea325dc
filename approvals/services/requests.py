"""Requests: submitted, withdrawn, and out of date once the subject is edited."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from approvals.models import Request, RequestApprover, RequestStep, Workflow
from approvals.paths import PathStep, SubmissionFacts
from approvals.permissions import SUBMIT, WITHDRAW
from approvals.registry import Approvable, approvables
from approvals.selectors import path_for, request_rows
from approvals.services.carrying import keep_steps
from approvals.services.clearances import drop_clearances, give_by_policy, revoke_clearance
from approvals.services.ladders import STAND_INS, set_up
from approvals.states import EDIT, REQUEST_TABLE, RequestState, StepState
from approvals.states import WITHDRAW as WITHDRAW_STEP
from core.clock import now
from core.errors import Invalid, NotFound, WrongState
from core.record import record
from core.refs import Ref
from core.transitions import transition
from teams.actors import Actor
from teams.models import Role, Workspace
from teams.permissions import standing_for

MOST_NOTE = 4000
POLICY_OFF = "off"
_SEAT = ("member_id", "role_id", "team_id", "guest_id")


@transaction.atomic
def submit_request(
    *,
    subject: Ref,
    revision_id: UUID,
    revision_number: int,
    content_hash: str,
    author_ids: Iterable[UUID],
    facts: SubmissionFacts,
    workflow: Workflow | None = None,
    note: str = "",
    amends: Request | None = None,
    by: Actor,
    for_: UUID | None = None,
) -> Request | None:
    """Put a revision up for approval, or clear it at once where the workspace asks for none (returns None).

    Whoever submits counts as an author, and so does the member he covers. `amends` is the request in whose review
    the submitter changed the subject.
    Raises: NotAllowed; Invalid without any step to take; WrongState while another request is open or this
    revision is approved already. Records: approvals.request.submitted or approvals.clearance.given.
    """
    approvable = approvable_of(subject)
    standing = by if by.is_system else standing_for(by, SUBMIT, member_id=for_ or _own_if_fit(by, SUBMIT))
    if len(note) > MOST_NOTE:
        raise Invalid(_("The note is too long."), fields={"note": [_("At most 4,000 characters.")]})
    _make_room(subject, revision_id)
    if asks_no_approval(by.workspace_id):
        give_by_policy(subject=subject, revision_id=revision_id, content_hash=content_hash, by=standing)
        approvable.on_state(subject, RequestState.APPROVED, request=None, by=standing)
        return None
    path = path_for(facts, workflow)
    if not path:
        raise Invalid(
            _("There is no approval workflow to take. Ask a team lead to set one up."), code="no_workflow"
        )
    request = Request(
        workspace_id=by.workspace_id,
        subject_type=subject.type,
        subject_id=subject.id,
        revision_id=revision_id,
        revision_number=revision_number,
        content_hash=content_hash,
        author_ids=_makers(author_ids, standing),
        workflow_ids=sorted({str(part.step.workflow_id) for part in path}),
        note=note.strip(),
        amends=amends,
        **_submitter(standing),
    )
    _insert(request)
    _copy_steps(request, path)
    open_next(request, list(request.steps.order_by("position")), now())
    approvable.on_state(subject, RequestState.OPEN, request=request, by=standing)
    record(
        "approvals.request.submitted",
        by=standing,
        subject=subject,
        request=str(request.pk),
        revision=revision_number,
    )
    return request


@transaction.atomic
def withdraw_request(*, request: Request, by: Actor, for_: UUID | None = None) -> Request:
    """Take a request back, before or after its approval; what it cleared is cleared no longer.

    Raises: NotAllowed, WrongState. Records: approvals.request.withdrawn.
    """
    locked = lock_request(request)
    standing = (
        by
        if by.is_system
        else standing_for(by, WITHDRAW, locked, member_id=for_ or _own_if_fit(by, WITHDRAW))
    )
    transition(locked, REQUEST_TABLE, WITHDRAW_STEP, closed_at=now())
    drop_clearances(locked.ref, "withdrawn")
    approvable_of(locked.ref).on_state(locked.ref, RequestState.WITHDRAWN, request=locked, by=standing)
    record(
        "approvals.request.withdrawn",
        by=standing,
        subject=locked.ref,
        request=str(locked.pk),
        revision=locked.revision_number,
    )
    return locked


@transaction.atomic
def mark_stale(*, subject: Ref, by: Actor) -> Request | None:
    """Put a request out of date since its subject was edited, and take back whatever clears the subject.

    The editing service has checked that `by` may edit. Does nothing where nothing is open or approved.
    Records: approvals.request.went_stale, or approvals.clearance.revoked for a clearance by policy.
    """
    rows = Request.objects.filter(subject_type=subject.type, subject_id=subject.id)
    live = rows.filter(state__in=[RequestState.OPEN, RequestState.APPROVED]).order_by("-submitted_at", "-pk")
    request = live.select_for_update(of=("self",)).first()
    if request is None:
        if revoke_clearance(subject=subject, reason="edited", by=by):
            approvable_of(subject).on_state(subject, RequestState.STALE, request=None, by=by)
        return None
    transition(request, REQUEST_TABLE, EDIT, closed_at=now())
    drop_clearances(subject, "edited")
    approvable_of(subject).on_state(subject, RequestState.STALE, request=request, by=by)
    record(
        "approvals.request.went_stale",
        by=by,
        subject=subject,
        request=str(request.pk),
        revision=request.revision_number,
    )
    return request


def approvable_of(subject: Ref) -> Approvable:
    """Return how a kind of subject is judged. Raises: NotFound for a kind that is not put up for approval."""
    found = approvables.find(subject.type)
    if found is None:
        raise NotFound(_("This kind of thing is not put up for approval."))
    return found


def asks_no_approval(workspace_id: UUID) -> bool:
    """Tell whether the workspace has switched approval off.

    Locks: where it has, its row, shared, so that nothing is cleared by policy while somebody switches approval on.
    """
    rows = Workspace.objects.filter(pk=workspace_id)
    if rows.values_list("settings", flat=True).get().get("approval") != POLICY_OFF:
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT settings ->> 'approval' FROM teams_workspace WHERE id = %s FOR SHARE", [workspace_id]
        )
        return bool(cursor.fetchone() == (POLICY_OFF,))


def lock_request(request: Request) -> Request:
    """Return the request as it stands now, locked until the commit.

    Locks: the subject first where its app says how, then the request, the same order as an edit takes.
    """
    approvable = approvables.find(request.subject_type)
    if approvable is not None and approvable.lock is not None:
        approvable.lock(request.ref)
    Request.objects.select_for_update(of=("self",)).get(pk=request.pk)
    return request_rows().get(pk=request.pk)


def open_next(request: Request, steps: Sequence[RequestStep], at: datetime) -> RequestStep | None:
    """Open the first step that still waits, with its ladder; return it, or None when all have passed."""
    step = next((row for row in steps if row.state == StepState.WAITING), None)
    if step is not None:
        due = set_up(request, step, at)
        step.state, step.opened_at, step.due_at = StepState.OPEN, at, due
        RequestStep.objects.filter(pk=step.pk).update(state=StepState.OPEN, opened_at=at, due_at=due)
    return step


def _own_if_fit(by: Actor, verb: str) -> UUID | None:
    """Prefer the actor's own right over a covered one where the outcome is the same."""
    return by.member_id if by.on_behalf_of is None and verb in by.verbs else None


def _makers(author_ids: Iterable[UUID], standing: Actor) -> list[str]:
    return sorted({str(one) for one in (*author_ids, standing.member_id, standing.on_behalf_of) if one})


def _submitter(standing: Actor) -> dict[str, object]:
    return {
        "actor_kind": standing.kind,
        "actor_id": standing.id,
        "submitted_by_id": standing.member_id,
        "on_behalf_of_id": standing.on_behalf_of,
    }


def _make_room(subject: Ref, revision_id: UUID) -> None:
    rows = Request.objects.filter(subject_type=subject.type, subject_id=subject.id)
    live = rows.filter(state__in=[RequestState.OPEN, RequestState.APPROVED]).select_for_update(of=("self",))
    for request in live:
        if request.state == RequestState.OPEN:
            raise WrongState(_("This is in review already. Withdraw it first to submit another revision."))
        if request.revision_id == revision_id:
            raise WrongState(_("This revision is approved already."))
        transition(request, REQUEST_TABLE, EDIT)


def _insert(request: Request) -> None:
    try:
        with transaction.atomic():
            request.save(force_insert=True)
    except IntegrityError:
        raise WrongState(_("Somebody else submitted this a moment ago.")) from None


def _copy_steps(request: Request, path: Sequence[PathStep]) -> None:
    steps = [_copied(request, part, position) for position, part in enumerate(path, start=1)]
    keep_steps(request, steps)
    for copy, part in zip(steps, path, strict=True):
        copy.save(force_insert=True)
        for seat in _seats(part):
            RequestApprover(workspace_id=request.workspace_id, request_step=copy, **seat).save()


def _copied(request: Request, part: PathStep, position: int) -> RequestStep:
    step = part.step
    return RequestStep(
        workspace_id=request.workspace_id,
        request=request,
        position=position,
        name=part.name,
        rule=step.rule,
        needed=step.needed,
        due_hours=step.due_hours,
        is_working_time=step.is_working_time,
        escalate_to_id=step.escalate_to_id,
        escalate_role_id=step.escalate_role_id,
        is_optional=step.is_optional,
        changing=step.changing,
        source_id=step.pk,
        reopen=step.workflow.reopen,
        because=[why.as_json() for why in part.because],
        parts=[target.id for target in part.targets],
    )


def _seats(part: PathStep) -> list[dict[str, UUID | None]]:
    """Return who is asked; where nobody moderates the channels, and nobody else is named, the leads stand in."""
    seats: list[dict[str, UUID | None]] = [
        {name: getattr(row, name) for name in _SEAT if getattr(row, name) is not None} for row in part.seats
    ]
    moderator = part.moderator.pk if part.moderator else None
    if moderator is not None and all(seat.get("member_id") != moderator for seat in seats):
        seats.append({"member_id": moderator})
    if not seats:
        leads = Role.objects.filter(key__in=STAND_INS).order_by("pk").values_list("pk", flat=True)
        seats = [{"role_id": role_id} for role_id in leads]
    return seats
