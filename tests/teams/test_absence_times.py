"""Absences by the clock on the wall (R1.6): half days, zones, changes of the clock; edited, private, overlapping."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from core.clock import as_of, now
from core.errors import Invalid, NotAllowed, WrongState
from teams.cover import away_since, away_until
from teams.forms import AbsenceForm, days_of
from teams.models import Absence, Membership
from teams.permissions import covered_actors
from teams.services.absences import change_absence, end_absence, record_absence
from teams.states import AbsenceKind
from teams.templatetags.team import away_span
from tests.teams.test_absences import PAGE, away, back, fresh

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
INSTANT = timedelta(microseconds=1)
HOURS = [
    # zone, first day, last day, from noon, until noon, hours away
    ("Asia/Kuala_Lumpur", date(2026, 3, 9), date(2026, 3, 9), False, False, 24),
    ("Asia/Kuala_Lumpur", date(2026, 3, 9), date(2026, 3, 9), True, False, 12),
    ("Asia/Kuala_Lumpur", date(2026, 3, 9), date(2026, 3, 10), True, True, 24),
    ("Europe/London", date(2026, 3, 28), date(2026, 3, 29), False, False, 47),  # the clock jumps forward
    ("Europe/London", date(2026, 10, 25), date(2026, 10, 25), False, False, 25),  # and back
    ("America/New_York", date(2026, 3, 8), date(2026, 3, 8), False, True, 11),
    ("Australia/Lord_Howe", date(2026, 4, 5), date(2026, 4, 5), False, False, 24.5),
    (
        "Africa/Cairo",
        date(2026, 4, 24),
        date(2026, 4, 24),
        False,
        False,
        23,
    ),  # midnight itself is jumped over
]


@pytest.mark.parametrize("case", HOURS)
def test_days_and_halves_are_those_of_the_members_own_clock(acme, case):
    """R1.6: the instants follow from the wall clock and the zone, and the cover from the instants, also when the clock
    changes that day."""
    zone, first, last, from_noon, until_noon, hours = case
    acme.ben.user.timezone = zone
    acme.ben.user.save()
    back(acme, "ben", "jun")
    facts = {
        "member": acme.ben.pk,
        "kind": "leave",
        "first_day": first,
        "last_day": last,
        "from_noon": from_noon,
        "until_noon": until_noon,
    }
    with as_of(datetime(2026, 2, 1, tzinfo=UTC)):
        form = AbsenceForm(facts, members=Membership.objects.select_related("user", "workspace"))
        assert form.is_valid(), form.errors
        absence = record_absence(
            member=fresh(acme.ben),
            kind=AbsenceKind.LEAVE,
            starts_at=form.starts_at,
            ends_at=form.ends_at,
            zone=form.zone,
            by=acme.actor("ben"),
        )
    kept = Absence.objects.get(pk=absence.pk)
    assert (kept.ends_at - kept.starts_at) / timedelta(hours=1) == hours
    assert kept.zone == zone
    assert kept.starts_wall[:10] == first.isoformat()
    for instant, acts in (
        (kept.starts_at - INSTANT, False),
        (kept.starts_at, True),
        (kept.ends_at - INSTANT, True),
        (kept.ends_at, False),
    ):
        with as_of(instant):
            assert bool(covered_actors(acme.actor("jun"))) == acts, instant
    shown = days_of(kept)
    assert (shown["first_day"], shown["last_day"]) == (first, last)
    assert (shown["from_noon"], shown["until_noon"]) == (from_noon, until_noon)


def test_an_absence_is_changed_and_keeps_what_was_not_touched(cast, client_as, acme):
    """R1.6: edited by the page; a start that was now stays that instant."""
    absence = away(acme, "ben", start=-timedelta(minutes=5), end=DAY)
    page = f"{PAGE}{absence.pk}/"
    shown = client_as(cast.ben).get(page).context["form"].initial
    later = shown["last_day"] + 3 * DAY
    facts = {**shown, "last_day": later, "note": "Back pain", "from_noon": "", "until_noon": ""}
    assert client_as(cast.ben).post(page, facts).status_code == 302
    kept = Absence.objects.get()
    assert kept.starts_at == absence.starts_at
    assert kept.ends_wall == f"{later + DAY}T00:00:00"
    assert (kept.note, kept.is_kept) == ("Back pain", True)


def test_only_the_member_and_leads_change_an_absence(cast, client_as, acme):
    absence = away(acme, "ben")
    assert client_as(cast.jun).get(f"{PAGE}{absence.pk}/").status_code == 403
    assert client_as(cast.cleo).get(f"{PAGE}{absence.pk}/").status_code == 200
    with pytest.raises(NotAllowed):
        change_absence(
            absence=absence,
            kind=AbsenceKind.SICK,
            starts_at=now(),
            ends_at=None,
            by=acme.actor("jun"),
        )


@pytest.mark.parametrize(
    "wrong",
    [{"ends_at": datetime(2026, 1, 1, tzinfo=UTC)}, {"zone": "Mars/Olympus"}, {"note": "x" * 501}],
)
def test_what_cannot_be_is_refused_by_field(acme, wrong):
    facts = {"starts_at": datetime(2026, 1, 1, tzinfo=UTC), "ends_at": None, **wrong}
    with pytest.raises(Invalid) as refused:
        record_absence(member=fresh(acme.ben), kind=AbsenceKind.SICK, by=acme.actor("ben"), **facts)
    assert list(refused.value.fields) == list(wrong)


def test_an_absence_that_is_over_is_not_changed(acme):
    absence = away(acme, "ben", start=-2 * DAY, end=-DAY)
    with pytest.raises(WrongState):
        change_absence(
            absence=absence, kind=AbsenceKind.SICK, starts_at=now(), ends_at=None, by=acme.actor("ben")
        )


def test_a_note_is_for_leads_and_the_member_only(cast, client_as, acme):
    """R1.6: why somebody is ill is nobody else's business, on the page or in the API."""
    absence = away(acme, "ben")
    Absence.objects.update(note="Root canal")
    for name, reads in {"ben": True, "cleo": True, "ana": True, "jun": False, "vera": False}.items():
        client = client_as(getattr(cast, name))
        assert ("Root canal" in client.get(PAGE).content.decode()) is reads, name
    from teams.selectors import may_read_note

    absence.refresh_from_db()
    assert [n for n in ("ben", "cleo", "jun") if may_read_note(acme.actor(n), absence)] == ["ben", "cleo"]


def test_overlapping_absences_are_one(cast, client_as, acme):
    """R1.6: sick today and on leave from tomorrow is one absence, back at the last end."""
    away(acme, "ben", start=-DAY, end=DAY)
    last = away(acme, "ben", start=DAY - HOUR, end=4 * DAY)
    away(acme, "ben", start=2 * DAY, end=3 * DAY)
    away(acme, "ben", start=6 * DAY, end=7 * DAY)
    assert away_until({acme.ben.pk}, now()) == {acme.ben.pk: last.ends_at}
    assert set(away_since({acme.ben.pk}, now())) == {acme.ben.pk}
    page = client_as(cast.ana).get(PAGE)
    assert [(row.absence.member_id, row.until) for row in page.context["away"]] == [
        (cast.ben.pk, last.ends_at)
    ]


def test_back_now_ends_all_that_hold_and_leaves_what_is_planned(acme):
    first = away(acme, "ben", start=-DAY, end=DAY)
    away(acme, "ben", start=-2 * DAY, end=None)
    planned = away(acme, "ben", start=DAY, end=4 * DAY)
    end_absence(absence=first, by=acme.actor("ben"))
    assert away_until({acme.ben.pk}, now()) == {}
    assert Absence.objects.get(pk=planned.pk).ends_at == planned.ends_at
    assert Absence.objects.count() == 3


def test_a_lead_records_somebody_sick_in_one_tap(cast, client_as, acme):
    """R7.14: from the phone, one tap on the page; whoever may not record for others has no such buttons."""
    page = client_as(cast.cleo).get(PAGE).content.decode()
    assert page.count("Sick today") == 5
    client_as(cast.cleo).post(f"{PAGE}sick/", {"member": cast.jun.pk})
    absence = Absence.objects.get()
    assert (absence.member_id, absence.kind, absence.recorded_by_id) == (cast.jun.pk, "sick", cast.cleo.pk)
    assert "Sick today" not in client_as(cast.ben).get(PAGE).content.decode()
    assert client_as(cast.ben).post(f"{PAGE}sick/", {"member": cast.cleo.pk}).status_code == 403
    assert Absence.objects.count() == 1


ZONES = ["Asia/Kuala_Lumpur", "Europe/London", "Africa/Cairo"]


@pytest.mark.parametrize("zone", ZONES)
def test_whole_days_are_said_by_the_first_and_the_last(zone):
    """The midnight at which an absence ends is nobody's day away; on days of 23 and 25 hours too."""
    with timezone.override(zone):
        tz = ZoneInfo(zone)
        for day in (date(2026, 4, 24), date(2026, 10, 25), date(2026, 10, 30)):
            start = datetime.combine(day, time.min, tz)
            for days, words in ((1, ""), (4, f" – {day + 3 * DAY:%a} {(day + 3 * DAY).day} ")):
                said = away_span(start, datetime.combine(day + days * DAY, time.min, tz))
                assert said.startswith(f"{day:%a} {day.day} "), said
                assert (words in said) if words else ("–" not in said), said


def test_half_days_and_open_ends_are_said_with_what_there_is():
    with timezone.override("Asia/Kuala_Lumpur"):
        noon = datetime(2026, 12, 9, 4, tzinfo=UTC)
        assert away_span(noon, noon + 12 * HOUR) == "Wed 9 Dec, 12:00 – Thu 10 Dec, 00:00"
        assert away_span(noon - 12 * HOUR, None) == "from Wed 9 Dec on"
        assert away_span(noon - 12 * HOUR, noon + 12 * HOUR, is_short=True) == "Wed 9"
