"""Who was seen when, and what a backup does meanwhile for somebody who is not: time-outs."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from core.clock import now
from core.record import record
from core.refs import Ref
from teams.actors import Actor
from teams.cover import absent_ids, first_available
from teams.models import Membership, TimeOut, Workspace
from teams.tenancy import workspace_scope

NOTED_EVERY = timedelta(minutes=5)
SETTING, USUAL_HOURS = "time_out_hours", 24


def is_stale(member: Membership, at: datetime) -> bool:
    """Tell whether it is time to note again that a member is here."""
    return last_seen(member) <= at - NOTED_EVERY


def last_seen(member: Membership) -> datetime:
    """Return when a member was here last; who joined has been here then."""
    return max(member.last_seen_at or member.joined_at, member.joined_at)


def note_seen(*, member: Membership) -> bool:
    """Note that a member is here, at most once in five minutes; what timed out for him goes back at once.

    A transaction of its own, after the answer. Records: teams.timeout.ended, for each.
    """
    with workspace_scope(member.workspace_id):
        at = now()
        rows = Membership.objects.filter(pk=member.pk).exclude(last_seen_at__gt=at - NOTED_EVERY)
        if not rows.update(last_seen_at=at):
            return False
        for time_out in TimeOut.objects.filter(member=member.pk, ended_at=None).order_by("pk"):
            end_time_out(time_out=time_out)
        return True


def hours_of(workspace: Workspace) -> int:
    """Return after how many hours unseen a backup takes what is overdue; 0 for never."""
    hours = workspace.settings.get(SETTING, USUAL_HOURS)
    return hours if isinstance(hours, int) else USUAL_HOURS


def start_time_out(*, member: Membership, subject: Ref, verbs: Sequence[str]) -> TimeOut | None:
    """Let a member's backup act on one thing that is overdue, where the member was not seen for too long.

    Nothing where he was seen, is away (then his backup acts anyway), has no backup here, or it has begun already.
    Records: teams.timeout.started.
    """
    hours, at = hours_of(member.workspace), now()
    if not hours or last_seen(member) > at - timedelta(hours=hours) or absent_ids(at, {member.pk}):
        return None
    cover = first_available(member, at)
    about = {"subject_type": subject.type, "subject_id": subject.id}
    if cover is None or TimeOut.objects.filter(member=member, ended_at=None, **about).exists():
        return None
    made = TimeOut(workspace_id=member.workspace_id, member=member, verbs=list(verbs), **about)
    made.save(force_insert=True)
    record(
        "teams.timeout.started",
        by=Actor.system(member.workspace_id),
        subject=subject,
        timeout=str(made.pk),
        member=str(member.pk),
        cover=str(cover.pk),
    )
    return made


def end_time_out(*, time_out: TimeOut) -> bool:
    """End a time-out: the member was seen, or nothing waits any more. Records: teams.timeout.ended. Locks: the row."""
    if not TimeOut.objects.filter(pk=time_out.pk, ended_at=None).update(ended_at=now()):
        return False
    record(
        "teams.timeout.ended",
        by=Actor.system(time_out.workspace_id),
        subject=time_out.ref,
        timeout=str(time_out.pk),
        member=str(time_out.member_id),
    )
    return True
