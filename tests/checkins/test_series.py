"""Series come to meetings ahead of time, by the clock on the wall; holidays and absences move them (R5.1)."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from activity.models import Entry
from checkins.attending import attending
from checkins.models import Meeting, Series
from checkins.recurrence import checked, days_of
from checkins.services import planning
from checkins.services.planning import move_meeting, plan_ahead, restore_meeting, skip_meeting
from checkins.services.reminders import move_meeting_on
from checkins.services.series import (
    AgendaPoint,
    Plan,
    Seats,
    change_series,
    create_series,
    end_series,
    plan_of,
)
from checkins.states import DayRule, MeetingState, Why
from core.clock import as_of, now
from core.errors import Invalid, NotAllowed, Stale, WrongState
from teams.actors import Actor
from teams.models import Workspace
from teams.services.absences import record_absence
from teams.services.groups import create_team
from teams.services.hours import set_hours
from teams.tenancy import workspace_scope
from tests.checkins.conftest import BEFORE, MONDAY, NINE, WEEK, first, fresh, make_series, meetings, plan
from tests.support.threads import at_once

OFFICE = [(540, 1080)] * 5 + [None, None]


def away(cast, name: str, starts: datetime, days: float = 1) -> None:
    """Let somebody be on leave."""
    record_absence(
        member=fresh(getattr(cast, name)),
        kind="leave",
        starts_at=starts,
        ends_at=starts + timedelta(days=days),
        by=cast.actor("ana"),
    )


def system(cast) -> Actor:
    return Actor.system(cast.acme.pk)


# Rules


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        ("FREQ=WEEKLY;BYDAY=MO", ["2026-03-16", "2026-03-23", "2026-03-30"]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", ["2026-03-16", "2026-03-30", "2026-04-13"]),
        ("FREQ=MONTHLY;BYDAY=-1FR", ["2026-03-27", "2026-04-24", "2026-05-29"]),
        ("FREQ=MONTHLY;BYMONTHDAY=31", ["2026-03-31", "2026-05-31", "2026-07-31"]),
        ("FREQ=WEEKLY;BYDAY=MO;COUNT=2", ["2026-03-16", "2026-03-23"]),
        ("FREQ=WEEKLY;BYDAY=MO;UNTIL=20260323", ["2026-03-16", "2026-03-23"]),
    ],
)
def test_a_rule_comes_to_days(rule, days):
    found = days_of(checked(rule, MONDAY), MONDAY, after=MONDAY - timedelta(days=1), most=3)
    assert [day.isoformat() for day in found] == days


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "every monday",
        "FREQ=HOURLY",
        "FREQ=SECONDLY;COUNT=5",
        "FREQ=WEEKLY;BYDAY=XX",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=WEEKLY;UNTIL=20260323T010000Z",
        "FREQ=WEEKLY;UNTIL=20210101",
        "FREQ=WEEKLY;INTERVAL=0",
        "FREQ=WEEKLY\nRRULE:FREQ=DAILY",
        "FREQ=DAILY;BYHOUR=1,2,3",
    ],
)
def test_what_is_no_rule_by_days_is_refused(rule):
    with pytest.raises(Invalid) as refused:
        checked(rule, MONDAY)
    assert list(refused.value.fields) == ["rule"]


# Planned ahead


def test_a_weekly_series_has_its_meetings_of_five_weeks_at_once(acme):
    """R5.1: by default every week, in the workspace's zone."""
    with as_of(BEFORE):
        series = make_series(acme)
    found = meetings(series)
    assert [row.occurs_on for row in found] == [MONDAY + number * WEEK for number in range(5)]
    assert [row.starts_at for row in found] == [NINE + number * WEEK for number in range(5)]
    assert {(row.zone, row.wall[11:], row.state) for row in found} == {
        ("Asia/Kuala_Lumpur", "09:00:00", "planned")
    }
    assert found[0].ends_at - found[0].starts_at == timedelta(minutes=30)


def test_a_series_far_apart_has_two_meetings_ahead_at_least(acme):
    with as_of(BEFORE):
        series = make_series(acme, rule="FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=16")
    assert [row.occurs_on for row in meetings(series)] == [MONDAY, date(2026, 6, 16)]


def test_the_host_rotates_in_the_order_of_the_seats_and_passes_over_who_is_away(acme):
    with as_of(BEFORE):
        away(acme, "farah", NINE + 2 * WEEK - timedelta(hours=9))
        series = make_series(acme)
    assert [row.host_id for row in meetings(series)] == [
        acme.cleo.pk,
        acme.ben.pk,
        acme.jun.pk,
        acme.jun.pk,
        acme.cleo.pk,
    ]


def test_nine_stays_nine_when_the_clock_changes(acme):
    """Both changes of a year: the instants differ, the wall does not."""
    Workspace.objects.filter(pk=acme.acme.pk).update(timezone="Europe/Berlin")
    with as_of(BEFORE):
        series = make_series(acme)
    for at in (datetime(2026, 3, 25, tzinfo=UTC), datetime(2026, 10, 20, tzinfo=UTC)):
        with as_of(at):
            plan_ahead(series=series, by=system(acme))
    local = {row.starts_at.astimezone(ZoneInfo("Europe/Berlin")).time() for row in meetings(series)}
    assert local == {time(9)}
    assert {row.starts_at.hour for row in meetings(series)} == {7, 8}


def test_a_time_that_the_clock_jumps_over_is_moved_by_the_jump(acme):
    Workspace.objects.filter(pk=acme.acme.pk).update(timezone="Europe/Berlin")
    with as_of(BEFORE):
        series = make_series(
            acme, rule="FREQ=WEEKLY;BYDAY=SU", starts_on=date(2026, 3, 29), wall_time=time(2, 30)
        )
    assert meetings(series)[0].wall == "2026-03-29T03:30:00"


def test_three_beats_at_once_make_one_meeting(live_cast):
    """The row of a day exists once, whoever makes it, also where two look at the same moment."""
    tomorrow = now().date() + timedelta(days=1)
    with workspace_scope(live_cast.acme.pk):
        series = make_series(live_cast, rule="FREQ=DAILY", starts_on=tomorrow)
        count = Meeting.objects.filter(series=series).count()
        Meeting.objects.filter(series=series, occurs_on__gt=tomorrow + WEEK).delete()
        Series.objects.filter(pk=series.pk).update(next_at=now() - WEEK)
    at_once(None, *[planning.plan_due_series] * 3)
    with workspace_scope(live_cast.acme.pk):
        days = list(Meeting.objects.filter(series=series).values_list("occurs_on", flat=True))
        assert len(days) == len(set(days)) == count
        assert Series.objects.get(pk=series.pk).next_at > now()


def test_what_is_planned_again_is_made_once_and_goes_on(acme):
    with as_of(BEFORE):
        series = make_series(acme)
        assert plan_ahead(series=series, by=system(acme)) == []
    with as_of(BEFORE + WEEK):
        made = plan_ahead(series=series, by=system(acme))
    assert [row.occurs_on for row in made] == [MONDAY + 5 * WEEK]
    assert Entry.objects.filter(verb="checkins.meeting.planned").count() == 6


# Days that do not suit


@pytest.mark.parametrize(
    ("rule", "state", "starts"),
    [
        (DayRule.MOVE, "planned", NINE + timedelta(days=2)),
        (DayRule.SKIP, "skipped", NINE),
        (DayRule.HOLD, "planned", NINE),
    ],
)
def test_a_holiday_moves_or_leaves_out_by_rule(acme, rule, state, starts):
    """Monday and Tuesday are off: it moves to Wednesday, the next working day."""
    with as_of(BEFORE):
        off = [MONDAY, MONDAY + timedelta(days=1)]
        set_hours(zone="Asia/Kuala_Lumpur", days=OFFICE, days_off=off, by=acme.actor("ana"))
        series = make_series(acme, on_holiday=rule)
    found = meetings(series)[0]
    assert (found.state, found.starts_at) == (state, starts)
    assert found.reason == (Why.HOLIDAY if rule != DayRule.HOLD else "")
    assert (found.next_at is None) == (state == "skipped")


def test_a_meeting_that_could_only_move_onto_the_next_one_is_left_out(acme):
    with as_of(BEFORE):
        set_hours(zone="Asia/Kuala_Lumpur", days=OFFICE, days_off=[MONDAY], by=acme.actor("ana"))
        series = make_series(acme, rule="FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR")
    assert [(row.occurs_on.day, row.state) for row in meetings(series)[:2]] == [
        (16, "skipped"),
        (17, "planned"),
    ]


@pytest.mark.parametrize(
    ("rule", "state", "day"),
    [(DayRule.MOVE, "planned", 17), (DayRule.SKIP, "skipped", 16), (DayRule.HOLD, "planned", 16)],
)
def test_when_half_are_away_it_moves_or_is_left_out_by_rule(acme, rule, state, day):
    with as_of(BEFORE):
        series = make_series(acme, on_away=rule)
        for name in ("ben", "jun"):
            away(acme, name, NINE - timedelta(hours=9))
    meeting = first(series)
    with as_of(meeting.next_at):
        move_meeting_on(meeting.pk, acme.acme.pk)
    meeting.refresh_from_db()
    assert (meeting.state, meeting.starts_at.astimezone(ZoneInfo(meeting.zone)).day) == (state, day)
    assert meeting.reason == ("" if rule == DayRule.HOLD else Why.AWAY)


def test_one_who_is_away_moves_nothing(acme):
    with as_of(BEFORE):
        series = make_series(acme, on_away=DayRule.SKIP)
        away(acme, "ben", NINE - timedelta(hours=9))
    with as_of(first(series).next_at):
        move_meeting_on(first(series).pk, acme.acme.pk)
    assert (first(series).state, first(series).starts_at) == ("planned", NINE)


# By hand


def test_a_meeting_is_moved_left_out_and_brought_back_by_hand(acme):
    with as_of(BEFORE):
        series = make_series(acme)
        by, meeting = acme.actor("cleo"), first(series)
        moved = move_meeting(meeting=meeting, starts_at=NINE + timedelta(hours=5), by=by)
        assert (moved.starts_at, moved.reason, moved.wall) == (
            NINE + timedelta(hours=5),
            Why.HAND,
            "2026-03-16T14:00:00",
        )
        assert skip_meeting(meeting=meeting, by=by).state == MeetingState.SKIPPED
        back = restore_meeting(meeting=meeting, by=by)
        assert (back.state, back.starts_at) == (MeetingState.PLANNED, NINE)
        with pytest.raises(Invalid):
            move_meeting(meeting=meeting, starts_at=BEFORE - timedelta(hours=1), by=by)
        with pytest.raises(NotAllowed):
            move_meeting(meeting=meeting, starts_at=NINE + timedelta(hours=5), by=acme.actor("farah"))
    series.refresh_from_db()
    assert series.sequence == 3


def test_a_changed_series_takes_what_is_planned_along_and_leaves_what_was_moved_by_hand(acme):
    with as_of(BEFORE):
        series, by = make_series(acme), acme.actor("cleo")
        kept = move_meeting(meeting=first(series), starts_at=NINE + timedelta(hours=5), by=by)
        wanted = Plan(**{**vars_of(plan_of(series)), "wall_time": time(10), "goal": "Another"})
        change_series(series=series, plan=wanted, version=1, by=by)
        with pytest.raises(Stale):
            change_series(series=series, plan=wanted, version=1, by=by)
    found = meetings(series)
    assert [row.starts_at for row in found] == [
        kept.starts_at,
        *(NINE + timedelta(hours=1) + number * WEEK for number in range(1, 5)),
    ]
    assert {row.goal for row in found[1:]} == {"Another"}


def vars_of(plan_: Plan) -> dict:
    return {name: getattr(plan_, name) for name in Plan.__slots__}


def test_an_ended_series_leaves_out_what_is_planned(acme):
    with as_of(BEFORE):
        series = make_series(acme)
        end_series(series=series, by=acme.actor("cleo"))
        with pytest.raises(WrongState):
            end_series(series=series, by=acme.actor("cleo"))
    assert {row.state for row in meetings(series)} == {MeetingState.SKIPPED}
    assert Series.objects.get(pk=series.pk).next_at is None


# Written


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"title": " "}, "title"),
        ({"goal": "x" * 301}, "goal"),
        ({"minutes": 4}, "minutes"),
        ({"ask_hours": 0}, "ask_hours"),
        ({"call_url": "javascript:alert(1)"}, "call_url"),
        ({"on_holiday": "dance"}, "on_holiday"),
        ({"agenda": []}, "agenda"),
        ({"agenda": [AgendaPoint("", 5)]}, "agenda"),
        ({"agenda": [AgendaPoint("", 5, "song")]}, "agenda"),
        ({"rule": "FREQ=HOURLY"}, "rule"),
        ({"starts_on": date(2030, 1, 1)}, "starts_on"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_by_its_field(acme, facts, field):
    with as_of(BEFORE), pytest.raises(Invalid) as refused:
        make_series(acme, **facts)
    assert list(refused.value.fields) == [field]


def test_members_teams_and_guests_attend_nobody_twice(acme):
    with as_of(BEFORE):
        group = create_team(name="Writers", members=[fresh(acme.ben), fresh(acme.vera)], by=acme.actor("ana"))
        seats = Seats(
            members=[fresh(acme.ben)],
            teams=[group],
            guests=[("Dev Kumar", "dev@client.test"), ("Op", "op@x.test")],
        )
        series = create_series(plan=plan(), seats=seats, by=acme.actor("cleo"))
    people = attending(series)
    assert [one.pk for one in people.members] == [acme.ben.pk, acme.vera.pk]
    assert [one.name for one in people.guests] == ["Dev Kumar", "Op"]
    assert people.guests[0].pk == acme.dev.pk


@pytest.mark.parametrize(
    "seats",
    [Seats(), Seats(guests=[("Dev", "dev@client.test")]), Seats(guests=[("Ben", "ben@acme.test")])],
    ids=["nobody", "guests only", "a member as guest"],
)
def test_somebody_must_hold_it(acme, seats):
    with as_of(BEFORE), pytest.raises(Invalid):
        create_series(plan=plan(), seats=seats, by=acme.actor("cleo"))


def test_who_may_not_plan_is_refused(acme):
    with as_of(BEFORE), pytest.raises(NotAllowed):
        make_series(acme, who="farah")


def test_others_than_who_attends_and_who_plans_see_nothing_of_it(acme, client_as):
    with as_of(BEFORE):
        series = make_series(acme)
    path = f"/w/acme/checkins/{series.pk}/"
    assert client_as(acme.vera).get(path).status_code == 404
    assert client_as(acme.ana).get(path).status_code == 200
    assert client_as(acme.farah).get(path).status_code == 200
