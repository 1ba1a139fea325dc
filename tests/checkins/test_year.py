"""The clock of check-ins over a year: DST, holidays, absences, doubled beats and beats that die (R5.1, R5.4).

Time goes from one due row to the next; at each, three beats come, and every fifth one dies before its commit.
"""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction

from activity.models import Entry
from checkins.models import Action, Meeting, Series
from checkins.services import planning
from checkins.services.actions import add_action, report_action
from checkins.services.meetings import close_meeting, open_meeting
from checkins.services.planning import plan_ahead
from checkins.services.reminders import move_meeting_on, remind_action
from checkins.states import MeetingState
from core.clock import as_of
from teams.actors import Actor
from teams.models import Workspace
from teams.services.hours import set_hours
from teams.working_time import weeks
from tests.checkins.conftest import make_series
from tests.checkins.test_series import OFFICE, away

BERLIN = ZoneInfo("Europe/Berlin")
BEGIN = datetime(2026, 1, 3, 12, tzinfo=UTC)
END = datetime(2027, 1, 3, 12, tzinfo=UTC)
FIRST = date(2026, 1, 5)


class Crash(Exception):
    """A worker dies before its commit."""


class Year:
    """A series of acme, and the beats that move it."""

    def __init__(self, cast, series: Series) -> None:
        self.cast = cast
        self.series = series
        self.workspace = cast.acme.pk
        self.beats = 0
        self.crashes = 0

    def next_due(self) -> datetime | None:
        """Return when something is due next."""
        rows = [model.objects.filter(next_at__isnull=False) for model in (Series, Meeting, Action)]
        found = [at for row in rows for at in row.order_by("next_at").values_list("next_at", flat=True)[:1]]
        return min(found, default=None)

    def beat(self, body, *args) -> None:
        """Let three beats come; some die after their work and before their commit."""
        for _time in range(3):
            self.beats += 1
            try:
                with transaction.atomic():
                    body(*args)
                    if self.beats % 5 == 0:
                        self.crashes += 1
                        raise Crash
            except Crash:
                continue

    def run(self, until: datetime) -> None:
        """Do what is due, in the order in which it is, until an instant."""
        while (at := self.next_due()) is not None and at <= until:
            with as_of(at):
                for pk in Series.objects.filter(next_at__lte=at).values_list("pk", flat=True):
                    self.beat(self.plan, pk)
                for pk in Meeting.objects.filter(next_at__lte=at).values_list("pk", flat=True):
                    self.beat(move_meeting_on, pk, self.workspace)
                for pk in Action.objects.filter(next_at__lte=at).values_list("pk", flat=True):
                    self.beat(remind_action, pk, self.workspace)
                self.hold_what_begins(at)

    def plan(self, pk) -> None:
        """Plan a series as the dispatcher does."""
        plan_ahead(series=Series.objects.get(pk=pk), by=Actor.system(self.workspace))

    def hold_what_begins(self, at: datetime) -> None:
        """Hold the meetings of which everybody was reminded: report, promise one more thing, close."""
        rows = Meeting.objects.filter(state=MeetingState.PLANNED, reminded_at=at).select_related("series")
        by = self.cast.actor("cleo")
        for meeting in rows:
            open_meeting(meeting=meeting, by=by)
            for action in Action.objects.filter(state="open").exclude(meeting=meeting):
                report_action(action=action, verdict="done", by=by)
            due = (at + timedelta(days=3)).date()
            add_action(meeting=meeting, text="Something", owner=self.cast.ben, due_on=due, by=by)
            close_meeting(meeting=meeting, by=by)


def entries(verb: str) -> Counter:
    return Counter(Entry.objects.filter(verb=verb).values_list("subject_id", flat=True))


def test_a_year_of_mondays_is_held_once_each_at_nine(acme, monkeypatch):
    monkeypatch.setattr(planning, "EVERY", timedelta(days=10))  # as often as it matters to meetings of a week
    Workspace.objects.filter(pk=acme.acme.pk).update(timezone="Europe/Berlin")
    with as_of(BEGIN):
        set_hours(zone="Europe/Berlin", days=OFFICE, country="DE", by=acme.actor("ana"))
        for name in ("ben", "jun"):
            away(acme, name, datetime(2026, 8, 10, tzinfo=UTC), days=5)
        series = make_series(acme, starts_on=FIRST, on_away="skip")
    year = Year(acme, series)
    year.run(END)
    assert year.crashes > 50

    mondays = [FIRST + timedelta(weeks=number) for number in range(52)]
    rows = {row.occurs_on: row for row in Meeting.objects.filter(series=series, occurs_on__lt=END.date())}
    assert sorted(rows) == mondays
    week = weeks()[None]
    for day, row in rows.items():
        local = row.starts_at.astimezone(BERLIN)
        assert (local.hour, local.minute) == (9, 0)
        if day == date(2026, 8, 10):
            assert (row.state, row.reason) == (MeetingState.SKIPPED, "away")
        elif week.is_holiday(day):
            assert (row.reason, local.date()) == ("holiday", day + timedelta(days=1))
        else:
            assert (row.reason, local.date()) == ("", day)
    moved = sorted(day for day, row in rows.items() if row.reason == "holiday")
    assert moved == [date(2026, 4, 6), date(2026, 5, 25)]
    assert {row.starts_at.hour for row in rows.values()} == {7, 8}

    held = {row.pk for row in rows.values() if row.state == MeetingState.CLOSED}
    assert len(held) == 51
    for verb in ("planned", "asked", "nudged", "reminded", "opened", "closed"):
        found = entries(f"checkins.meeting.{verb}")
        assert {found[pk] for pk in held} == {1}, verb
    assert sum(entries("checkins.meeting.overdue").values()) == 0
    reminders = entries("checkins.action.reminded")
    done = Action.objects.filter(state="done").select_related("meeting")
    often = Counter(reminders[action.pk] for action in done)
    assert often == {1: 49, 2: 1}
    (waited,) = [action.meeting.occurs_on for action in done if reminders[action.pk] == 2]
    assert waited == date(2026, 8, 3)
