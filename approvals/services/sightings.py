"""Which revision a reviewer saw last, and the one before."""

from django.db import transaction

from approvals.models import LastSeen, Request
from core.clock import now
from teams.actors import Actor


@transaction.atomic
def note_seen(*, request: Request, by: Actor) -> LastSeen | None:
    """Note that a member looked at the revision under review; return what he has seen, None for others.

    `before_…` is the revision he saw before this one, so that a second look at the same page shows the same changes.
    Kept without a record: who read what is nobody else's business.
    """
    if by.member_id is None:
        return None
    rows = LastSeen.objects.select_for_update(of=("self",)).filter(
        member=by.member_id, subject_type=request.subject_type, subject_id=request.subject_id
    )
    seen = rows.first()
    if seen is None:
        seen, _made = LastSeen.objects.get_or_create(
            member=by.member,
            subject_type=request.subject_type,
            subject_id=request.subject_id,
            defaults={
                "workspace_id": request.workspace_id,
                "revision_id": request.revision_id,
                "revision_number": request.revision_number,
            },
        )
    elif seen.revision_id != request.revision_id:
        seen.before_id, seen.before_number = seen.revision_id, seen.revision_number
        seen.before_at, seen.seen_at = seen.seen_at, now()
        seen.revision_id, seen.revision_number = request.revision_id, request.revision_number
        seen.save()
    return seen
