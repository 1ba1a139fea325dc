"""Absences from calendars (R1.6): read, followed when moved or cancelled, kept where a person changed them."""

from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from django.test import override_settings

from activity.models import Delivery, Entry
from activity.services.outbox import deliver
from core.clock import now
from core.errors import Invalid, NotAllowed
from notifications.models import Notice
from teams.calendars import BadCalendar, read_calendar
from teams.models import Absence, AbsenceFeed
from teams.services.absences import change_absence, end_absence
from teams.services.feeds import add_feed, fetch_due, fetch_feed, remove_feed, rewrap_feeds
from teams.states import AbsenceKind
from tests.teams.test_absences import fresh

DAY = timedelta(days=1)
AT = datetime(2026, 3, 9, tzinfo=UTC)


def ics(*events: str) -> bytes:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Staff//EN"]
    for event in events:
        lines += ["BEGIN:VEVENT", *event.strip().splitlines(), "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def days(uid: str, first: datetime, count: int = 1, *more: str, title: str = "Annual leave") -> str:
    last = (first + count * DAY).strftime("%Y%m%d")
    when = [f"DTSTART;VALUE=DATE:{first:%Y%m%d}", f"DTEND;VALUE=DATE:{last}"]
    return "\n".join([f"UID:{uid}", f"SUMMARY:{title}", *when, *more])


# Reading, pure


def test_whole_days_and_hours_are_read_by_their_clocks():
    body = ics(
        days("whole", AT, 2),
        "UID:timed\nSUMMARY:Doctor\nDTSTART;TZID=Europe/London:20260329T000000\nDTEND;TZID=Europe/London:20260329T060000",
        "UID:floating\nSUMMARY:Errand\nDTSTART:20260310T090000\nDURATION:PT2H",
    )
    found = {event.uid: event for event in read_calendar(body, now=AT)}
    whole = found["whole"].span_in("Asia/Kuala_Lumpur")
    assert whole.starts_at == datetime(2026, 3, 8, 16, tzinfo=UTC)
    assert whole.ends_at - whole.starts_at == 2 * DAY
    timed = found["timed"].span_in("Asia/Kuala_Lumpur")
    assert timed.ends_at - timed.starts_at == timedelta(hours=5)  # the clock jumped
    assert found["floating"].span_in("America/New_York").starts_at == datetime(2026, 3, 10, 13, tzinfo=UTC)
    assert {uid: event.kind for uid, event in found.items()} == {
        "whole": "leave",
        "timed": "sick",
        "floating": "other",
    }


def test_repeating_events_come_to_their_times_with_exceptions_and_moves():
    body = ics(
        days("r", AT, 1, "RRULE:FREQ=WEEKLY;COUNT=4", "EXDATE;VALUE=DATE:20260323"),
        days("r", AT + 8 * DAY, 1, "RECURRENCE-ID;VALUE=DATE:20260316"),
    )
    found = read_calendar(body, now=AT)
    assert [(event.uid, event.starts.isoformat()) for event in found] == [
        ("r/2026-03-09", "2026-03-09"),
        ("r/2026-03-16", "2026-03-17"),
        ("r/2026-03-30", "2026-03-30"),
    ]


@pytest.mark.parametrize("line", ["STATUS:CANCELLED", "TRANSP:TRANSPARENT", "X-COLLAB:word"])
def test_what_is_cancelled_free_or_without_a_wanted_word_is_no_absence(line):
    assert (
        read_calendar(ics(days("a", AT, 1, line)), now=AT, words=["secondment"] if "COLLAB" in line else [])
        == []
    )


def test_whoever_declined_is_not_away():
    event = days(
        "a",
        AT,
        1,
        "ORGANIZER:mailto:hr@acme.test",
        "ATTENDEE;PARTSTAT=DECLINED:mailto:jun@acme.test",
        "ATTENDEE:MAILTO:Ben@acme.test",
    )
    assert read_calendar(ics(event), now=AT)[0].addresses == {"ben@acme.test"}
    [alone] = read_calendar(ics(days("b", AT, 1, "ORGANIZER:mailto:jun@acme.test")), now=AT)
    assert alone.addresses == {"jun@acme.test"}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "unreadable"),
        (b"<html>Log in</html>", "unreadable"),
        (b"\x00\xff" * 50, "unreadable"),
        (b"BEGIN:VEVENT\r\nUID:a\r\nEND:VEVENT\r\n", "unreadable"),
        (ics(days("a", AT, 1, "RRULE:FREQ=SECONDLY")), "too_large"),
        (ics(days("a", AT, 1, "RRULE:FREQ=HOURLY;COUNT=9")), "too_large"),
        (ics(*(days(str(n), AT, 1, "RRULE:FREQ=DAILY") for n in range(201))), "too_large"),
    ],
)
def test_what_cannot_be_followed_is_refused_with_a_reason(body, code):
    with pytest.raises(BadCalendar) as refused:
        read_calendar(body, now=AT)
    assert refused.value.code == code


# Following, over a real server


class Server:
    """A calendar server: answers what it is told to, and keeps what it was asked."""

    def __init__(self) -> None:
        self.body, self.status, self.etag, self.asked = b"", 200, "", []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(self.headers.get("If-None-Match"))
                known = outer.etag and self.headers.get("If-None-Match") == outer.etag
                self.send_response(304 if known else outer.status)
                if outer.etag:
                    self.send_header("ETag", outer.etag)
                content = b"" if known else outer.body
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_args) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/secret-9931/leave.ics"
        Thread(target=self.http.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.http.server_port}"


@pytest.fixture
def server():
    found = Server()
    with override_settings(OUTBOUND_ALLOW_PRIVATE_HOSTS=[found.host]):
        yield found
    found.http.shutdown()
    found.http.server_close()


def fetch(feed: AbsenceFeed) -> bool:
    return fetch_feed(workspace_id=feed.workspace_id, feed_id=feed.pk)


def told() -> list[str]:
    for row in Delivery.objects.filter(state="pending").order_by("pk"):
        deliver(workspace_id=row.workspace_id, delivery_id=row.pk)
    return sorted(
        Notice.objects.filter(type="teams.feed_failed").values_list("member__user__name", flat=True)
    )


def test_a_calendar_is_followed_when_events_come_move_and_go(acme, server):
    """R1.6: new, moved, unchanged (304) and cancelled events of one's own calendar."""
    first = (now() + 3 * DAY).replace(hour=0, minute=0, second=0, microsecond=0)
    feed = add_feed(url=server.url, member=fresh(acme.jun), by=acme.actor("jun"))
    server.body, server.etag = ics(days("a", first, 2), days("b", first + 9 * DAY)), '"1"'
    assert (fetch_due(), fetch_due()) == (1, 0)  # claimed once, for a worker
    assert fetch(feed)
    assert fetch(feed)
    assert server.asked == [None, '"1"']
    rows = Absence.objects.order_by("starts_at")
    assert [(row.member_id, row.cause, row.kind) for row in rows] == [(acme.jun.pk, "feed", "leave")] * 2
    ident = rows[0].pk
    server.body, server.etag = ics(days("a", first + DAY, 2)), '"2"'
    assert fetch(feed)
    [moved] = Absence.objects.all()
    assert (moved.pk, moved.starts_wall[:10]) == (ident, (first + DAY).date().isoformat())
    verbs = Entry.objects.filter(verb__startswith="teams.absence.").order_by("id")
    assert [entry.verb.rpartition(".")[2] for entry in verbs] == ["recorded", "recorded", "changed", "ended"]
    assert {entry.actor_kind for entry in verbs} == {"system"}


def test_an_absence_that_has_begun_ends_when_its_event_is_cancelled(acme, server):
    today = now() - DAY
    feed = add_feed(url=server.url, member=fresh(acme.jun), by=acme.actor("jun"))
    server.body = ics(days("a", today, 5))
    fetch(feed)
    server.body = ics(days("a", today, 5, "STATUS:CANCELLED"))
    fetch(feed)
    assert Absence.objects.get().ends_at <= now()


def test_the_workspaces_calendar_finds_people_by_their_addresses(acme, server):
    """R1.6: by attendee, else organiser, whatever the case; strangers are counted, never guessed."""
    first = now() + 2 * DAY
    server.body = ics(
        days("a", first, 1, "ATTENDEE:mailto:BEN@acme.test", "ATTENDEE:mailto:jun@acme.test"),
        days("b", first, 1, "ORGANIZER:mailto:cleo@acme.test", title="Sick"),
        days("c", first, 1, "ORGANIZER:mailto:eve@other.test"),
    )
    feed = add_feed(url=server.url, member=None, by=acme.actor("cleo"))
    fetch(feed)
    found = {(row.member.user.name.split()[0], row.kind) for row in Absence.objects.all()}
    assert found == {("Ben", "leave"), ("Jun", "leave"), ("Cleo", "sick")}
    feed.refresh_from_db()
    assert feed.unknown_count == 1


def test_what_a_person_changed_or_dropped_the_calendar_leaves_alone(acme, server):
    first = now() + 3 * DAY
    feed = add_feed(url=server.url, member=fresh(acme.jun), by=acme.actor("jun"))
    server.body = ics(days("a", first), days("b", first + 5 * DAY))
    fetch(feed)
    kept, dropped = Absence.objects.select_related("member__user", "feed").order_by("starts_at")
    change_absence(
        absence=kept,
        kind=AbsenceKind.SICK,
        starts_at=kept.starts_at,
        ends_at=kept.ends_at + DAY,
        by=acme.actor("jun"),
    )
    end_absence(absence=dropped, by=acme.actor("jun"))
    server.body = ics(days("a", first + DAY), days("b", first + 6 * DAY))
    fetch(feed)
    [row] = Absence.objects.all()
    assert (row.pk, row.ends_at, row.kind) == (kept.pk, kept.ends_at, "sick")


def test_a_bad_calendar_is_told_to_its_owner_once(acme, server):
    """R1.6: what lasts at once, what may pass after the third time; nothing is lost meanwhile."""
    first = now() + 3 * DAY
    feed = add_feed(url=server.url, member=None, by=acme.actor("cleo"))
    server.body = ics(days("a", first, 1, "ATTENDEE:mailto:ben@acme.test"))
    fetch(feed)
    server.status = 500
    for _round in range(4):
        assert not fetch(feed)
    assert told() == ["Cleo Marchetti"]
    server.status = 200
    assert fetch(feed)
    server.body = b"<html>Log in</html>"
    fetch(feed)
    fetch(feed)
    assert told() == ["Cleo Marchetti"] * 2
    feed.refresh_from_db()
    assert (feed.last_error, Absence.objects.count()) == ("unreadable", 1)


def test_the_address_is_sealed_and_shown_to_nobody(cast, client_as, acme, server, settings):
    """The address of a calendar opens it to whoever has it: sealed at rest, absent from page, API and record."""
    feed = add_feed(url=server.url, member=fresh(acme.jun), by=acme.actor("jun"))
    assert b"secret-9931" not in bytes(feed.sealed_url)
    page = client_as(cast.jun).get("/w/acme/absences/calendars/").content.decode()
    assert "127.0.0.1" in page
    assert "secret-9931" not in page
    assert feed.pk not in [row.pk for row in _seen(client_as(cast.ben))]
    settings.COLLAB_KEYS = ["new:" + "A" * 43 + "=", *settings.COLLAB_KEYS]
    assert rewrap_feeds(acme.acme.pk) == 1
    server.body = ics()
    assert fetch(feed)


def _seen(client) -> list[AbsenceFeed]:
    return [row for row, _ in client.get("/w/acme/absences/calendars/").context["rows"]]


@pytest.mark.parametrize("url", ["http://169.254.169.254/x.ics", "file:///etc/passwd", "x"])
def test_addresses_that_the_way_out_refuses_are_refused(acme, url):
    with pytest.raises(Invalid):
        add_feed(url=url, member=fresh(acme.jun), by=acme.actor("jun"))


def test_only_who_records_for_others_follows_a_calendar_of_everybody(acme):
    with pytest.raises(NotAllowed):
        add_feed(url="https://calendar.example/a.ics", member=None, by=acme.actor("ben"))


def test_removing_a_calendar_drops_what_has_not_begun(acme, server):
    first = now() + 3 * DAY
    feed = add_feed(url=server.url, member=fresh(acme.jun), by=acme.actor("jun"))
    server.body = ics(days("a", now() - DAY, 3), days("b", first))
    fetch(feed)
    remove_feed(feed=feed, by=acme.actor("jun"))
    [row] = Absence.objects.all()
    assert row.starts_at < now() < row.ends_at
    assert row.feed_id is None
