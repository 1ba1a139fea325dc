"""Meetings of a series: made ahead of time, moved or left out by its rules and by people."""

from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.utils.translation import gettext as _

from checkins.attending import Attending, attending
from checkins.models import Meeting, Series
from checkins.permissions import EDIT
from checkins.recurrence import days_of
from checkins.services.invitations import change_calendars, keep_invited
from checkins.states import MEETING_STEPS, DayRule, MeetingState, Why
from checkins.times import first_due
from core.clock import now
from core.errors import Invalid, WrongState
from core.record import record
from core.times import moment_at
from core.transitions import transition
from teams.actors import Actor
from teams.models import Membership
from teams.permissions import in_own_right
from teams.tenancy import workspace_scope
from teams.working_time import Week, weeks

BATCH = 100
AHEAD = timedelta(days=35)
AT_LEAST = 2
MOST_AHEAD = 40
EVERY = timedelta(hours=12)
FURTHEST = timedelta(days=62)


def plan_due_series() -> int:
    """Plan the meetings of every series whose turn it is, in all workspaces; return how many series."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT id, workspace_id FROM checkins_due_series(%s)", [BATCH])
        rows = cursor.fetchall()
    for series_id, workspace_id in rows:
        with workspace_scope(workspace_id):
            found = Series.objects.select_for_update(skip_locked=True).filter(
                pk=series_id, next_at__lte=now(), ended_at=None
            )
            series = found.first()
            if series is not None:
                plan_ahead(series=series, by=Actor.system(workspace_id))
    return len(rows)


def plan_ahead(*, series: Series, by: Actor) -> list[Meeting]:
    """Make the meetings of the next five weeks that do not exist yet, two at least; return those made.

    The day on which the rule puts a meeting makes it one for ever: however often this runs, it is made once.
    Records: checkins.meeting.planned for each.
    """
    instant, week = now(), weeks().get(None)
    today = instant.astimezone(ZoneInfo(series.zone)).date()
    since = max(today - timedelta(days=1), series.starts_on - timedelta(days=1))
    days = days_of(series.rule, series.starts_on, after=since, most=MOST_AHEAD)
    days = [day for number, day in enumerate(days) if number < AT_LEAST or day <= today + AHEAD]
    known = set(Meeting.objects.filter(series=series, occurs_on__in=days).values_list("occurs_on", flat=True))
    people = attending(series)
    made = []
    for number, day in enumerate(days):
        following = days[number + 1] if number + 1 < len(days) else None
        if day not in known:
            meeting = _make(series, day, following, week, people)
            made += [meeting] if meeting else []
    for meeting in made:
        record("checkins.meeting.planned", by=by, subject=meeting.ref, series=str(series.pk))
    keep_invited(series)
    if any(meeting.reason for meeting in made):
        change_calendars(series)
    later = instant + EVERY if days else None
    Series.objects.filter(pk=series.pk).update(next_at=later)
    series.next_at = later
    return made


def replan(*, series: Series, is_moved: bool, by: Actor) -> None:
    """Let meetings that have not begun follow their series; those that a person touched, or that were asked, stay.

    What only changed in words is written into them; where days or times changed they are made anew.
    """
    coming = Meeting.objects.filter(series=series, starts_at__gt=now()).exclude(reason=Why.HAND)
    coming = coming.filter(state__in=(MeetingState.PLANNED, MeetingState.SKIPPED))
    if is_moved:
        coming.filter(asked_at=None, reports=None, points=None, actions=None).delete()
    planned = coming.filter(state=MeetingState.PLANNED)
    planned.update(goal=series.goal, agenda=series.agenda)
    plan_ahead(series=series, by=by)


@transaction.atomic
def move_meeting(*, meeting: Meeting, starts_at: datetime, by: Actor) -> Meeting:
    """Move one meeting to another time, by hand; the rule leaves it there.

    Raises: NotAllowed; WrongState for one that has begun; Invalid for a time that is past or far away.
    Records: checkins.meeting.moved.
    """
    by = in_own_right(by, EDIT, meeting)
    meeting = lock_meeting(meeting)
    if not meeting.is_planned:
        raise WrongState(_("Only a meeting that has not begun can be moved."))
    instant = now()
    if not instant < starts_at <= max(instant, meeting.planned_at) + FURTHEST:
        message = _("Choose a time to come, within two months.")
        raise Invalid(message, fields={"starts_at": [message]})
    set_time(meeting, starts_at, Why.HAND)
    change_calendars(meeting.series)
    record("checkins.meeting.moved", by=by, subject=meeting.ref, reason="hand")
    return meeting


@transaction.atomic
def skip_meeting(*, meeting: Meeting, by: Actor) -> Meeting:
    """Leave one meeting out; its open actions wait for the next one. Raises: NotAllowed; WrongState.

    Records: checkins.meeting.skipped.
    """
    by = in_own_right(by, EDIT, meeting)
    meeting = lock_meeting(meeting)
    transition(meeting, MEETING_STEPS, "skip", reason=Why.HAND, next_at=None)
    change_calendars(meeting.series)
    record("checkins.meeting.skipped", by=by, subject=meeting.ref, reason="hand")
    return meeting


@transaction.atomic
def restore_meeting(*, meeting: Meeting, by: Actor) -> Meeting:
    """Let a meeting that was left out take place after all, at its planned time. Raises: NotAllowed; WrongState.

    Records: checkins.meeting.restored.
    """
    by = in_own_right(by, EDIT, meeting)
    meeting = lock_meeting(meeting)
    if meeting.series.ended_at is not None or meeting.planned_at <= now():
        raise WrongState(_("Its time is over."))
    transition(meeting, MEETING_STEPS, "restore", reason=Why.HAND)
    set_time(meeting, meeting.planned_at, Why.HAND)
    change_calendars(meeting.series)
    record("checkins.meeting.restored", by=by, subject=meeting.ref)
    return meeting


def lock_meeting(meeting: Meeting) -> Meeting:
    """Return a meeting as it stands, with its series, held until the commit."""
    rows = Meeting.objects.select_for_update(of=("self",)).select_related("series", "host__user")
    return rows.get(pk=meeting.pk)


def set_time(meeting: Meeting, starts_at: datetime, reason: str) -> None:
    """Write another time into a meeting; what was reminded of before is reminded of anew."""
    moment = moment_at(starts_at.astimezone(ZoneInfo(meeting.zone)).replace(tzinfo=None), meeting.zone)
    meeting.starts_at, meeting.wall, meeting.reason = moment.instant, moment.wall, reason
    meeting.ends_at = moment.instant + timedelta(minutes=meeting.series.minutes)
    meeting.nudged_at = meeting.reminded_at = meeting.overdue_at = None
    meeting.next_at = first_due(meeting)
    meeting.save()


def day_that_suits(
    week: Week | None, day: date, following: date | None, rule: str, *, suits_not: set[date] | None = None
) -> date | None:
    """Return on which day a meeting takes place whose own day does not suit; None where it is left out.

    It moves to the next working day before the next meeting of its series.
    """
    if rule == DayRule.HOLD:
        return day
    if rule == DayRule.SKIP:
        return None
    for ahead in range(1, 7):
        other = day + timedelta(days=ahead)
        if following is not None and other >= following:
            return None
        works = week.span_of(other) is not None if week else other.weekday() < 5
        if works and other not in (suits_not or set()):
            return other
    return None


def host_of(series: Series, people: Attending, day: date, away: set[UUID]) -> Membership | None:
    """Return who holds the meeting of a day: members take turns in the order of their seats.

    Who is away is passed over.
    """
    if not people.members:
        return None
    held = (
        Meeting.objects.filter(series=series, occurs_on__lt=day).exclude(state=MeetingState.SKIPPED).count()
    )
    turns = [people.members[(held + step) % len(people.members)] for step in range(len(people.members))]
    return next((member for member in turns if member.pk not in away), turns[0])


def _make(
    series: Series, day: date, following: date | None, week: Week | None, people: Attending
) -> Meeting | None:
    """Make the meeting of a day; None where it exists or its time is over already."""
    planned = moment_at(datetime.combine(day, series.wall_time), series.zone)
    is_off = week is not None and week.is_holiday(day)
    suits = day_that_suits(week, day, following, series.on_holiday) if is_off else day
    moment = moment_at(datetime.combine(suits or day, series.wall_time), series.zone)
    if moment.instant <= now():
        return None
    meeting = Meeting(
        workspace_id=series.workspace_id,
        series=series,
        occurs_on=day,
        state=MeetingState.PLANNED if suits else MeetingState.SKIPPED,
        reason=Why.HOLIDAY if suits != day else "",
        starts_at=moment.instant,
        ends_at=moment.instant + timedelta(minutes=series.minutes),
        wall=moment.wall,
        zone=series.zone,
        planned_at=planned.instant,
        goal=series.goal,
        agenda=series.agenda,
        host=host_of(series, people, day, people.away(moment.instant)),
    )
    meeting.next_at = first_due(meeting) if suits else None
    made = Meeting.objects.bulk_create([meeting], ignore_conflicts=True)
    return meeting if made and Meeting.objects.filter(pk=meeting.pk).exists() else None
