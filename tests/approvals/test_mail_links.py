"""Deciding from the mail: a signed page that shows the post and needs one tap; opening it changes nothing (line 8)."""

import re
from datetime import timedelta

import pytest
from django.core import mail, signing
from django.test import Client

from activity.models import Entry
from approvals.mail_links import SALT
from approvals.models import Decision, LastSeen
from approvals.selectors import request_of
from approvals.services.decisions import decide
from approvals.services.requests import mark_stale
from approvals.states import Verdict
from calendar_app.selectors import ref_of
from core.clock import now
from notifications.models import Notice
from teams.services.accounts import end_sessions
from teams.services.members import end_membership
from teams.tenancy import workspace_scope
from tests.approvals.paper import away
from tests.approvals.test_api import submit_for
from tests.approvals.test_views import words

PAGE = "/w/acme/decide/"
LINK = re.compile(r"http://[^\s\"<]+(/w/acme/decide/[^\s\"<]+)")


@pytest.fixture
def asked(cast, acme, tell_all):
    """Ben's post waits; its approvers have been mailed."""
    post = submit_for(cast, "ben")
    tell_all(acme.acme)
    return request_of(ref_of(post))


def link_to(address: str) -> str:
    [message] = [one for one in mail.outbox if one.to == [address]]
    assert LINK.search(message.alternatives[0][0])
    return LINK.search(message.body)[1]


def form_on(page, verdict="approve", note="") -> dict[str, str]:
    token = re.search(r'name="token" value="([^"]+)"', page.content.decode())[1]
    return {"token": token, "verdict": verdict, "note": note}


def test_one_tap_on_the_page_that_shows_the_post_decides_without_a_log_in(acme, asked):
    browser = Client()
    assert browser.get(link_to("cleo@acme.test"))["Referrer-Policy"] == "no-referrer"
    page = browser.get(link_to("cleo@acme.test"), follow=True)
    assert page.redirect_chain[-1][0] == PAGE
    assert "Pintu dibuka pukul sembilan." in words(page)
    assert "My work" not in words(page), "no shell for the bearer of a link"
    # With no-referrer a browser would say “Origin: null” at the tap, and nobody could decide.
    assert (page["Referrer-Policy"], page["Cache-Control"]) == ("same-origin", "no-store")
    assert "noindex" in page["X-Robots-Tag"]
    answer = browser.post(PAGE, form_on(page))
    assert "Approved. Thank you." in words(answer)
    made = Decision.objects.get()
    assert (made.member_id, made.verdict, made.actor_kind) == (acme.cleo.pk, "approve", "member")
    assert request_of(asked.ref).state == "approved"
    again = browser.post(PAGE, form_on(page))
    assert again.status_code == 409
    assert Decision.objects.count() == 1


def test_the_record_is_the_same_as_from_the_page(cast, acme, asked):
    browser = Client()
    browser.post(PAGE, form_on(browser.get(link_to("cleo@acme.test"), follow=True)))
    other = request_of(ref_of(submit_for(cast, "ben")))
    decide(request=other, verdict=Verdict.APPROVE, revision_id=other.revision_id, by=acme.actor("cleo"))
    fields = ("verb", "actor_kind", "actor_id", "member_id", "on_behalf_of")
    rows = Entry.objects.filter(verb="approvals.request.approved").order_by("pk").values(*fields)
    assert rows[0] == rows[1]


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_whatever_fetches_the_link_beforehand_changes_nothing(acme, asked, method):
    path = link_to("cleo@acme.test")
    entries = Entry.objects.count()
    browser = Client()
    for _time in range(3):
        getattr(browser, method)(path)
        getattr(browser, method)(PAGE)
    assert not Decision.objects.exists()
    assert Entry.objects.count() == entries
    assert not LastSeen.objects.exists()
    assert not Notice.objects.exclude(read_at=None).exists()
    assert browser.post(path).status_code == 405


def test_changes_need_a_note_and_keep_what_was_typed(acme, asked):
    browser = Client()
    page = browser.get(link_to("cleo@acme.test"), follow=True)
    refused = browser.post(PAGE, form_on(page, "request_changes"))
    assert refused.status_code == 422
    assert "Say what should change" in words(refused)
    browser.post(PAGE, form_on(page, "request_changes", "Nine, not ten."))
    assert Decision.objects.get().note == "Nine, not ten."


def test_a_link_is_for_its_person_request_and_revision(acme, asked):
    """Bound: no part of it can be exchanged, and a new revision needs a new mail."""
    path = link_to("cleo@acme.test")
    browser = Client()
    page = browser.get(path, follow=True)
    facts = signing.loads(path.rsplit("/", 2)[1], salt=SALT)
    assert facts[0] == str(acme.cleo.pk)
    assert browser.get(path[:-3] + "xx/", follow=True).status_code == 404
    forged = signing.dumps(facts, salt="another.purpose", compress=True)
    assert browser.get(f"{PAGE}{forged}/", follow=True).status_code == 404
    mark_stale(subject=asked.ref, by=acme.actor("ben"))
    late = browser.post(PAGE, form_on(page))
    assert late.status_code == 409
    assert "Nothing waits for a decision here any more." in words(late)
    assert not Decision.objects.exists()


def test_it_opens_nothing_else(cast, acme, asked):
    browser = Client()
    browser.get(link_to("cleo@acme.test"), follow=True)
    for path in ("/w/acme/", "/w/acme/approvals/", f"/w/acme/approvals/{asked.pk}/", "/api/v1/w/acme/posts/"):
        assert browser.get(path).status_code in (302, 401, 403)


def test_in_another_workspace_it_opens_nothing(cast, acme, asked):
    token = link_to("cleo@acme.test").rsplit("/", 2)[1]
    assert Client().get(f"/w/other/decide/{token}/", follow=True).status_code == 404


@pytest.mark.parametrize("why", ["expired", "left", "sessions ended", "second_step", "provider_only"])
def test_it_ends_with_its_time_the_membership_and_the_sessions(cast, acme, asked, why, monkeypatch):
    path = link_to("cleo@acme.test")
    if why == "expired":
        monkeypatch.setattr("approvals.mail_links.LIVES", timedelta(seconds=-1))
    if why == "left":
        end_membership(member=acme.cleo, by=acme.actor("ana"), heirs={})
    if why == "sessions ended":
        end_sessions(user=acme.actor("cleo").member.user)
    if why in ("second_step", "provider_only"):
        acme.acme.settings = {**acme.acme.settings, why: True}
        acme.acme.save()
    browser = Client()
    page = browser.get(path, follow=True)
    assert page.status_code == 404
    assert "Pintu dibuka" not in words(page)
    browser.post(PAGE, {"token": path.rsplit("/", 2)[1], "verdict": "approve", "note": ""})
    assert not Decision.objects.exists()


@pytest.mark.parametrize("setting", ["second_step", "provider_only"])
def test_where_people_must_log_in_mails_carry_no_such_link(cast, acme, tell_all, setting):
    acme.acme.settings = {**acme.acme.settings, setting: True}
    acme.acme.save()
    submit_for(cast, "ben")
    tell_all(acme.acme)
    [message] = [one for one in mail.outbox if one.to == ["cleo@acme.test"]]
    assert "/decide/" not in message.body
    assert "/w/acme/approvals/" in message.body


def test_whoever_covers_decides_for_whom_he_covers_and_not_after(cast, acme, tell_all):
    away(acme, "cleo", "jun")
    post = submit_for(cast, "ben")
    tell_all(acme.acme)
    browser = Client()
    page = browser.get(link_to("jun@acme.test"), follow=True)
    assert "Approve for Cleo Marchetti" in words(page)
    from teams.models import Absence

    held = Absence.objects.get()
    Absence.objects.filter(pk=held.pk).update(
        ends_at=now() - timedelta(minutes=1), starts_at=now() - timedelta(days=1)
    )
    assert browser.post(PAGE, form_on(page)).status_code == 409
    Absence.objects.filter(pk=held.pk).update(ends_at=None)
    browser.post(PAGE, form_on(page))
    made = Decision.objects.get()
    assert (made.member_id, made.on_behalf_of_id) == (acme.jun.pk, acme.cleo.pk)
    assert request_of(ref_of(post)).state == "approved"


def test_two_taps_at_once_are_one_decision(live_cast, tell_all):
    from tests.notifications.test_mails import _at_once

    with workspace_scope(live_cast.acme.pk):
        submit_for(live_cast, "ben")
    tell_all(live_cast.acme)
    path = link_to("cleo@acme.test")
    said = {"token": path.rsplit("/", 2)[1], "verdict": "approve", "note": ""}
    answers = []
    _at_once(2, lambda: answers.append(Client().post(PAGE, said).status_code))
    assert sorted(answers) == [200, 409]
    with workspace_scope(live_cast.acme.pk):
        assert Decision.objects.count() == 1
