"""Guests in check-ins: by link they have agenda, update, own actions and minutes, and nothing else (R6.2, R6.4)."""

from datetime import timedelta

import pytest
from django.core import mail

from checkins.models import Action, Meeting, Report, Update
from checkins.services.actions import add_action
from checkins.services.meetings import add_point, close_meeting, open_meeting
from checkins.services.reminders import move_meeting_on
from checkins.services.updates import write_update
from core.clock import as_of, now
from guests.models import GuestLink
from guests.services.links import revoke_link
from guests.services.mails import mail_link
from teams.models import Guest
from teams.tenancy import workspace_scope
from tests.checkins.conftest import make_series, tell_all, text
from tests.guests.linking import opened, path_in_mail

DEV = [("Dev Kumar", "dev@client.test")]


@pytest.fixture
def series(cast):
    with workspace_scope(cast.acme.pk):
        return make_series(cast, guests=DEV, rule="FREQ=WEEKLY", starts_on=(now() + timedelta(days=2)).date())


@pytest.fixture
def meeting(cast, series):
    with workspace_scope(cast.acme.pk):
        return Meeting.objects.filter(series=series).select_related("series").order_by("occurs_on").first()


def mailed(cast) -> str:
    """Deliver what was recorded, send the guest's mail that is due, and return the path in it."""
    with workspace_scope(cast.acme.pk):
        tell_all(cast)
        (link,) = GuestLink.objects.filter(next_mail_at__isnull=False)
    assert mail_link(workspace_id=cast.acme.pk, link_id=link.pk)
    return path_in_mail()


def home_of(cast) -> str:
    with workspace_scope(cast.acme.pk):
        return f"/g/{GuestLink.objects.get().pk}/"


def test_a_guest_is_mailed_a_link_and_shares_his_update_on_the_phone(cast, series, meeting):
    browser = opened(mailed(cast))
    assert mail.outbox[-1].to == ["dev@client.test"]
    page = text(browser.get(home_of(cast)))
    assert "Weekly, social team" in page
    path = f"{home_of(cast)}meetings/{meeting.pk}/"
    assert "Everything for Hari Raya is approved" in text(browser.get(path))
    assert "at least one of the three" in text(browser.post(path, {"wins": " "}), 422)
    assert browser.post(path, {"wins": "The shop opens", "help": "A photographer"}).status_code == 302
    with workspace_scope(cast.acme.pk):
        update = Update.objects.get()
        assert (update.guest_id, update.member_id, update.wins) == (cast.dev.pk, None, "The shop opens")


def test_a_guest_sees_others_words_only_in_the_minutes_and_reports_on_his_own_actions(cast, series, meeting):
    browser = opened(mailed(cast))
    with workspace_scope(cast.acme.pk):
        by, due = cast.actor("cleo"), (now() + timedelta(days=9)).date()
        open_meeting(meeting=meeting, by=by)
        own = Update.objects.get(meeting=meeting, member=cast.cleo)
        write_update(update=own, wins="Spoken among us", help_wanted="", goals="", by=by)
        add_point(meeting=meeting, kind="decision", text="Stickers for the tins", by=by)
        dev = Guest.objects.get(pk=cast.dev.pk)
        his = add_action(meeting=meeting, text="Send the plan", owner=dev, due_on=due, by=by)
        other = add_action(meeting=meeting, text="Not for guests", owner=cast.ben, due_on=due, by=by)
    home = home_of(cast)
    path = f"{home}meetings/{meeting.pk}/"
    before = text(browser.get(home)) + text(browser.get(path))
    assert "Send the plan" in before
    for words in ("Spoken among us", "Stickers for the tins", "Not for guests"):
        assert words not in before
    assert browser.post(f"{home}actions/{other.pk}/report/", {"verdict": "done"}).status_code == 404
    assert browser.post(f"{home}actions/{his.pk}/report/", {"verdict": "drop"}).status_code == 422
    assert browser.post(f"{home}actions/{his.pk}/report/", {"verdict": "done"}).status_code == 302
    with workspace_scope(cast.acme.pk):
        report = Report.objects.get()
        assert (report.by_guest_id, report.by_id) == (cast.dev.pk, None)
        assert Action.objects.get(pk=other.pk).state == "open"
        close_meeting(meeting=meeting, by=cast.actor("cleo"))
    mailed(cast)
    assert "Stickers for the tins" in mail.outbox[-1].body
    assert "Spoken among us" in text(browser.get(path))
    assert browser.post(path, {"wins": "Late"}).status_code == 200
    with workspace_scope(cast.acme.pk):
        assert not Update.objects.filter(wins="Late").exists()


def test_a_guest_is_asked_and_reminded_by_mail_until_he_has_written(cast, series, meeting):
    mailed(cast)
    with workspace_scope(cast.acme.pk):
        meeting.refresh_from_db()
        with as_of(meeting.next_at):
            move_meeting_on(meeting.pk, cast.acme.pk)
    browser = opened(mailed(cast))
    assert "Your update for Weekly, social team" in mail.outbox[-1].subject
    browser.post(f"{home_of(cast)}meetings/{meeting.pk}/", {"wins": "Done"})
    with workspace_scope(cast.acme.pk):
        meeting.refresh_from_db()
        with as_of(meeting.next_at):
            move_meeting_on(meeting.pk, cast.acme.pk)
        tell_all(cast)
        assert not GuestLink.objects.filter(next_mail_at__isnull=False).exists()


def test_who_attends_no_more_sees_nothing_and_a_revoked_link_opens_nothing(cast, series, meeting):
    browser = opened(mailed(cast))
    path = f"{home_of(cast)}meetings/{meeting.pk}/"
    assert browser.get(path).status_code == 200
    with workspace_scope(cast.acme.pk):
        series.seats.filter(guest__isnull=False).delete()
    assert browser.get(path).status_code == 404
    with workspace_scope(cast.acme.pk):
        revoke_link(link=GuestLink.objects.get(), by=cast.actor("ana"))
    assert browser.get(path).status_code == 410
