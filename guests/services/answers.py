"""What guests say: decisions and comments, through the services that members use."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _

from approvals.models import Decision
from approvals.reviewed import PartView
from approvals.services.decisions import decide, undo_decision
from approvals.services.sightings import mark_part
from approvals.states import Verdict
from comments.models import Comment
from comments.selectors import get_comment
from comments.services import add_comment
from core.clock import now
from core.errors import Invalid, NotAllowed, NotFound, TooMany, WrongState
from guests.models import GuestLink, LinkEvent
from guests.selectors import SAID, Shown, post_shown
from guests.services.links import note
from guests.states import Happening
from teams.actors import Actor

VERDICTS = (Verdict.APPROVE, Verdict.REQUEST_CHANGES)
WITHIN = timedelta(minutes=1)
MOST_SAID = 20


@transaction.atomic
def decide_by_link(
    *, link: GuestLink, post_id: UUID, verdict: str, note_text: str, revision_id: UUID, by: Actor
) -> Decision:
    """Approve a post that waits for the guest, or ask for changes; as a member's decision, in the same record.

    Raises: NotFound beyond the scope; NotAllowed where no step asks the guest, or a channel is kept from him;
    WrongState for a revision that is under review no more, or a link that has just ended; Invalid without the
    note that changes need; TooMany. Locks: the link, the post and the request.
    """
    _hold(link)
    shown = post_shown(by, link, post_id)
    if verdict not in VERDICTS:
        raise Invalid(_("There is no such verdict."))
    if shown.request is None or shown.folded:
        raise NotAllowed(_("Nothing waits for your decision here."))
    made = decide(request=shown.request, verdict=verdict, revision_id=revision_id, note=note_text, by=by)
    _note(link, Happening(verdict), shown)
    return made


@transaction.atomic
def undo_by_link(*, link: GuestLink, decision_id: UUID, by: Actor) -> Shown:
    """Take the guest's own decision back within ten seconds, where nothing has followed on it; return its post.

    Raises: NotFound for a decision that is not his, or on what lies beyond the scope; WrongState when it is too late,
    somebody decided since, or the link has just ended. Locks: the link, the post and the request.
    """
    _hold(link)
    made = Decision.objects.select_related("request").filter(pk=decision_id, guest=link.guest_id).first()
    if made is None:
        raise NotFound(_("There is no such decision."))
    shown = post_shown(by, link, made.request.subject_id)
    undo_decision(decision=made, by=by)
    _note(link, Happening.UNDONE, shown)
    return shown


@transaction.atomic
def comment_by_link(
    *,
    link: GuestLink,
    post_id: UUID,
    body: str,
    anchor: Mapping[str, Any] | None = None,
    suggestion: str | None = None,
    files: "Sequence[UploadedFile[Any]]" = (),
    parent_id: UUID | None = None,
    by: Actor,
) -> Comment:
    """Say something about a post in the link's scope, or answer in a thread that the guest may read.

    Raises: NotFound; NotAllowed where the link lets its guest only look; Invalid; TooMany. Locks: the link.
    """
    _hold(link)
    shown = post_shown(by, link, post_id)
    parent = get_comment(by, parent_id) if parent_id else None
    made = add_comment(
        subject=shown.ref,
        body=body,
        anchor=anchor,
        suggestion=suggestion,
        files=files,
        parent=parent,
        revision_id=shown.revision_id,
        by=by,
    )
    _note(link, Happening.COMMENTED, shown)
    return made


@transaction.atomic
def mark_by_link(
    *, link: GuestLink, post_id: UUID, part: str, revision_id: UUID, is_reviewed: bool, by: Actor
) -> PartView:
    """Tick a part of what is under review off for the guest, or take the mark away.

    Raises: NotFound beyond the scope, or for a part that is kept from him; WrongState. Locks: the link.
    """
    _hold(link)
    shown = post_shown(by, link, post_id)
    if shown.request is None:
        raise WrongState(_("Nothing waits for your decision here."))
    return mark_part(
        request=shown.request, part=part, revision_id=revision_id, is_reviewed=is_reviewed, by=by
    )


def _hold(link: GuestLink) -> None:
    """Lock the link, so that taking it back and what is said by it come one after the other."""
    locked = GuestLink.objects.select_for_update(of=("self",)).get(pk=link.pk)
    at = now()
    ending = locked.ending(at)
    if ending is not None:
        raise WrongState(str(ending.label), code=str(ending))
    said = LinkEvent.objects.filter(link=locked, kind__in=SAID, at__gte=at - WITHIN).count()
    if said >= MOST_SAID:
        raise TooMany(_("That was very often. Wait a minute, then go on."), retry_after_seconds=60)


def _note(link: GuestLink, kind: Happening, shown: Shown) -> None:
    number = shown.request.revision_number if shown.request else shown.post.version
    note(link, kind, post_id=shown.post.pk, revision_id=shown.revision_id, number=number)
