"""A workspace that asks for a second step, who must show again who he is, and sessions that end (issue 3, line 7)."""

import json
import re
import time
from datetime import timedelta
from types import SimpleNamespace

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.usersessions.models import UserSession
from django.core import mail
from django.core.cache import cache
from django.test import Client, override_settings

from activity.models import Entry
from collab import live
from core.clock import as_of, now
from teams.models import Membership, User
from teams.proofs import PROOFS, PROVEN_BY
from teams.services.accounts import end_sessions
from teams.services.keys import create_token
from teams.tenancy import workspace_scope
from tests.factories.people import PASSWORD, Cast, prove

LOGIN = "/accounts/login/"
MEMBERS = "/w/acme/members/"
ASKED = "/account/second-step/?workspace=acme"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture(autouse=True)
def _fresh_limits(db):
    cache.clear()


@pytest.fixture(autouse=True)
def _one_connection(monkeypatch):
    """The live server closes its connection after each look; here it is the test's own."""
    monkeypatch.setattr(live, "connection", SimpleNamespace(close=lambda: None))


def streams(browser: Client) -> bool:
    """Ask the live server's own question: may this browser's session follow acme?"""
    return live.workspace_of.func(browser.cookies["sessionid"].value, "acme") is not None


def log_in(email: str = "ben@acme.test", password: str = PASSWORD, **extra: str) -> Client:
    browser = Client(**extra)
    browser.post(LOGIN, {"login": email, "password": password})
    return browser


def give_second_step(user: User) -> list[str]:
    """Give an account an authenticator app and recovery codes; return the codes."""
    TOTP.activate(user, SECRET)
    return RecoveryCodes.activate(user).get_unused_codes()


def code() -> str:
    return format_hotp_value(hotp_value(SECRET, next(iter(yield_hotp_counters_from_time()))))


def pass_second_step(browser: Client) -> Client:
    cache.clear()
    response = browser.post("/accounts/2fa/authenticate/", {"code": code()})
    assert response.status_code == 302, response.content.decode()
    cache.clear()
    return browser


@pytest.fixture
def strict(cast: Cast) -> Cast:
    """Acme, which asks everybody for a second step; Ana has one."""
    return make_strict(cast)


def make_strict(cast: Cast) -> Cast:
    give_second_step(cast.ana.user)
    ana = pass_second_step(log_in("ana@acme.test"))
    response = ana.post("/w/acme/security/", {"second_step": "on"})
    assert response.status_code == 302
    cast.acme.refresh_from_db()
    assert cast.acme.settings["second_step"] is True
    return cast


# The workspace asks


def test_member_without_a_second_step_is_led_to_set_one_up_and_sees_nothing_else(strict: Cast):
    ben = log_in()

    for path in ("/w/acme/", MEMBERS, "/w/acme/calendar/", "/w/acme/tokens/"):
        response = ben.get(path)
        assert (response.status_code, response["Location"]) == (302, ASKED), path
    page = ben.get(ASKED).content.decode()
    assert "Acme Kopi asks for a second step" in page
    assert "/accounts/2fa/totp/activate/" in page
    fragment = ben.get(MEMBERS, headers={"HX-Request": "true"})
    assert (fragment.status_code, fragment["HX-Redirect"]) == (403, ASKED)
    assert MEMBERS not in page


def test_member_who_sets_one_up_is_in_at_once(live_cast: Cast):
    make_strict(live_cast)
    ben = log_in()
    assert ben.get(MEMBERS)["Location"] == ASKED

    set_up_by_page(ben)

    assert ben.get(MEMBERS).status_code == 200


def set_up_by_page(browser: Client) -> None:
    """Set up an authenticator app as a person does."""
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    page = browser.get("/accounts/2fa/totp/activate/").content.decode()
    secret = re.search(r"<code>([A-Z2-7]+)</code>", page)[1]
    fitting = format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))
    assert browser.post("/accounts/2fa/totp/activate/", {"code": fitting}).status_code == 302


def test_api_refuses_session_and_token_of_a_member_without_one_by_name(strict: Cast):
    with workspace_scope(strict.acme.pk):
        by = strict.actor("ben")
        secret = create_token(member=by.member, purpose="a program", by=by)[1]
    program = Client(headers={"Authorization": f"Bearer {secret}"})

    for asker in (program, log_in()):
        response = asker.get("/api/v1/w/acme/members/")
        assert response.status_code == 403
        assert response["Content-Type"] == "application/problem+json"
        assert response.json()["code"] == "second_step_required"
    give_second_step(strict.ben.user)
    assert program.get("/api/v1/w/acme/members/").status_code == 200


def test_live_stream_of_a_member_without_one_is_refused(strict: Cast):
    ben = log_in()

    assert not streams(ben)


def test_session_that_never_showed_the_second_step_does_not_get_in(strict: Cast):
    """As one would from before, or over a way in that skips it: the proof stands in the session, not the account."""
    give_second_step(strict.ben.user)
    old = Client()
    old.force_login(strict.ben.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    prove(old)

    assert old.get(MEMBERS)["Location"] == ASKED
    assert "/accounts/2fa/reauthenticate/" in old.get(ASKED).content.decode()
    cache.clear()
    shown = old.post("/accounts/2fa/reauthenticate/", {"code": code(), "next": MEMBERS})
    assert shown["Location"] == MEMBERS
    assert old.get(MEMBERS).status_code == 200


def test_other_workspaces_of_the_same_person_do_not_ask(strict: Cast, client_as):
    assert client_as(strict.eve).get("/w/other/members/").status_code == 200


def test_nobody_shuts_himself_out(cast: Cast, client_as):
    ana = client_as(cast.ana)

    response = ana.post("/w/acme/security/", {"second_step": "on"})
    by_program = ana.patch("/api/v1/w/acme/security/", {"second_step": True}, content_type="application/json")

    assert response.status_code == by_program.status_code == 422
    assert "Set up a second step for yourself first" in response.content.decode()
    cast.acme.refresh_from_db()
    assert not cast.acme.settings.get("second_step")


def test_switching_it_is_on_record_and_names_who_lacks_one(strict: Cast):
    ana = pass_second_step(log_in("ana@acme.test"))
    page = ana.get("/w/acme/security/").content.decode()
    assert "ben@acme.test" in page
    assert "ana@acme.test" not in page.partition("Members without a second step")[2]

    off = ana.patch("/api/v1/w/acme/security/", {"second_step": False}, content_type="application/json")

    assert (off.status_code, off.json()) == (200, {"second_step": False})
    assert log_in().get(MEMBERS).status_code == 200
    with workspace_scope(strict.acme.pk):
        assert Entry.objects.filter(verb="teams.workspace.secured").count() == 2


# Ways around it


def test_reset_of_the_password_asks_for_the_second_step_all_the_same(cast: Cast):
    give_second_step(cast.ben.user)
    thief = Client()
    thief.post("/accounts/password/reset/", {"email": "ben@acme.test"})
    link = re.search(r"https?://\S+/accounts/password/reset/key/\S+", mail.outbox[0].body)[0]
    address = thief.get(link, follow=True).redirect_chain[-1][0]
    fresh = "a brand new pass phrase"
    thief.post(address, {"password1": fresh, "password2": fresh})

    assert thief.get(MEMBERS).status_code == 302
    assert thief.post(LOGIN, {"login": "ben@acme.test", "password": fresh})["Location"].startswith(
        "/accounts/2fa/"
    )
    assert thief.get(MEMBERS).status_code == 302
    assert Authenticator.objects.filter(user=cast.ben.user).count() == 2


def test_browser_that_logged_in_before_is_asked_again_after_it_logged_out(cast: Cast):
    give_second_step(cast.ben.user)
    ben = pass_second_step(log_in())
    assert ben.get(MEMBERS).status_code == 200
    ben.post("/accounts/logout/")

    again = ben.post(LOGIN, {"login": "ben@acme.test", "password": PASSWORD, "remember": "on"})

    assert again["Location"] == "/accounts/2fa/authenticate/"
    assert ben.get(MEMBERS).status_code == 302


def test_password_alone_is_no_fresh_proof_for_who_has_a_second_step(cast: Cast):
    give_second_step(cast.ana.user)
    ana = pass_second_step(log_in("ana@acme.test"))
    age_proofs(ana)
    ana.post("/accounts/reauthenticate/", {"password": PASSWORD})

    refused = ana.post("/w/acme/tokens/", {"purpose": "a program", "days": "30"})

    assert refused["Location"].startswith("/accounts/2fa/reauthenticate/?next=")


# Showing again who it is


def age_proofs(browser: Client, by: timedelta = timedelta(minutes=16)) -> None:
    """Let time have passed since this browser showed who sits before it."""
    session = browser.session
    for proof in session[PROOFS]:
        proof["at"] = time.time() - by.total_seconds()
    session.save()


def test_what_opens_doors_asks_again_after_a_quarter_of_an_hour(cast: Cast, client_as):
    """Tokens, members, roles and the workspace's own security, on pages and by a session's API calls."""
    ana = client_as(cast.ana)
    age_proofs(ana)
    with workspace_scope(cast.acme.pk):
        role = str(cast.ben.role_id)
    ben = f"/w/acme/members/{cast.ben.pk}"

    for path, body in (
        ("/w/acme/tokens/", {"purpose": "a program", "days": "30"}),
        ("/w/acme/invitations/", {"email": "new@acme.test", "role": role}),
        (f"{ben}/role/", {"role": role}),
        (f"{ben}/ending/", {}),
        ("/w/acme/roles/new/", {"name": "Night", "rights": []}),
        ("/w/acme/security/", {"second_step": ""}),
    ):
        response = ana.post(path, body, headers={"Referer": f"http://testserver{MEMBERS}"})
        assert response.status_code == 302, path
        assert response["Location"] == "/accounts/reauthenticate/?next=%2Fw%2Facme%2Fmembers%2F", path
    by_program = ana.delete(f"/api/v1/w/acme/members/{cast.ben.pk}/")
    assert (by_program.status_code, by_program.json()["code"]) == (403, "reauthentication_required")
    assert is_member(cast)

    assert ana.get(MEMBERS).status_code == 200
    confirmed = ana.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": MEMBERS})
    assert confirmed["Location"] == MEMBERS
    assert ana.post(f"{ben}/ending/").status_code == 302
    assert not is_member(cast)


def is_member(cast: Cast) -> bool:
    """Tell whether Ben is still a member of acme."""
    with workspace_scope(cast.acme.pk):
        return Membership.objects.get(pk=cast.ben.pk).is_active


def test_proofs_of_somebody_else_in_the_same_browser_count_for_nothing(cast: Cast, client_as):
    ana = client_as(cast.ana)
    session = ana.session
    session[PROVEN_BY] = str(cast.ben.user_id)
    session.save()

    assert ana.post("/w/acme/tokens/", {"purpose": "x"})["Location"].startswith("/accounts/reauthenticate/")


def test_who_just_signed_up_is_not_asked_for_the_password_again(db, client):
    with override_settings(SIGNUP="open", ACCOUNT_EMAIL_VERIFICATION="none"):
        facts = {"name": "Mei", "email": "mei@teh.test", "password1": "a kettle, three cups"}
        client.post("/accounts/signup/", facts)
        client.post("/workspaces/new/", {"name": "Teh", "slug": "teh", "timezone": "UTC"})

        made = client.post("/w/teh/tokens/", {"purpose": "a program", "days": "30"})

    assert made.status_code == 200
    assert "cb_api_" in made.content.decode()


def test_way_back_leads_to_no_foreign_site(cast: Cast, client_as):
    ana = client_as(cast.ana)
    age_proofs(ana)

    response = ana.post("/w/acme/tokens/", {}, headers={"Referer": "https://evil.test/w/acme/members/"})

    assert response["Location"] == "/accounts/reauthenticate/?next=%2Fw%2Facme%2Ftokens%2F"


# Sessions


def test_session_ends_after_three_days_without_use_in_pages_and_live(cast: Cast):
    ben = log_in()
    with as_of(now() + timedelta(days=2)):
        assert ben.get(MEMBERS).status_code == 200
    with as_of(now() + timedelta(days=4, hours=23)):
        assert ben.get(MEMBERS).status_code == 200
    with as_of(now() + timedelta(days=8)):
        assert not streams(ben)
        assert ben.get(MEMBERS)["Location"].startswith(LOGIN)


def test_session_ends_after_fourteen_days_however_much_it_is_used(cast: Cast):
    ben = log_in()
    for day in range(1, 14):
        with as_of(now() + timedelta(days=day)):
            assert ben.get(MEMBERS).status_code == 200, day

    with as_of(now() + timedelta(days=14)):
        assert ben.get(MEMBERS)["Location"].startswith(LOGIN)


def test_age_counts_from_the_log_in_and_not_from_the_first_visit(cast: Cast):
    ben = Client()
    ben.get(LOGIN)
    session = ben.session
    session["theme"] = "dark"
    session.save()
    ben.cookies["sessionid"] = session.session_key
    for day in (2, 4, 6, 8, 10, 12):
        with as_of(now() + timedelta(days=day)):
            ben.get("/")
    with as_of(now() + timedelta(days=13)):
        ben.post(LOGIN, {"login": "ben@acme.test", "password": PASSWORD})
    with as_of(now() + timedelta(days=15)):
        assert ben.get(MEMBERS).status_code == 200


def test_reading_notes_use_once_in_five_minutes(cast: Cast):
    ben = log_in()
    ben.get(MEMBERS)
    used = ben.session["used"]
    with as_of(now() + timedelta(minutes=4)):
        ben.get(MEMBERS)
        assert ben.session["used"] == used
    with as_of(now() + timedelta(minutes=6)):
        ben.get(MEMBERS)
        assert ben.session["used"] > used


def test_new_or_lost_second_step_ends_all_other_sessions_at_once(live_cast: Cast):
    phone, desk = log_in(), log_in()
    assert streams(phone)

    set_up_by_page(desk)

    assert phone.get(MEMBERS)["Location"].startswith(LOGIN)
    assert not streams(phone)
    assert desk.get(MEMBERS).status_code == 200
    assert [session.session_key for session in UserSession.objects.all()] == [desk.session.session_key]

    cache.clear()
    phone = log_in()
    codes = codes_of(live_cast.ben.user)
    assert phone.post("/accounts/2fa/authenticate/", {"code": codes[0]}).status_code == 302
    assert phone.get(MEMBERS).status_code == 200
    desk.post("/accounts/2fa/totp/deactivate/")
    assert not Authenticator.objects.filter(user=live_cast.ben.user).exists()
    assert phone.get(MEMBERS)["Location"].startswith(LOGIN)
    assert desk.get(MEMBERS).status_code == 200


def codes_of(user: User) -> list[str]:
    return Authenticator.objects.get(user=user, type="recovery_codes").wrap().get_unused_codes()


def test_ended_sessions_are_refused_also_where_no_list_names_them(cast: Cast):
    ben = log_in()
    UserSession.objects.all().delete()

    end_sessions(user=cast.ben.user)

    assert ben.get(MEMBERS)["Location"].startswith(LOGIN)


def test_another_role_and_an_ended_membership_hold_on_the_next_request(cast: Cast, client_as):
    """Rights are read with each request; the person's other workspaces are nobody's business here."""
    ana, ben = client_as(cast.ana), log_in()
    with workspace_scope(cast.acme.pk):
        viewer = str(cast.vera.role_id)
    assert ben.get("/api/v1/w/acme/members/me/rights/").json()["role"] == "Social media manager"

    ana.post(f"/w/acme/members/{cast.ben.pk}/role/", {"role": viewer})
    assert ben.get("/api/v1/w/acme/members/me/rights/").json()["role"] == "Viewer"
    assert ben.post("/w/acme/tokens/", {"purpose": "x"}).status_code == 403

    ana.post(f"/w/acme/members/{cast.ben.pk}/ending/")
    assert ben.get(MEMBERS).status_code == 404
    assert not streams(ben)
    assert json.loads(ben.get("/api/v1/w/acme/members/").content)["code"] == "not_found"
