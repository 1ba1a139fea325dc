"""Approval switched on again: what the policy had cleared is cleared no longer, and each is asked about."""

from collections.abc import Mapping
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from approvals.models import Decision, Request, RequestApprover, RequestStep
from approvals.permissions import KEEP, is_author
from approvals.registry import Approvable
from approvals.selectors import SWITCHED_ON, policy_clearances, uncleared
from approvals.services.clearances import drop_clearances
from approvals.services.decisions import decide
from approvals.services.requests import POLICY_OFF, approvable_of
from approvals.states import RequestState, Rule, StepState, Verdict
from core.clock import now
from core.errors import CollabError, NotAllowed, NotFound, WrongState
from core.record import record
from core.refs import Ref
from teams.actors import Actor
from teams.models import Role, Workspace
from teams.permissions import refuse, require
from teams.states import RoleKey


def end_policy(workspace: Workspace, before: Mapping[str, object], by: Actor) -> None:
    """Take back what the policy cleared once approval is switched on; part of the configuring service.

    What is scheduled leaves the plan and keeps its time, so that nothing goes out that nobody has approved; what is
    being sent already went under the policy that held then. Records: approvals.clearance.revoked for each.
    """
    if before.get("approval") != POLICY_OFF or workspace.settings.get("approval") == POLICY_OFF:
        return
    for clearance in policy_clearances():
        subject = Ref(clearance.subject_type, clearance.subject_id)
        try:
            with transaction.atomic():
                _end_one(approvable_of(subject), subject, by)
        except WrongState:
            continue


def submit_uncleared(*, subject: Ref, by: Actor) -> None:
    """Put one of them up for approval, by the rules of its own app. Raises: NotFound; as that app's service."""
    _require_listed(subject, by)
    submit = approvable_of(subject).submit
    if submit is None:
        raise NotFound(_("This kind of thing is not put up for approval."))
    submit(by, subject)


@transaction.atomic
def keep_cleared(*, subject: Ref, note: str, by: Actor) -> Decision:
    """Approve what the policy had cleared, unchanged since, in one recorded decision of an admin.

    It is a review of one step like any other: no author decides, the clearance rests on the decision, and what has its
    time ahead is scheduled again.
    Raises: NotAllowed for an author too; NotFound for what is not in the list; WrongState when it was changed since.
    Records: approvals.request.submitted, then .approved.
    """
    require(by, KEEP)
    approvable = approvable_of(subject)
    if approvable.lock is not None:
        approvable.lock(subject)
    cleared = _require_listed(subject, by)
    standing = approvable.standing(subject) if approvable.standing else None
    if standing is None or (standing.revision_id, standing.content_hash) != cleared:
        raise WrongState(_("This was changed since. Submit it for approval."))
    request = Request(
        workspace_id=by.workspace_id,
        subject_type=subject.type,
        subject_id=subject.id,
        revision_id=standing.revision_id,
        revision_number=standing.revision_number,
        content_hash=standing.content_hash,
        author_ids=sorted(str(ident) for ident in standing.author_ids),
        actor_kind=Actor.system(by.workspace_id).kind,
    )
    if is_author(by, request):
        message = _("You made or submitted this, so somebody else decides on it.")
        raise NotAllowed(message, verb=KEEP, missing=refuse(KEEP, message).missing)
    request.save(force_insert=True)
    _write_step(request)
    approvable.on_state(subject, RequestState.OPEN, request=request, by=by)
    record(
        "approvals.request.submitted",
        by=Actor.system(by.workspace_id),
        subject=subject,
        request=str(request.pk),
        revision=request.revision_number,
    )
    return decide(
        request=request,
        verdict=Verdict.APPROVE,
        revision_id=request.revision_id,
        note=note.strip() or _("Kept when approval was switched on."),
        by=by,
        for_=by.member_id,
    )


def settle_uncleared(
    *, subjects: list[Ref], action: str, note: str, by: Actor
) -> list[tuple[Ref, CollabError | None]]:
    """Submit or keep several, each in its own transaction; return what became of each."""
    found: list[tuple[Ref, CollabError | None]] = []
    for subject in subjects:
        try:
            with transaction.atomic():
                if action == "keep":
                    keep_cleared(subject=subject, note=note, by=by)
                else:
                    submit_uncleared(subject=subject, by=by)
        except CollabError as refusal:
            found.append((subject, refusal))
        else:
            found.append((subject, None))
    return found


def _end_one(approvable: Approvable, subject: Ref, by: Actor) -> None:
    if approvable.lock is not None:
        approvable.lock(subject)
    if drop_clearances(subject, SWITCHED_ON):
        approvable.on_state(subject, RequestState.STALE, request=None, by=by)
        record("approvals.clearance.revoked", by=by, subject=subject, reason=SWITCHED_ON)


def _require_listed(subject: Ref, by: Actor) -> tuple[UUID, str]:
    row = next((row for row in uncleared(by) if row.subject == subject), None)
    if row is None:
        raise NotFound(_("This is settled already, or was never cleared by the policy."))
    return row.revision_id, row.content_hash


def _write_step(request: Request) -> None:
    step = RequestStep(
        workspace_id=request.workspace_id,
        request=request,
        position=1,
        name=_("Kept by an admin"),
        rule=Rule.ANY,
        needed=1,
        state=StepState.OPEN,
        opened_at=now(),
    )
    step.save(force_insert=True)
    for role in Role.objects.order_by("pk"):
        if role.key in (RoleKey.ADMIN, RoleKey.OWNER) or KEEP in role.verbs:
            RequestApprover(workspace_id=request.workspace_id, request_step=step, role=role).save()
