"""Which revision a reviewer saw last, and the one before; which parts he has ticked off."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from approvals.models import LastSeen, Request, Reviewed
from approvals.permissions import SEE
from approvals.reviewed import PartView, parts_for
from core.clock import now
from core.errors import NotFound, WrongState
from teams.actors import Actor
from teams.permissions import require
from teams.states import ActorKind


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


@transaction.atomic
def mark_part(
    *, request: Request, part: str, revision_id: UUID, is_reviewed: bool = True, by: Actor
) -> PartView:
    """Tick a part of the revision under review off, for oneself, or take the mark away; kept without a record.

    The mark holds for as long as the part stays the same, also in a later review.
    Raises: NotAllowed; NotFound for a part that the actor does not see; WrongState for another revision.
    """
    require(by, SEE, request)
    if request.revision_id != revision_id:
        raise WrongState(
            _("This revision is not under review now. Load the page again to see what is."),
            code="not_under_review",
        )
    found = next((one for one in parts_for(by, request) if one.key == part), None)
    is_guest = by.kind == ActorKind.GUEST
    if found is None or not (is_guest or by.member_id):
        raise NotFound(_("There is no such part."))
    who: dict[str, Any] = {
        "guest_id": by.id if is_guest else None,
        "member_id": None if is_guest else by.member_id,
    }
    about: dict[str, Any] = {
        "subject_type": request.subject_type,
        "subject_id": request.subject_id,
        "part": part,
        **who,
    }
    if is_reviewed:
        defaults = {"workspace_id": request.workspace_id, "part_hash": found.digest, "at": now()}
        Reviewed.objects.update_or_create(**about, defaults=defaults)
    else:
        Reviewed.objects.filter(**about).delete()
    return next(one for one in parts_for(by, request) if one.key == part)
