"""Meetings: asked for, held, closed with minutes; what was promised comes first next time (R5.1–R5.6)."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.db import IntegrityError, transaction

from activity.models import Entry
from checkins.minutes import as_text
from checkins.models import Action, Meeting, Report, Update
from checkins.selectors.meetings import minutes_with, own_place
from checkins.services.actions import add_action, hand_action, remove_action, report_action
from checkins.services.meetings import add_point, close_meeting, open_meeting, set_clock
from checkins.services.reminders import move_meeting_on, remind_action
from checkins.services.updates import offer_help, withdraw_help, write_update
from checkins.states import ActionState, MeetingState
from core import jobs
from core.clock import as_of
from core.errors import Invalid, NotAllowed, NotFound, WrongState
from home.selectors import work_of
from notifications.models import Notice
from notifications.services.mails import dispatch_due
from teams.models import User
from teams.services.backups import set_backups
from tests.checkins.conftest import BEFORE, MONDAY, NINE, WEEK, first, fresh, make_series, meetings, tell_all
from tests.checkins.test_series import away

DAY = timedelta(days=1)


@pytest.fixture
def series(acme):
    with as_of(BEFORE):
        return make_series(acme)


def beat(cast, meeting: Meeting) -> Meeting:
    """Let the clock come to what is due for a meeting next, three times over, and do it."""
    meeting.refresh_from_db()
    with as_of(meeting.next_at):
        done = [move_meeting_on(meeting.pk, cast.acme.pk) for _beat in range(3)]
        tell_all(cast)
    assert done == [True, False, False]
    meeting.refresh_from_db()
    return meeting


def share(cast, meeting: Meeting, name: str, *, wins="", wanted="", goals="", at=NINE) -> Update:
    with as_of(at):
        place = own_place(cast.actor(name), meeting, now=at)
        return write_update(update=place, wins=wins, help_wanted=wanted, goals=goals, by=cast.actor(name))


def promise(cast, meeting: Meeting, name: str, text: str, *, days: int = 2, at=NINE, **facts) -> Action:
    with as_of(at):
        owner = fresh(getattr(cast, name))
        due = at.date() + timedelta(days=days)
        return add_action(meeting=meeting, text=text, owner=owner, due_on=due, by=cast.actor("cleo"), **facts)


def hold(cast, meeting: Meeting, at=NINE) -> Meeting:
    with as_of(at):
        return open_meeting(meeting=meeting, by=cast.actor("cleo"))


def close(cast, meeting: Meeting, at=NINE + timedelta(minutes=30)) -> Meeting:
    with as_of(at):
        found = close_meeting(meeting=meeting, by=cast.actor("cleo"))
        tell_all(cast)
    return found


def notices(member, kind: str) -> int:
    return Notice.objects.filter(member=member, type=f"checkins.{kind}").count()


def work(cast, name: str, at=NINE):
    with as_of(at):
        return work_of(cast.actor(name), at, ZoneInfo("Asia/Kuala_Lumpur")).items


# Asked and reminded


def test_updates_are_asked_for_a_day_ahead_missing_ones_called_to_mind_once(acme, series):
    """Each beat three times: each is told once."""
    meeting = first(series)
    assert meeting.next_at == NINE - DAY
    beat(acme, meeting)
    assert {notices(one, "asked") for one in (acme.cleo, acme.ben, acme.farah, acme.jun)} == {1}
    assert notices(acme.vera, "asked") == 0
    share(acme, meeting, "ben", wins="Kopi Raya", at=NINE - timedelta(hours=5))
    beat(acme, meeting)
    assert (notices(acme.ben, "nudged"), notices(acme.farah, "nudged")) == (0, 1)
    beat(acme, meeting)
    assert notices(acme.ben, "reminded") == 1
    assert meeting.next_at == NINE + timedelta(minutes=90)
    beat(acme, meeting)
    assert (notices(acme.cleo, "overdue"), notices(acme.ben, "overdue")) == (1, 0)
    beat(acme, meeting)
    assert (meeting.state, meeting.reason, meeting.next_at) == (MeetingState.SKIPPED, "unheld", None)


def test_who_is_away_is_not_asked_and_the_cover_can_share_for_him(acme, series):
    """R1.6 in check-ins: nobody waits for the absent, and both names stand there."""
    with as_of(BEFORE):
        set_backups(member=fresh(acme.farah), backups=[fresh(acme.ben)], by=acme.actor("ana"))
        away(acme, "farah", NINE - 2 * DAY, days=5)
    meeting = beat(acme, first(series))
    assert (notices(acme.farah, "asked"), notices(acme.ben, "asked")) == (0, 1)
    assert [item.kind for item in work(acme, "ben", NINE - timedelta(hours=1))] == ["update"]
    with as_of(NINE):
        ben = acme.actor("ben")
        place = own_place(ben, meeting, for_member=acme.farah.pk, now=NINE)
        shared = write_update(update=place, wins="Tins are drawn", help_wanted="", goals="", by=ben)
        assert (shared.member_id, shared.by_id) == (acme.farah.pk, acme.ben.pk)
        with pytest.raises((NotAllowed, NotFound)):
            own_place(ben, meeting, for_member=acme.jun.pk, now=NINE)
    entry = Entry.objects.filter(verb="checkins.meeting.shared").latest("pk")
    assert (entry.member_id, entry.on_behalf_of) == (acme.ben.pk, acme.farah.pk)


def test_an_asynchronous_round_is_under_way_when_its_time_has_come(acme):
    with as_of(BEFORE):
        series = make_series(acme, is_async=True)
    meeting = first(series)
    for _step in range(3):
        beat(acme, meeting)
    assert (meeting.state, meeting.reminded_at) == (MeetingState.OPEN, NINE)
    assert close(acme, meeting).state == MeetingState.CLOSED


def test_an_update_may_come_before_it_is_asked_for(acme, series):
    share(acme, first(series), "jun", wins="First answers in 40 minutes", at=BEFORE)
    meeting = beat(acme, first(series))
    assert Update.objects.filter(meeting=meeting).count() == 4
    assert notices(acme.jun, "asked") == 0


@pytest.mark.parametrize("said", [{}, {"wins": " ", "goals": "\n"}, {"wins": "x" * 2001}])
def test_an_update_says_something_of_bounded_length(acme, series, said):
    with pytest.raises(Invalid):
        share(acme, first(series), "jun", **said)


def test_help_wanted_becomes_an_offer_that_one_takes(acme, series):
    """R5.3"""
    meeting = hold(acme, first(series))
    update = share(acme, meeting, "farah", wanted="Somebody for the queue on 26 March")
    with as_of(NINE):
        with pytest.raises(WrongState):
            offer_help(update=update, by=acme.actor("farah"))
        assert offer_help(update=update, by=acme.actor("jun")).helper_name == "Jun Wong"
        with pytest.raises(WrongState):
            offer_help(update=update, by=acme.actor("ben"))
        tell_all(acme)
        assert notices(acme.farah, "helped") == 1
        with pytest.raises(WrongState):
            withdraw_help(update=update, by=acme.actor("ben"))
        withdraw_help(update=update, by=acme.actor("jun"))
        assert offer_help(update=update, by=acme.actor("ben")).helper_id == acme.ben.pk
    again = share(acme, meeting, "farah", wanted="Nobody for the queue, but a tripod")
    assert again.helper_name == ""


# Under way


def test_the_clock_runs_stops_and_goes_through_the_agenda(acme, series):
    meeting, by = hold(acme, first(series)), acme.actor("cleo")
    minutes = timedelta(minutes=1)
    with as_of(NINE + 10 * minutes):
        assert meeting.left(NINE + 10 * minutes) == 20 * minutes
        meeting = set_clock(meeting=meeting, runs=False, item=1, by=by)
    assert meeting.left(NINE + 18 * minutes) == 20 * minutes
    with as_of(NINE + 20 * minutes):
        meeting = set_clock(meeting=meeting, runs=True, by=by)
    assert (meeting.left(NINE + 45 * minutes), meeting.item) == (-5 * minutes, 1)
    with as_of(NINE), pytest.raises(Invalid):
        set_clock(meeting=meeting, item=99, by=by)


def test_one_meeting_of_a_series_is_under_way_at_a_time(acme, series):
    one, other = meetings(series)[:2]
    hold(acme, one)
    with pytest.raises(WrongState):
        hold(acme, other, at=NINE + WEEK)


def test_who_does_not_attend_holds_nothing(acme, series):
    with as_of(NINE), pytest.raises(NotAllowed):
        open_meeting(meeting=first(series), by=acme.actor("vera"))


# Actions


def test_open_actions_come_first_and_must_be_reported_before_closing(acme, series):
    """R5.6: one by one, in the service and in the database itself."""
    one, other = meetings(series)[:2]
    hold(acme, one)
    first_, second, third = (promise(acme, one, "ben", text) for text in ("Plan", "Price", "Parking"))
    close(acme, one)
    hold(acme, other, at=NINE + WEEK)
    with as_of(NINE + WEEK):
        for action, verdict, facts in (
            (first_, "done", {}),
            (second, "continue", {"due_on": (NINE + WEEK + DAY).date()}),
        ):
            report_action(action=action, verdict=verdict, by=acme.actor("ben"), **facts)
        with pytest.raises(WrongState) as refused:
            close_meeting(meeting=other, by=acme.actor("cleo"))
        assert (refused.value.code, "Parking" in refused.value.message) == ("not_reported", True)
        with pytest.raises(IntegrityError), transaction.atomic():
            Meeting.objects.filter(pk=other.pk).update(state="closed")
        with pytest.raises(Invalid):
            report_action(action=third, verdict="drop", reason=" ", by=acme.actor("ben"))
        report_action(action=third, verdict="drop", reason="Ops moved it", by=acme.actor("ben"))
    close(acme, other, at=NINE + WEEK)
    states = {row.text: (row.state, row.ended_at is None) for row in Action.objects.all()}
    assert states == {
        "Plan": (ActionState.DONE, False),
        "Price": (ActionState.OPEN, True),
        "Parking": (ActionState.DROPPED, False),
    }


def test_what_stays_open_is_carried_over_until_it_is_reported_as_ended(acme, series):
    one, two, three = meetings(series)[:3]
    hold(acme, one)
    action = promise(acme, one, "jun", "Choose a moderator")
    close(acme, one)
    for number, meeting in enumerate((two, three), start=1):
        at = NINE + number * WEEK
        hold(acme, meeting, at=at)
        with as_of(at):
            with pytest.raises(WrongState):
                close_meeting(meeting=meeting, by=acme.actor("cleo"))
            report_action(action=action, verdict="continue", by=acme.actor("jun"))
        close(acme, meeting, at=at)
    assert Report.objects.filter(action=action).count() == 2
    assert Action.objects.get(pk=action.pk).state == ActionState.OPEN


def test_a_report_is_said_anew_while_its_meeting_is_not_closed_and_stands_after(acme, series):
    one, two = meetings(series)[:2]
    hold(acme, one)
    action = promise(acme, one, "ben", "Price")
    close(acme, one)
    by = acme.actor("ben")
    with as_of(NINE + DAY):
        report_action(action=action, verdict="done", by=by)
        report_action(action=action, verdict="continue", by=by)
        report_action(action=action, verdict="done", reason="In writing", by=by)
    assert list(Report.objects.values_list("verdict", "reason", "meeting_id")) == [
        ("done", "In writing", two.pk)
    ]
    hold(acme, two, at=NINE + WEEK)
    close(acme, two, at=NINE + WEEK)
    with as_of(NINE + WEEK + DAY), pytest.raises(WrongState):
        report_action(action=action, verdict="continue", by=by)


def test_an_action_stands_on_the_list_of_work_and_follows_its_owners_absence(acme, series):
    """To the backup by cover: shown, reminded of, reported for the absent with both names on record."""
    meeting = hold(acme, first(series))
    action = promise(acme, meeting, "farah", "Photograph the gift boxes", days=1)
    assert [item.title for item in work(acme, "farah") if item.kind == "action"] == [
        "Photograph the gift boxes"
    ]
    with as_of(NINE):
        set_backups(member=fresh(acme.farah), backups=[fresh(acme.ben)], by=acme.actor("ana"))
        away(acme, "farah", NINE, days=9)
    (item,) = [item for item in work(acme, "ben", NINE + DAY) if item.kind == "action"]
    assert (item.title, item.for_id) == ("Photograph the gift boxes", acme.farah.pk)
    action.refresh_from_db()
    with as_of(action.next_at):
        assert [remind_action(action.pk, acme.acme.pk) for _beat in range(3)] == [True, False, False]
        tell_all(acme)
    (told,) = Notice.objects.filter(member=acme.ben, type="checkins.action_due")
    assert told.for_member_id == acme.farah.pk
    close(acme, meeting)
    with as_of(NINE + DAY):
        report_action(action=action, verdict="done", by=acme.actor("ben"))
    report = Report.objects.get()
    assert (report.by_id, report.on_behalf_of_id) == (acme.ben.pk, None)


def test_a_backup_who_attends_nothing_reports_for_the_absent(acme):
    with as_of(BEFORE):
        series = make_series(acme, members=("cleo", "farah"))
        set_backups(member=fresh(acme.farah), backups=[fresh(acme.vera)], by=acme.actor("ana"))
    one = hold(acme, first(series))
    action = promise(acme, one, "farah", "Draw the tins")
    with as_of(NINE + DAY):
        with pytest.raises(NotAllowed):
            report_action(action=action, verdict="done", by=acme.actor("vera"))
        away(acme, "farah", NINE + DAY, days=3)
        report_action(action=action, verdict="done", by=acme.actor("vera"))
    report = Report.objects.get()
    assert (report.by_id, report.on_behalf_of_id) == (acme.vera.pk, acme.farah.pk)


def test_an_action_is_handed_on_and_taken_out_while_it_is_new(acme, series):
    meeting = hold(acme, first(series))
    action, other = promise(acme, meeting, "ben", "Price"), promise(acme, meeting, "ben", "Nothing")
    with as_of(NINE):
        tell_all(acme)
        hand_action(action=action, owner=fresh(acme.jun), by=acme.actor("ben"))
        remove_action(action=other, by=acme.actor("cleo"))
        tell_all(acme)
    assert list(Action.objects.values_list("text", "member_id")) == [("Price", acme.jun.pk)]
    assert notices(acme.jun, "action_given") == 1


@pytest.mark.parametrize(
    ("facts", "field"),
    [({"text": " "}, "text"), ({"days": -9}, "due_on"), ({"days": 999}, "due_on")],
)
def test_an_action_says_what_and_by_when(acme, series, facts, field):
    with pytest.raises(Invalid) as refused:
        promise(acme, hold(acme, first(series)), "ben", **{"text": "Price", **facts})
    assert list(refused.value.fields) == [field]


def test_a_reminder_comes_again_each_week_until_it_is_reported(acme, series):
    action = promise(acme, hold(acme, first(series)), "ben", "Price", days=1)
    at = []
    for _time in range(3):
        action.refresh_from_db()
        at.append(action.next_at)
        with as_of(action.next_at):
            remind_action(action.pk, acme.acme.pk)
    assert at == [NINE + DAY, NINE + DAY + WEEK, NINE + DAY + 2 * WEEK]


# Minutes


def test_minutes_go_to_everybody_in_his_language_and_are_found_by_their_words(acme, series, monkeypatch):
    """R5.5"""
    User.objects.filter(pk=acme.jun.user_id).update(language="ms")
    meeting = hold(acme, first(series))
    share(acme, meeting, "ben", wins="Recipe with dates reached 41,000")
    share(acme, meeting, "farah", wanted="A tripod")
    with as_of(NINE):
        add_point(meeting=meeting, kind="decision", text="Stickers for the tins", by=acme.actor("cleo"))
    promise(acme, meeting, "ben", "Written price from Finance")
    close(acme, meeting)
    monkeypatch.setattr(jobs, "send", lambda *_args, **_facts: False)  # the broker is down: sent here
    dispatch_due()
    mails = {one.to[0]: one.body for one in mail.outbox if "41,000" in one.body}
    assert set(mails) == {"ben@acme.test", "farah@acme.test", "jun@acme.test"}
    assert "DECISIONS\n- Stickers for the tins" in mails["ben@acme.test"]
    assert "- Ben Tan: Written price from Finance" in mails["ben@acme.test"]
    assert "KEPUTUSAN\n- Stickers for the tins" in mails["jun@acme.test"]
    by = acme.actor("farah")
    assert [row.pk for row in minutes_with(by, "stickers TINS")] == [meeting.pk]
    assert [row.pk for row in minutes_with(by, "finance")] == [meeting.pk]
    assert list(minutes_with(by, "stickers zebra")) == []
    assert list(minutes_with(acme.actor("vera"), "stickers")) == []
    assert "ACTION PLAN" in as_text(meeting)


def test_a_closed_meeting_takes_no_more_words(acme, series):
    meeting = close(acme, hold(acme, first(series)))
    with pytest.raises(WrongState):
        share(acme, meeting, "ben", wins="Late")
    with pytest.raises(WrongState):
        promise(acme, meeting, "ben", "Late")
    with as_of(NINE), pytest.raises(WrongState):
        add_point(meeting=meeting, kind="note", text="Late", by=acme.actor("cleo"))
    assert meeting.starts_at.date() == MONDAY
