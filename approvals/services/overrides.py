"""The emergency path: past a review, with a reason, looked at by a lead afterwards. Never by an author."""

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from approvals.models import Override, Request, RequestStep
from approvals.permissions import OVERRIDE, REVIEW_OVERRIDE
from approvals.services.amendments import MOST_REASON
from approvals.services.clearances import give_by_approval
from approvals.services.requests import approvable_of, lock_request
from approvals.states import OVERRIDE as GO_PAST
from approvals.states import REQUEST_TABLE, OverrideVerdict, StepState
from core.clock import now
from core.errors import Invalid, NotAllowed, WrongState
from core.record import record
from core.transitions import transition
from teams.actors import Actor
from teams.permissions import standing_for


@transaction.atomic
def override_request(
    *, request: Request, revision_id: UUID, reason: str, by: Actor, for_: UUID | None = None
) -> Override:
    """Clear the revision under review without the steps that still wait, in an emergency.

    What is planned for a time ahead goes on the plan as after an approval. It waits for a lead to look at it.
    Raises: NotAllowed without the right and for an author; Invalid without a reason; WrongState where another
    revision, or none, is under review. Records: approvals.request.overridden. Locks: the subject and the request.
    """
    said = _said(reason, "reason")
    locked = lock_request(request)
    standing = standing_for(by, OVERRIDE, locked, member_id=for_ or _own_if_held(by, OVERRIDE))
    if not locked.is_open or locked.revision_id != revision_id:
        message = _("This revision is not under review now. Load the page again to see what is.")
        raise WrongState(message, code="not_under_review")
    if standing.member is None:
        raise NotAllowed(_("Only people decide."), verb=OVERRIDE)
    made = Override(
        workspace_id=locked.workspace_id,
        request=locked,
        reason=said,
        actor_kind=standing.kind,
        actor_id=standing.id,
        member=standing.member,
        on_behalf_of=standing.covered,
    )
    made.save(force_insert=True)
    left = RequestStep.objects.filter(request=locked, state__in=[StepState.OPEN, StepState.WAITING])
    left.update(state=StepState.SKIPPED)
    transition(locked, REQUEST_TABLE, GO_PAST, closed_at=now())
    give_by_approval(request=locked, by=standing)
    approvable_of(locked.ref).on_state(locked.ref, locked.state, request=locked, by=standing)
    record(
        "approvals.request.overridden",
        by=standing,
        subject=locked.ref,
        request=str(locked.pk),
        override=str(made.pk),
        revision=locked.revision_number,
    )
    return made


@transaction.atomic
def review_override(
    *, override: Override, verdict: str, note: str, by: Actor, for_: UUID | None = None
) -> Override:
    """Say afterwards whether going past a review was right; once, and by nobody whose doing or work it was.

    Raises: NotAllowed; Invalid without a verdict, or without a note where it was not right; WrongState when somebody
    said so already. Records: approvals.override.reviewed. Locks: the row.
    """
    if verdict not in OverrideVerdict.values:
        message = _("Say whether it was right.")
        raise Invalid(message, fields={"verdict": [message]})
    said = _said(note, "note") if verdict == OverrideVerdict.WRONG else note.strip()[:MOST_REASON]
    rows = Override.objects.select_for_update(of=("self",)).select_related("request")
    locked = rows.get(pk=override.pk)
    standing = standing_for(by, REVIEW_OVERRIDE, locked, member_id=for_ or _own_if_held(by, REVIEW_OVERRIDE))
    if locked.reviewed_at is not None:
        raise WrongState(_("Somebody has looked at this already."))
    locked.verdict, locked.review_note, locked.reviewed_at = verdict, said, now()
    locked.reviewed_by, locked.reviewed_for = standing.member, standing.covered
    locked.save(update_fields=["verdict", "review_note", "reviewed_at", "reviewed_by", "reviewed_for"])
    record(
        "approvals.override.reviewed",
        by=standing,
        subject=locked.request.ref,
        request=str(locked.request_id),
        override=str(locked.pk),
        verdict=verdict,
    )
    return locked


def _own_if_held(by: Actor, verb: str) -> UUID | None:
    return by.member_id if by.on_behalf_of is None and verb in by.verbs else None


def _said(text: str, field: str) -> str:
    if not 1 <= len(text.strip()) <= MOST_REASON:
        message = _("Give a reason of 1 to 500 characters; it is kept in the record.")
        raise Invalid(message, fields={field: [message]})
    return text.strip()
