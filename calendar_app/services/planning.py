"""Posts on the plan and off it; deliveries kept in step through the dispatcher port."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _

from approvals.models import Clearance
from calendar_app.content import instant_text
from calendar_app.models import Post
from calendar_app.permissions import SCHEDULE, acting_as, require_channels
from calendar_app.ports import dispatcher
from calendar_app.selectors import channels_of, ref_of
from calendar_app.services.guards import check_time, lock_post, require_cleared
from calendar_app.services.moves import TIME_FIELDS, put_time, shift
from calendar_app.services.revisions import set_time
from calendar_app.states import POST_STEPS, UNAPPROVED, PostState
from core.clock import now
from core.errors import Invalid, Permanent, WrongState
from core.record import record
from core.transitions import target_of, transition
from teams.actors import Actor
from teams.tenancy import workspace_scope

S = PostState
NOW = "now"
EXPIRE_BATCH = 100
_IN_FLIGHT = {"claimed", "prepared", "sending", "unknown"}
_WAITING = {"scheduled", "held"}
# Twice for every delivery, so it is written out: compiling it costs more than running it.
_FOLLOW = "UPDATE calendar_app_post SET state = %s, updated_at = %s WHERE id = %s AND state = %s"


def schedule_post(*, post: Post, scheduled_at: "datetime | str", by: Actor) -> Post:
    """Plan an approved post for an instant, or for `"now"`; one that is scheduled moves.

    Raises: NotAllowed without the right over every channel; WrongState `not_approved` where the revision that
    stands is not cleared; Invalid for a time that is over. Records: calendar_app.post.scheduled or .moved.
    """
    by = acting_as(by, SCHEDULE, post)
    require_channels(by, channels_of(post), publish=True)
    lock_post(post)
    clearance = require_cleared(post)
    at = now() if scheduled_at == NOW else _instant(scheduled_at)
    if scheduled_at != NOW:
        check_time(instant_text(at), None)
    if post.state == S.SCHEDULED:
        return shift(post, at, by)
    put_time(post, at)
    _plan(post, clearance, by)
    return post


def unschedule_post(*, post: Post, by: Actor) -> Post:
    """Take a scheduled post off the plan; it stays approved and keeps no time.

    Raises: NotAllowed; WrongState, also when it is being sent already. Records: calendar_app.post.unscheduled.
    """
    by = acting_as(by, SCHEDULE, post)
    require_channels(by, channels_of(post), publish=True)
    lock_post(post)
    if target_of(POST_STEPS, post.state, "unschedule"):
        dispatcher.impl.withdrawn(post, "unscheduled", by)
    set_time(post, None, "")
    values = {name: getattr(post, name) for name in TIME_FIELDS if name != "updated_at"}
    transition(post, POST_STEPS, "unschedule", updated_at=now(), **values)
    record("calendar_app.post.unscheduled", by=by, subject=ref_of(post))
    return post


def plan_if_timed(post: Post, clearance: Clearance, by: Actor) -> None:
    """Schedule a post that was just approved and whose time is still ahead; part of the deciding transaction."""
    if post.scheduled_at is not None and post.scheduled_at > now():
        _plan(post, clearance, by)


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
    with connection.cursor() as cursor:
        cursor.execute(_FOLLOW, [end, now(), str(post.pk), post.state])
        if not cursor.rowcount:
            raise WrongState(
                _("Somebody else changed this a moment ago. Load it again to see what stands now.")
            )
    post.state = end
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


def _plan(post: Post, clearance: Clearance, by: Actor) -> None:
    values: dict[str, Any] = {name: getattr(post, name) for name in TIME_FIELDS}
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


def _instant(value: "datetime | str") -> datetime:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value
    message = _("Give an instant with its offset, or “now”.")
    raise Invalid(message, fields={"scheduled_at": [message]})
