"""Planned times: set, moved, taken away; deliveries kept in step through the dispatcher port."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core import signing
from django.db import connection
from django.utils.translation import gettext as _

from approvals.models import Clearance
from approvals.selectors import clearance_for, request_of
from calendar_app.content import instant_text
from calendar_app.models import Post, PostChannel
from calendar_app.permissions import EDIT, SCHEDULE, acting_as, require_channels
from calendar_app.ports import dispatcher
from calendar_app.selectors import get_post, ref_of
from calendar_app.services.posts import check_time, lock_post
from calendar_app.services.revisions import set_time
from calendar_app.states import MOVABLE, POST_STEPS, SCHEDULABLE, UNAPPROVED, PostState
from core.clock import now
from core.errors import Invalid, Permanent, WrongState
from core.record import record
from core.transitions import target_of, transition
from networks.models import Channel
from teams.actors import Actor
from teams.tenancy import workspace_scope

S = PostState
NOW = "now"
UNDO_SECONDS = 10
EXPIRE_BATCH = 100
_SALT = "calendar_app.move"
_TIME_FIELDS = ("scheduled_at", "wall_time", "zone", "fold", "updated_at")
_IN_FLIGHT = {"claimed", "prepared", "sending", "unknown"}
_WAITING = {"scheduled", "held"}


def schedule_post(*, post: Post, scheduled_at: "datetime | str", by: Actor) -> Post:
    """Plan an approved post for an instant, or for `"now"`; one that is scheduled moves.

    Raises: NotAllowed without the right over every channel; WrongState `not_approved` where the revision that
    stands is not cleared; Invalid for a time that is over. Records: calendar_app.post.scheduled or .moved.
    """
    by = acting_as(by, SCHEDULE, post)
    require_channels(by, _channels(post), publish=True)
    lock_post(post)
    clearance = require_cleared(post)
    at = now() if scheduled_at == NOW else _instant(scheduled_at)
    if scheduled_at != NOW:
        check_time(instant_text(at), None)
    if post.state == S.SCHEDULED:
        return _move(post, at, by)
    _put_time(post, at)
    _plan(post, clearance, by)
    return post


def unschedule_post(*, post: Post, by: Actor) -> Post:
    """Take a scheduled post off the plan; it stays approved and keeps no time.

    Raises: NotAllowed; WrongState, also when it is being sent already. Records: calendar_app.post.unscheduled.
    """
    by = acting_as(by, SCHEDULE, post)
    require_channels(by, _channels(post), publish=True)
    lock_post(post)
    if target_of(POST_STEPS, post.state, "unschedule"):
        dispatcher.impl.withdrawn(post, "unscheduled", by)
    set_time(post, None, "")
    values = {name: getattr(post, name) for name in _TIME_FIELDS if name != "updated_at"}
    transition(post, POST_STEPS, "unschedule", updated_at=now(), **values)
    record("calendar_app.post.unscheduled", by=by, subject=ref_of(post))
    return post


def move_post(*, post: Post, scheduled_at: datetime | None, by: Actor) -> Post:
    """Give a post another time, or none while nothing is scheduled; deliveries move in the same transaction.

    Needs the right to schedule where deliveries are touched, else the right to edit; the approval stands, since
    the time is not part of what was approved. An expired post comes back where it was.
    Raises: NotAllowed, WrongState, Invalid. Records: calendar_app.post.moved.
    """
    planned = post.state in SCHEDULABLE
    by = acting_as(by, SCHEDULE if planned else EDIT, post)
    require_channels(by, _channels(post), publish=planned)
    lock_post(post)
    if post.state not in MOVABLE:
        raise WrongState(_("This post cannot be moved while it is “%(state)s”.") % {"state": _word(post)})
    check_time(instant_text(scheduled_at), instant_text(post.scheduled_at))
    return _move(post, scheduled_at, by)


def undo_reference(*, post: Post, came_from: datetime | None, by: Actor) -> str:
    """Return a signed reference with which the same person may take a move back within ten seconds."""
    stored = [
        str(post.pk),
        instant_text(came_from),
        instant_text(post.scheduled_at),
        post.version,
        str(by.member_id),
    ]
    return signing.dumps(stored, salt=_SALT)


def undo_move(*, reference: str, by: Actor) -> Post:
    """Move a post back to where it was, by the same rules as any move.

    Raises: WrongState when ten seconds are over or the world moved on; NotFound; NotAllowed.
    """
    too_late = WrongState(_("The time to undo this is over. Nothing was changed."))
    try:
        ident, came_from, went_to, version, member = signing.loads(reference, salt=_SALT)
    except (signing.BadSignature, ValueError):
        raise too_late from None
    post = get_post(by, UUID(ident))
    try:
        signing.loads(reference, salt=_SALT, max_age=UNDO_SECONDS)
    except signing.BadSignature:
        raise too_late from None
    same = instant_text(post.scheduled_at) == went_to and post.version == version
    if not same or member != str(by.member_id):
        raise WrongState(_("The post was changed since. Nothing was undone."))
    back = datetime.fromisoformat(came_from) if came_from else None
    if back is not None and back <= now():
        raise WrongState(_("The earlier time is over by now. Nothing was undone."))
    return move_post(post=post, scheduled_at=back, by=by)


def plan_if_timed(post: Post, clearance: Clearance, by: Actor) -> None:
    """Schedule a post that was just approved and whose time is still ahead; part of the deciding transaction."""
    if post.scheduled_at is not None and post.scheduled_at > now():
        _plan(post, clearance, by)


def require_cleared(post: Post) -> Clearance:
    """Return the clearance of the revision that stands. Raises: WrongState `not_approved`."""
    revision = post.current_revision
    found = revision and clearance_for(ref_of(post), revision.pk, revision.content_hash)
    if not found or post.state not in SCHEDULABLE:
        message = _("Only an approved post can be scheduled. Submit it for approval first.")
        raise WrongState(message, code="not_approved")
    return found


def follow_deliveries(*, post: Post, states: Sequence[str]) -> Post:
    """Bring the post's state in line with the states of its latest deliveries; called by publishing.

    Records nothing: publishing has recorded what happened. Does nothing for a post that is not planned.
    """
    end = state_of(states)
    if post.state == S.ARCHIVED and end is not None:
        Post.objects.filter(pk=post.pk, state=S.ARCHIVED).update(state_before_archive=end)
        return post
    if end is None or end == post.state or target_of(POST_STEPS, post.state, f"follow_{end}") is None:
        return post
    transition(post, POST_STEPS, f"follow_{end}", updated_at=now())
    return post


def state_of(states: Sequence[str]) -> str | None:
    """Return the post state that follows from its deliveries' states, None without any."""
    counted = [state for state in states if state != "cancelled"]
    if not counted:
        return S.CANCELLED if states else None
    if _IN_FLIGHT.intersection(counted):
        return S.PUBLISHING
    if "needs_attention" in counted:
        return S.NEEDS_ATTENTION
    published = counted.count("published")
    if published == len(counted):
        return S.PUBLISHED
    if published:
        return S.PARTLY_PUBLISHED
    return S.SCHEDULED if _WAITING.intersection(counted) else S.FAILED


def expire_due() -> int:
    """Mark posts as expired whose time has come while nobody had approved them; by the database's clock.

    Any number may run at once. Records: calendar_app.post.expired.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, workspace_id FROM calendar_app_expiring(%s)", [EXPIRE_BATCH])
        due = cursor.fetchall()
    return sum(_expire(post_id, workspace_id) for post_id, workspace_id in due)


def _expire(post_id: UUID, workspace_id: UUID) -> int:
    with workspace_scope(workspace_id):
        rows = Post.objects.select_for_update(of=("self",), skip_locked=True)
        post = rows.filter(pk=post_id, state__in=UNAPPROVED, scheduled_at__lte=now()).first()
        if post is None:
            return 0
        transition(post, POST_STEPS, "expire", updated_at=now())
        record("calendar_app.post.expired", by=Actor.system(workspace_id), subject=ref_of(post))
        return 1


def _move(post: Post, at: datetime | None, by: Actor) -> Post:
    if at is None and post.state == S.SCHEDULED:
        raise Invalid(_("A scheduled post needs a time. Unschedule it instead."), code="time_required")
    if at is not None and post.state == S.SCHEDULED:
        require_cleared(post)
    _put_time(post, at)
    Post.objects.filter(pk=post.pk).update(**{name: getattr(post, name) for name in _TIME_FIELDS})
    if post.state == S.SCHEDULED:
        dispatcher.impl.moved(post, by)
    if post.state == S.EXPIRED:
        request = request_of(ref_of(post))
        waits = request is not None and request.is_open
        transition(post, POST_STEPS, "renew_review" if waits else "renew")
    record("calendar_app.post.moved", by=by, subject=ref_of(post), at=instant_text(post.scheduled_at) or "")
    return post


def _plan(post: Post, clearance: Clearance, by: Actor) -> None:
    values: dict[str, Any] = {name: getattr(post, name) for name in _TIME_FIELDS}
    transition(post, POST_STEPS, "schedule", **values)
    if post.current_revision is None:
        raise Permanent("an approved post has a revision")
    dispatcher.impl.planned(post, post.current_revision, clearance, by)
    record(
        "calendar_app.post.scheduled",
        by=by,
        subject=ref_of(post),
        revision=post.version,
        at=instant_text(post.scheduled_at),
    )


def _put_time(post: Post, at: datetime | None) -> None:
    set_time(post, instant_text(at), post.workspace.timezone)
    post.updated_at = now()


def _instant(value: "datetime | str") -> datetime:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value
    message = _("Give an instant with its offset, or “now”.")
    raise Invalid(message, fields={"scheduled_at": [message]})


def _channels(post: Post) -> list[Channel]:
    rows = PostChannel.objects.filter(post=post).select_related("channel").order_by("position")
    return [row.channel for row in rows]


def _word(post: Post) -> str:
    return str(PostState(post.state).label)
