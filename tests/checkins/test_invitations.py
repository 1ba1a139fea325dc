"""Invitations by mail, as calendar programs read them: new, changed, cancelled (R5.1). Two parsers read each."""

from datetime import UTC, datetime, timedelta

import icalendar
import pytest
import recurring_ical_events
import vobject
from django.core import mail

from checkins.models import Invitation, Meeting, Series
from checkins.services.invitations import mail_invitation
from checkins.services.planning import move_meeting, skip_meeting
from checkins.services.series import Plan, Seats, change_series, end_series, plan_of
from checkins.states import MeetingState
from core.clock import as_of
from teams.models import User
from teams.services.hours import set_hours
from tests.checkins.conftest import BEFORE, MONDAY, NINE, WEEK, first, fresh, make_series, meetings
from tests.checkins.test_series import OFFICE, vars_of

LATER = BEFORE + timedelta(minutes=5)
DEV = [("Dev Kumar", "dev@client.test")]


@pytest.fixture
def series(acme):
    with as_of(BEFORE):
        return make_series(acme, members=("cleo", "jun"), guests=DEV, call_url="https://meet.example/weekly")


def posted(at: datetime = LATER) -> dict[str, mail.EmailMessage]:
    """Send what is due at an instant, each three times over; return the mails by whom they go to."""
    mail.outbox = []
    with as_of(at):
        for row in Invitation.objects.filter(next_attempt_at__lte=at).order_by("pk"):
            for _beat in range(3):
                mail_invitation(workspace_id=row.workspace_id, invitation_id=row.pk)
    assert len({message.to[0] for message in mail.outbox}) == len(mail.outbox)
    return {message.to[0]: message for message in mail.outbox}


def calendar_in(message) -> icalendar.Calendar:
    """Return the invitation in a mail, after both parsers have read the same from it."""
    (alternative,) = [part for part in message.alternatives if part[1].startswith("text/calendar")]
    (attached,) = [part for part in message.attachments if part[0] == "invite.ics"]
    assert alternative[0] == attached[1].decode() if isinstance(attached[1], bytes) else attached[1]
    ours, theirs = icalendar.Calendar.from_ical(alternative[0]), vobject.readOne(alternative[0])
    assert str(ours["METHOD"]) == theirs.method.value == alternative[1].partition("method=")[2]
    read = [
        (str(e["UID"]), int(e["SEQUENCE"]), e["DTSTART"].dt, str(e["SUMMARY"])) for e in ours.walk("VEVENT")
    ]
    other = [
        (e.uid.value, int(e.sequence.value), e.dtstart.value, e.summary.value) for e in theirs.vevent_list
    ]
    assert [(uid, number, at.astimezone(UTC), words) for uid, number, at, words in read] == [
        (uid, number, at.astimezone(UTC), words) for uid, number, at, words in other
    ]
    raw = message.message().as_string()
    assert f"text/calendar; method={ours['METHOD']}" in raw.replace('"', "")
    return ours


def times(calendar: icalendar.Calendar, weeks: int = 5) -> list[datetime]:
    """Return when a calendar program shows the events."""
    found = recurring_ical_events.of(calendar).between(NINE - WEEK, NINE + weeks * WEEK)
    return sorted(event["DTSTART"].dt.astimezone(UTC) for event in found)


def planned(series: Series) -> list[datetime]:
    rows = Meeting.objects.filter(series=series, state=MeetingState.PLANNED)
    return sorted(rows.values_list("starts_at", flat=True))


def sequence(calendar: icalendar.Calendar) -> int:
    return int(calendar.walk("VEVENT")[0]["SEQUENCE"])


def test_everybody_who_attends_gets_one_invitation_in_his_language(acme, series):
    User.objects.filter(pk=acme.jun.user_id).update(language="ms")
    found = posted()
    assert set(found) == {"cleo@acme.test", "jun@acme.test", "dev@client.test"}
    assert found["cleo@acme.test"].subject == "Invitation: Weekly, social team"
    assert found["jun@acme.test"].subject == "Jemputan: Weekly, social team"
    calendar = calendar_in(found["cleo@acme.test"])
    (event,) = calendar.walk("VEVENT")
    assert str(calendar["METHOD"]) == "REQUEST"
    assert str(event["ATTENDEE"]) == "mailto:cleo@acme.test"
    assert str(event["LOCATION"]) == "https://meet.example/weekly"
    assert [str(zone["TZID"]) for zone in calendar.walk("VTIMEZONE")] == ["Asia/Kuala_Lumpur"]
    assert times(calendar) == planned(series)
    assert posted() == {}
    assert "/w/acme/" not in found["dev@client.test"].body


def test_a_moved_and_a_left_out_meeting_change_the_calendar_by_a_higher_sequence(acme, series):
    before = calendar_in(posted()["cleo@acme.test"])
    with as_of(LATER):
        move_meeting(meeting=first(series), starts_at=NINE + timedelta(hours=5), by=acme.actor("cleo"))
        skip_meeting(meeting=meetings(series)[2], by=acme.actor("cleo"))
    found = posted(LATER + timedelta(minutes=5))
    assert found["cleo@acme.test"].subject == "Changed: Weekly, social team"
    after = calendar_in(found["cleo@acme.test"])
    assert times(after) == planned(series)
    assert len(times(after)) == 4
    assert {str(event["UID"]) for event in (*before.walk("VEVENT"), *after.walk("VEVENT"))} == {
        f"checkin-{series.pk}@collab"
    }
    assert sequence(after) > sequence(before)


def test_holidays_stand_in_the_first_invitation(acme):
    with as_of(BEFORE):
        set_hours(zone="Asia/Kuala_Lumpur", days=OFFICE, days_off=[MONDAY + WEEK], by=acme.actor("ana"))
        series = make_series(acme, members=("cleo",))
    calendar = calendar_in(posted()["cleo@acme.test"])
    assert NINE + WEEK + timedelta(days=1) in planned(series)
    assert times(calendar) == planned(series)


def test_who_attends_no_more_is_sent_a_cancellation_and_who_is_new_an_invitation(acme, series):
    posted()
    with as_of(LATER):
        seats = Seats(members=[fresh(acme.cleo), fresh(acme.ben)])
        change_series(series=series, plan=plan_of(series), seats=seats, by=acme.actor("cleo"))
    found = posted(LATER + timedelta(minutes=5))
    said = {to: str(calendar_in(message)["METHOD"]) for to, message in found.items()}
    assert said == {
        "cleo@acme.test": "REQUEST",
        "ben@acme.test": "REQUEST",
        "jun@acme.test": "CANCEL",
        "dev@client.test": "CANCEL",
    }
    (event,) = calendar_in(found["jun@acme.test"]).walk("VEVENT")
    assert str(event["STATUS"]) == "CANCELLED"


def test_an_ended_series_is_cancelled_for_everybody_who_was_told_of_it(acme, series):
    with as_of(BEFORE):
        other = make_series(acme, members=("ben",), title="Never told")
        end_series(series=other, by=acme.actor("cleo"))
    assert "ben@acme.test" not in posted()
    with as_of(LATER):
        end_series(series=series, by=acme.actor("cleo"))
    found = posted(LATER + timedelta(minutes=5))
    assert {str(calendar_in(message)["METHOD"]) for message in found.values()} == {"CANCEL"}
    assert len(found) == 3


def test_a_changed_time_and_a_rule_with_an_end_come_to_the_same_days(acme, series):
    with as_of(BEFORE):
        wanted = {**vars_of(plan_of(series)), "rule": "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH;UNTIL=20260420"}
        change_series(series=series, plan=Plan(**wanted), by=acme.actor("cleo"))
    calendar = calendar_in(posted()["cleo@acme.test"])
    assert times(calendar, weeks=4) == planned(series)[: len(times(calendar, weeks=4))]
    assert len(times(calendar, weeks=9)) == 6


def test_a_refused_mail_is_tried_again_later(acme, series, monkeypatch):
    def refuse(**_facts):
        raise OSError

    with monkeypatch.context() as broken:
        broken.setattr("checkins.services.invitations.mail.send", refuse)
        assert posted() == {}
    assert posted(LATER) == {}
    assert len(posted(LATER + timedelta(minutes=2))) == 3
    assert set(Invitation.objects.values_list("next_attempt_at", flat=True)) == {None}
