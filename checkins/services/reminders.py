"""The clock of check-ins: updates asked for, missing ones called to mind, meetings and actions reminded of.

What is to be done stands in rows that are due. Each is taken with its lock and looked at again, so however many beats
come at once, and wherever one of them dies, each thing is done once.
"""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from checkins.attending import Attending, attending
from checkins.before import told_since
from checkins.models import Action, Meeting, Update
from checkins.registry import happened_to
from checkins.services.invitations import change_calendars
from checkins.services.planning import day_that_suits, host_of, lock_meeting, set_time
from checkins.states import MEETING_STEPS, ActionState, DayRule, MeetingState, Why
from checkins.times import ACTION_AGAIN, first_due, morning_of
from core.clock import now
from core.record import record
from core.times import moment_at
from core.transitions import transition
from teams.actors import Actor
from teams.tenancy import workspace_scope
from teams.working_time import weeks

BATCH = 100


def move_due_meetings() -> int:
    """Do with each meeting whose time has come what is due, in all workspaces; return how many were due."""
    return _each("checkins_due_meetings", move_meeting_on)


def remind_due_actions() -> int:
    """Remind of each action whose time has come, in all workspaces; return how many were due."""
    return _each("checkins_due_actions", remind_action)


def _each(function: str, body: Callable[[UUID, UUID], bool]) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SELECT id, workspace_id FROM {function}(%s)", [BATCH])  # noqa: S608  # a name of ours
        rows = cursor.fetchall()
    for ident, workspace_id in rows:
        with workspace_scope(workspace_id):
            body(ident, workspace_id)
    return len(rows)


def move_meeting_on(meeting_id: UUID, workspace_id: UUID) -> bool:
    """Do what is due for one meeting: one step, however late it is; tell whether there was one. Locks: the meeting."""
    rows = Meeting.objects.select_for_update(of=("self",), skip_locked=True).select_related("series")
    instant, by = now(), Actor.system(workspace_id)
    meeting = rows.filter(pk=meeting_id, next_at__lte=instant).first()
    if meeting is None:
        return False
    if meeting.state not in (MeetingState.PLANNED, MeetingState.OPEN):
        Meeting.objects.filter(pk=meeting.pk).update(next_at=None)
    elif meeting.asked_at is None:
        ask_for_updates(meeting=meeting, by=by)
    elif meeting.overdue_at is not None:
        _give_up(meeting, by)
    else:
        _call_to_mind(meeting, by)
    return True


def remind_action(action_id: UUID, workspace_id: UUID) -> bool:
    """Remind of one open action, and again a week later; tell whether it was due. Locks: the action.

    Records: checkins.action.reminded.
    """
    rows = Action.objects.select_for_update(of=("self",), skip_locked=True)
    action = rows.filter(pk=action_id, next_at__lte=now()).select_related("series").first()
    if action is None:
        return False
    if action.state != ActionState.OPEN:
        Action.objects.filter(pk=action.pk).update(next_at=None)
        return False
    today = now().astimezone(ZoneInfo(action.series.zone)).date()
    Action.objects.filter(pk=action.pk).update(next_at=morning_of(today + ACTION_AGAIN, action.series.zone))
    late = action.due_on < today
    record("checkins.action.reminded", by=Actor.system(workspace_id), subject=action.ref, late=late)
    return True


def ask_for_updates(*, meeting: Meeting, by: Actor) -> None:
    """Ask everybody who attends for an update, if so many are there; else the meeting is moved or left out by its rule.

    Records: checkins.meeting.asked; or checkins.meeting.moved or checkins.meeting.skipped.
    """
    people, series = attending(meeting.series), meeting.series
    away = people.away(meeting.starts_at)
    if series.on_away != DayRule.HOLD and meeting.reason != Why.HAND and too_few(people, away):
        if not _make_way(meeting, people, by):
            return
        away = people.away(meeting.starts_at)
    if meeting.host_id is None or meeting.host_id in away or meeting.host not in people.members:
        meeting.host = host_of(series, people, meeting.occurs_on, away)
    meeting.asked_at = now()
    invite_updates(meeting, people, away)
    meeting.next_at = first_due(meeting)
    meeting.save(update_fields=["host", "asked_at", "next_at"])
    record("checkins.meeting.asked", by=by, subject=meeting.ref, away=len(away))


def invite_updates(meeting: Meeting, people: Attending, away: set[UUID]) -> None:
    """Make a place for everybody's update that has none, with what happened to his work since the last meeting.

    Who is away is not waited for.
    """
    known = {(row.member_id, row.guest_id) for row in Update.objects.filter(meeting=meeting)}
    wanted = [member for member in people.members if (member.pk, None) not in known]
    happened = happened_to([member.pk for member in wanted], told_since(meeting), now()) if wanted else {}
    rows = [
        Update(
            workspace_id=meeting.workspace_id,
            meeting=meeting,
            member=member,
            is_due=member.pk not in away,
            happened=[one.row for one in happened[member.pk]],
        )
        for member in wanted
    ]
    rows += [
        Update(workspace_id=meeting.workspace_id, meeting=meeting, guest=guest)
        for guest in people.guests
        if (None, guest.pk) not in known
    ]
    Update.objects.bulk_create(rows, ignore_conflicts=True)


def too_few(people: Attending, away: set[UUID]) -> bool:
    """Tell whether half of the members or more are away."""
    return bool(people.members) and 2 * len(away) >= len(people.members)


def _make_way(meeting: Meeting, people: Attending, by: Actor) -> bool:
    """Move a meeting on whose day too many are away, or leave it out; tell whether it is still to be asked for now."""
    series, week = meeting.series, weeks().get(None)
    following = (
        Meeting.objects.filter(series=series, occurs_on__gt=meeting.occurs_on)
        .order_by("occurs_on")
        .values_list("occurs_on", flat=True)
        .first()
    )
    day = meeting.starts_at.astimezone(ZoneInfo(meeting.zone)).date()
    wall = meeting.starts_at.astimezone(ZoneInfo(meeting.zone)).replace(tzinfo=None)
    later = [timedelta(days=ahead) for ahead in range(1, 7)]
    empty = {
        day + span
        for span in later
        if too_few(people, people.away(moment_at(wall + span, meeting.zone).instant))
    }
    suits = day_that_suits(week, day, following, series.on_away, suits_not=empty)
    change_calendars(series)
    if suits is None:
        transition(meeting, MEETING_STEPS, "skip", reason=Why.AWAY, next_at=None)
        record("checkins.meeting.skipped", by=by, subject=meeting.ref, reason="away")
        return False
    set_time(meeting, moment_at(wall + (suits - day), meeting.zone).instant, Why.AWAY)
    record("checkins.meeting.moved", by=by, subject=meeting.ref, reason="away")
    return first_due(meeting) <= now()


def _call_to_mind(meeting: Meeting, by: Actor) -> None:
    """Call missing updates to mind, then the meeting itself, then that it was not closed. One step.

    Records: checkins.meeting.nudged, checkins.meeting.reminded or checkins.meeting.overdue.
    """
    missing = Update.objects.filter(meeting=meeting, written_at=None, is_due=True).count()
    if meeting.nudged_at is None:
        step, is_wanted = "nudged", missing > 0 and meeting.is_planned
    elif meeting.reminded_at is None:
        step, is_wanted = "reminded", meeting.is_planned
    else:
        step, is_wanted = "overdue", True
    setattr(meeting, f"{step}_at", now())
    meeting.next_at = first_due(meeting)
    meeting.save(update_fields=[f"{step}_at", "next_at"])
    if step == "reminded" and meeting.series.is_async and meeting.is_planned:
        transition(meeting, MEETING_STEPS, "open", opened_at=now())
    if is_wanted:
        record(f"checkins.meeting.{step}", by=by, subject=meeting.ref, missing=missing)


def _give_up(meeting: Meeting, by: Actor) -> None:
    """Leave out a meeting that nobody held, three days after; its open actions wait for the next one."""
    meeting = lock_meeting(meeting)
    if meeting.is_planned:
        transition(meeting, MEETING_STEPS, "skip", reason=Why.UNHELD, next_at=None)
        record("checkins.meeting.skipped", by=by, subject=meeting.ref, reason="unheld")
    else:
        Meeting.objects.filter(pk=meeting.pk).update(next_at=None)
