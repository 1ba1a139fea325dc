"""Moves and puttings-away taken back: for ten seconds, by who did it, by the rules of the act itself."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.core import signing
from django.utils.translation import gettext as _

from approvals.selectors import clearance_for
from calendar_app.content import instant_text
from calendar_app.models import Post
from calendar_app.selectors import get_post, ref_of
from calendar_app.services.moves import move_post
from calendar_app.services.planning import plan_if_timed
from calendar_app.services.posts import restore_post
from calendar_app.states import PostState
from core.clock import now
from core.errors import WrongState
from teams.actors import Actor

S = PostState
UNDO_SECONDS = 10
_MOVED = "calendar_app.move"
_ARCHIVED = "calendar_app.archive"


def undo_reference(*, post: Post, came_from: datetime | None, by: Actor) -> str:
    """Return a signed reference with which the same person may take a move back within ten seconds."""
    facts = [instant_text(came_from), instant_text(post.scheduled_at), post.version]
    return signing.dumps([str(post.pk), str(by.member_id), *facts], salt=_MOVED)


def undo_move(*, reference: str, by: Actor) -> Post:
    """Move a post back to where it was, by the same rules as any move.

    Raises: WrongState when ten seconds are over or the world moved on; NotFound; NotAllowed.
    """
    post, (came_from, went_to, version) = _read(reference, _MOVED, by)
    if instant_text(post.scheduled_at) != went_to or post.version != version:
        raise _moved_on()
    back = datetime.fromisoformat(came_from) if came_from else None
    if back is not None and back <= now():
        raise WrongState(_("The earlier time is over by now. Nothing was undone."))
    return move_post(post=post, scheduled_at=back, by=by)


def archive_reference(*, post: Post, by: Actor) -> str:
    """Return a signed reference with which the same person may bring a post back within ten seconds."""
    facts = [instant_text(post.archived_at), post.version]
    return signing.dumps([str(post.pk), str(by.member_id), *facts], salt=_ARCHIVED)


def undo_archive(*, reference: str, by: Actor) -> Post:
    """Bring a post back that was just put away; one that was scheduled is planned again where its time is ahead.

    A review that was under way had ended with the putting away; such a post comes back as a draft.
    Raises: WrongState when ten seconds are over or the world moved on; NotFound; NotAllowed.
    Records: calendar_app.post.restored, and calendar_app.post.scheduled.
    """
    post, (archived_at, version) = _read(reference, _ARCHIVED, by)
    if post.state != S.ARCHIVED or instant_text(post.archived_at) != archived_at or post.version != version:
        raise _moved_on()
    was_planned = post.state_before_archive == S.SCHEDULED
    restore_post(post=post, by=by)
    revision = post.current_revision
    clearance = revision and clearance_for(ref_of(post), revision.pk, revision.content_hash)
    if was_planned and clearance and post.state == S.APPROVED:
        plan_if_timed(post, clearance, by)
    return post


def _read(reference: str, salt: str, by: Actor) -> tuple[Post, list[Any]]:
    """Return the post and the facts of a reference. Raises: WrongState; NotFound."""
    too_late = WrongState(_("The time to undo this is over. Nothing was changed."))
    try:
        ident, member, *facts = signing.loads(reference, salt=salt)
    except (signing.BadSignature, ValueError):
        raise too_late from None
    post = get_post(by, UUID(ident))
    try:
        signing.loads(reference, salt=salt, max_age=UNDO_SECONDS)
    except signing.BadSignature:
        raise too_late from None
    if member != str(by.member_id):
        raise _moved_on()
    return post, facts


def _moved_on() -> WrongState:
    return WrongState(_("The post was changed since. Nothing was undone."))
