"""Decisions: one voice of one person on one revision, in the step that is open."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from approvals.models import Decision, Override, Request, RequestApprover, RequestStep
from approvals.permissions import DECIDE, names_who_may, open_step, same_people
from approvals.registry import Description
from approvals.services.clearances import drop_clearances, give_by_approval
from approvals.services.requests import approvable_of, lock_request, open_next
from approvals.states import ADVANCE, REQUEST_TABLE, UNDO, RequestState, Rule, StepState, Verdict
from core.clock import now
from core.errors import Invalid, NotAllowed, WrongState
from core.record import record
from core.transitions import transition
from teams.actors import Actor
from teams.models import TeamMember
from teams.permissions import explain, selves, standing_for
from teams.states import ActorKind

UNDO_SECONDS = 10
MOST_NOTE = 4000


@transaction.atomic
def decide(
    *,
    request: Request,
    verdict: str,
    revision_id: UUID,
    note: str = "",
    by: Actor,
    for_: UUID | None = None,
    step_id: UUID | None = None,
) -> Decision:
    """Say approve, request changes or reject to the revision under review, for oneself or for whom one covers.

    The approval that completes the last step clears the revision, in the same transaction.
    `step_id` pins the step that the decider looked at.
    Raises: Invalid without the note that changes and a no need; NotAllowed, naming who else may, for an author
    and for whoever the step does not name; Ambiguous where several roles fit; WrongState `not_under_review`.
    Records: approvals.request.step_approved, .approved, .changes_requested or .rejected.
    Locks: the subject and the request.
    """
    said = _checked(verdict, note)
    locked = lock_request(request)
    standing = standing_on(by, locked, for_)
    step = open_step(locked)
    if not locked.is_open or step is None or locked.revision_id != revision_id:
        raise WrongState(
            _("This revision is not under review now. Load the page again to see what is."),
            code="not_under_review",
        )
    if step_id is not None and step.pk != step_id:
        raise WrongState(_("Somebody else decided in this step a moment ago."), code="not_under_review")
    decision = _insert(locked, step, said, note.strip(), standing)
    verb = _follow(locked, step, decision, standing)
    record(
        f"approvals.request.{verb}",
        by=standing,
        subject=locked.ref,
        request=str(locked.pk),
        decision=str(decision.pk),
        revision=locked.revision_number,
        step=step.position,
    )
    return decision


@transaction.atomic
def undo_decision(*, decision: Decision, by: Actor) -> Request:
    """Take one's own last decision back within ten seconds of making it; guests as members.

    Raises: NotAllowed for somebody else's; WrongState when the time is over, somebody decided since, or the
    subject has moved on. Records: approvals.request.decision_undone. Locks: the subject and the request.
    """
    request = lock_request(decision.request)
    if not is_own(decision, by):
        raise NotAllowed(_("Everybody undoes only their own decisions."), verb=DECIDE)
    if Override.objects.filter(request=request.pk).exists():
        raise WrongState(_("Somebody went past this review in an emergency. What was decided stands."))
    made = [row for step in request.steps.all() for row in step.decisions.all() if row.undone_at is None]
    last = max(made, key=lambda row: (row.at, row.pk), default=None)
    at = now()
    if last is None or last.pk != decision.pk or at > last.at + timedelta(seconds=UNDO_SECONDS):
        raise WrongState(_("It is too late to undo this decision. What was decided stands."))
    Decision.objects.filter(pk=last.pk).update(undone_at=at)
    _reopen(request, last.request_step_id, at)
    drop_clearances(request.ref, "undone")
    transition(request, REQUEST_TABLE, UNDO, closed_at=None)
    approvable_of(request.ref).on_state(request.ref, RequestState.OPEN, request=request, by=by)
    record(
        "approvals.request.decision_undone",
        by=by,
        subject=request.ref,
        request=str(request.pk),
        decision=str(last.pk),
    )
    return request


def is_own(decision: Decision, by: Actor) -> bool:
    """Tell whether the actor made a decision himself, as a member or as a guest."""
    if by.kind == ActorKind.GUEST:
        return decision.guest_id is not None and decision.guest_id == by.id
    return by.member_id is not None and decision.member_id == by.member_id


def can_be_undone(description: Description | None, at: datetime) -> bool:
    """Tell whether to offer the ten seconds: not where the subject goes out within them."""
    if description is None or description.goes_out_at is None:
        return True
    return description.goes_out_at > at + timedelta(seconds=UNDO_SECONDS)


def standing_on(by: Actor, request: Request, for_: UUID | None) -> Actor:
    """Return as whom the actor decides on a request. Raises: NotAllowed with the reason of that role; Ambiguous."""
    if by.member is None and by.kind != ActorKind.GUEST:
        raise NotAllowed(_("Only people decide."), verb=DECIDE, ask=names_who_may(request))
    named = [one for one in selves(by, DECIDE) if for_ is not None and one.on_behalf_of == for_]
    refusal = explain(named[0], DECIDE, request) if named else None
    if refusal is not None:
        raise NotAllowed(refusal.message, verb=DECIDE, missing=refusal.missing, ask=refusal.ask)
    if for_ is not None and for_ == by.member_id:
        _require_own(by, request)
    return standing_for(by, DECIDE, request, member_id=for_)


def _require_own(by: Actor, request: Request) -> None:
    """Say why the actor may not in his own place, rather than that he covers nobody."""
    fits = [one for one in selves(by, DECIDE) if explain(one, DECIDE, request) is None]
    if not any(one.on_behalf_of is None for one in fits):
        refusal = explain(by, DECIDE, request)
        message = refusal.message if refusal else _("You may decide on this only for whom you cover.")
        raise NotAllowed(message, verb=DECIDE, ask=names_who_may(request))


def _checked(verdict: str, note: str) -> Verdict:
    if verdict not in Verdict.values:
        raise Invalid(_("There is no such verdict."), fields={"verdict": [", ".join(Verdict.values)]})
    if verdict != Verdict.APPROVE and not note.strip():
        message = _("Say what should change, so that the author can act on it.")
        raise Invalid(message, fields={"note": [message]})
    if len(note) > MOST_NOTE:
        raise Invalid(_("The note is too long."), fields={"note": [_("At most 4,000 characters.")]})
    return Verdict(verdict)


def _insert(request: Request, step: RequestStep, verdict: Verdict, note: str, standing: Actor) -> Decision:
    is_guest = standing.kind == ActorKind.GUEST
    decision = Decision(
        workspace_id=request.workspace_id,
        request=request,
        request_step=step,
        verdict=verdict,
        note=note,
        revision_id=request.revision_id,
        content_hash=request.content_hash,
        actor_kind=standing.kind,
        actor_id=standing.id,
        member=standing.member,
        guest_id=standing.id if is_guest else None,
        on_behalf_of=standing.covered,
    )
    try:
        with transaction.atomic():
            decision.save(force_insert=True)
    except IntegrityError:
        raise WrongState(_("You have decided in this step already.")) from None
    return decision


def _follow(request: Request, step: RequestStep, decision: Decision, standing: Actor) -> str:
    """Move the request as the decision says and return the verb to record."""
    if decision.verdict != Verdict.APPROVE:
        return _close(request, Verdict(decision.verdict), standing)
    voices = [row for row in step.decisions.all() if row.undone_at is None] + [decision]
    if not is_satisfied(step, voices, request.author_ids):
        transition(request, REQUEST_TABLE, ADVANCE)
        return "step_approved"
    RequestStep.objects.filter(pk=step.pk).update(state=StepState.PASSED)
    step.state = StepState.PASSED
    return go_on(request, standing)


def go_on(request: Request, standing: Actor) -> str:
    """Open the next step of a locked request, or approve it after the last one; return the verb to record."""
    if open_next(request, list(request.steps.all()), now()) is not None:
        transition(request, REQUEST_TABLE, ADVANCE)
        return "step_approved"
    return _close(request, Verdict.APPROVE, standing)


def _close(request: Request, verdict: Verdict, standing: Actor) -> str:
    transition(request, REQUEST_TABLE, verdict, closed_at=now())
    if verdict == Verdict.APPROVE:
        give_by_approval(request=request, by=standing)
    approvable_of(request.ref).on_state(request.ref, request.state, request=request, by=standing)
    return str(request.state)


def is_satisfied(step: RequestStep, voices: Sequence[Decision], author_ids: Sequence[str]) -> bool:
    """Tell whether the approvals in a step are enough for its rule.

    With `all`, every named member and guest must have spoken, and somebody of every named role and team, without
    the authors, who may not, and without members who have left; whoever took over is named beside them. Nobody waits
    for stand-ins: each who approves fills one place that is still empty.
    """
    if step.rule == Rule.ANY:
        return bool(voices)
    if step.rule == Rule.N:
        return len(voices) >= step.needed
    authors = same_people(UUID(ident) for ident in author_ids)
    seats = list(step.approvers.all())
    asked = [
        row
        for row in seats
        if not row.is_stand_in
        and (row.member is None or (row.member.is_active and row.member_id not in authors))
    ]
    teams = _teams_of_voices(voices) if any(row.team_id for row in seats) else {}
    empty, helping = list(asked), 0
    for voice in voices:
        empty = [row for row in empty if not _fills(row, voice, teams)]
        named = any(_fills(row, voice, teams) for row in asked)
        helping += not named and any(row.is_stand_in and _fills(row, voice, teams) for row in seats)
    return bool(voices) and len(empty) <= helping


def _fills(seat: RequestApprover, voice: Decision, teams: Mapping[UUID, frozenset[UUID]]) -> bool:
    """Tell whether a voice speaks for a seat: as the member, by role, by team, or as the guest."""
    if voice.guest_id is not None and seat.guest_id == voice.guest_id:
        return True
    person = voice.on_behalf_of or voice.member
    if person is None:
        return False
    return (
        seat.member_id == person.pk
        or (seat.role_id is not None and seat.role_id == person.role_id)
        or (seat.team_id is not None and seat.team_id in teams.get(person.pk, frozenset()))
    )


def _teams_of_voices(voices: Sequence[Decision]) -> dict[UUID, frozenset[UUID]]:
    people = {voice.on_behalf_of_id or voice.member_id for voice in voices} - {None}
    found: dict[UUID, set[UUID]] = {}
    for member_id, team_id in TeamMember.objects.filter(member__in=people).values_list(
        "member_id", "team_id"
    ):
        found.setdefault(member_id, set()).add(team_id)
    return {member_id: frozenset(teams) for member_id, teams in found.items()}


def _reopen(request: Request, step_id: UUID, at: datetime) -> None:
    """Open the step of an undone decision again and close the one that it had opened."""
    after = [row for row in request.steps.all() if row.state == StepState.OPEN and row.pk != step_id]
    for row in after:
        RequestStep.objects.filter(pk=row.pk).update(state=StepState.WAITING, opened_at=None, due_at=None)
    RequestStep.objects.filter(pk=step_id, state=StepState.PASSED).update(state=StepState.OPEN)
