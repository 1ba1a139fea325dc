"""Planned times moved; deliveries kept in step through the dispatcher port."""

from datetime import datetime

from django.utils.translation import gettext as _

from approvals.selectors import request_of
from approvals.services.ladders import retime
from calendar_app.content import instant_text
from calendar_app.models import Post
from calendar_app.permissions import EDIT, SCHEDULE, acting_as, require_channels
from calendar_app.ports import dispatcher
from calendar_app.selectors import channels_of, ref_of
from calendar_app.services.guards import check_time, lock_post, require_cleared
from calendar_app.services.revisions import set_time
from calendar_app.states import MOVABLE, POST_STEPS, SCHEDULABLE, PostState
from core.clock import now
from core.errors import Invalid, WrongState
from core.record import record
from core.transitions import transition
from teams.actors import Actor

S = PostState
TIME_FIELDS = ("scheduled_at", "wall_time", "zone", "fold", "updated_at")


def move_post(*, post: Post, scheduled_at: datetime | None, by: Actor) -> Post:
    """Give a post another time, or none while nothing is scheduled; deliveries move in the same transaction.

    Needs the right to schedule where deliveries are touched, else the right to edit; the approval stands, since
    the time is not part of what was approved. An expired post comes back where it was.
    Raises: NotAllowed, WrongState, Invalid. Records: calendar_app.post.moved.
    """
    planned = post.state in SCHEDULABLE
    by = acting_as(by, SCHEDULE if planned else EDIT, post)
    require_channels(by, channels_of(post), publish=planned)
    lock_post(post)
    if post.state not in MOVABLE:
        raise WrongState(_("This post cannot be moved while it is “%(state)s”.") % {"state": _word(post)})
    check_time(instant_text(scheduled_at), instant_text(post.scheduled_at))
    return shift(post, scheduled_at, by)


def shift(post: Post, at: datetime | None, by: Actor) -> Post:
    """Put a locked post and its deliveries on another time; the caller has checked the rights.

    Records: calendar_app.post.moved.
    """
    if at is None and post.state == S.SCHEDULED:
        raise Invalid(_("A scheduled post needs a time. Unschedule it instead."), code="time_required")
    if at is not None and post.state == S.SCHEDULED:
        require_cleared(post)
    put_time(post, at)
    Post.objects.filter(pk=post.pk).update(**{name: getattr(post, name) for name in TIME_FIELDS})
    if post.state == S.SCHEDULED:
        dispatcher.impl.moved(post, by)
    if post.state == S.EXPIRED:
        request = request_of(ref_of(post))
        waits = request is not None and request.is_open
        transition(post, POST_STEPS, "renew_review" if waits else "renew")
    retime(subject=ref_of(post))
    record("calendar_app.post.moved", by=by, subject=ref_of(post), at=instant_text(post.scheduled_at) or "")
    return post


def put_time(post: Post, at: datetime | None) -> None:
    """Set the time on a post that the caller saves."""
    set_time(post, instant_text(at), post.workspace.timezone)
    post.updated_at = now()


def _word(post: Post) -> str:
    return str(PostState(post.state).label)
