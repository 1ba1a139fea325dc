"""Clearances: given by a final approval or a recorded policy only, and taken back."""

from uuid import UUID

from approvals.models import Clearance, Request
from approvals.selectors import live_clearances
from approvals.states import ClearanceSource
from core.clock import now
from core.record import record
from core.refs import Ref
from teams.actors import Actor


def give_by_approval(*, request: Request, by: Actor) -> Clearance:
    """Clear the revision of a request that was finally approved; part of the deciding service."""
    live_clearances(request.ref).update(revoked_at=now(), revoked_reason="replaced")
    clearance = Clearance(
        workspace_id=by.workspace_id,
        subject_type=request.subject_type,
        subject_id=request.subject_id,
        revision_id=request.revision_id,
        content_hash=request.content_hash,
        source=ClearanceSource.APPROVAL,
        request=request,
    )
    clearance.save(force_insert=True)
    return clearance


def give_by_policy(*, subject: Ref, revision_id: UUID, content_hash: str, by: Actor) -> Clearance:
    """Clear a revision where the workspace asks for no approval. Records: approvals.clearance.given.

    The database refuses it while the workspace's setting says otherwise.
    """
    live_clearances(subject).update(revoked_at=now(), revoked_reason="replaced")
    clearance = Clearance(
        workspace_id=by.workspace_id,
        subject_type=subject.type,
        subject_id=subject.id,
        revision_id=revision_id,
        content_hash=content_hash,
        source=ClearanceSource.POLICY,
    )
    clearance.save(force_insert=True)
    record(
        "approvals.clearance.given",
        by=by,
        subject=subject,
        clearance=str(clearance.pk),
        revision=str(revision_id),
        source=str(ClearanceSource.POLICY),
    )
    return clearance


def revoke_clearance(*, subject: Ref, reason: str, by: Actor) -> int:
    """Take back whatever clears a subject; return how many. Records: approvals.clearance.revoked when any did.

    What is already being sent is stopped by publishing, which asks again before it sends.
    """
    revoked = drop_clearances(subject, reason)
    if revoked:
        record("approvals.clearance.revoked", by=by, subject=subject, reason=reason)
    return revoked


def drop_clearances(subject: Ref, reason: str) -> int:
    """Take clearances back as part of a service that records the cause itself."""
    return live_clearances(subject).update(revoked_at=now(), revoked_reason=reason)
