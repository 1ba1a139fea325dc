"""Logging in as it happens in a browser: password, second step, sessions, guessers."""

import re
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.usersessions.models import UserSession
from django.contrib.auth.hashers import identify_hasher
from django.core import mail
from django.core.cache import cache
from django.test import Client, override_settings
from django.utils import timezone

from collab.accounts import MfaAdapter, client_ip
from teams.models import User
from tests.factories.people import PASSWORD

LOGIN = "/accounts/login/"
MEMBERS = "/w/acme/members/"
ELSEWHERE = {"HTTP_X_FORWARDED_FOR": "203.0.113.9"}
GUESSER = {"HTTP_X_FORWARDED_FOR": "198.51.100.7"}


@pytest.fixture(autouse=True)
def _fresh_limits(db):
    cache.clear()


def log_in(client: Client, email: str = "ana@acme.test", password: str = PASSWORD, **extra):
    return client.post(LOGIN, {"login": email, "password": password}, **extra)


def is_in(client: Client) -> bool:
    return client.get(MEMBERS).status_code == 200


def test_log_in_by_address_and_password_leads_to_the_work(cast, client):
    response = log_in(client)
    assert (response.status_code, response["Location"]) == (302, "/")
    assert client.get("/", follow=True).redirect_chain[-1][0].startswith("/w/acme/")
    assert is_in(client)


def test_log_in_knows_the_address_in_any_case(cast, client):
    assert log_in(client, email="ANA@Acme.Test").status_code == 302


def test_log_in_leads_to_the_page_that_was_asked_for(cast, client):
    asked = client.get(MEMBERS)
    assert asked["Location"] == f"{LOGIN}?next=%2Fw%2Facme%2Fmembers%2F"
    response = client.post(
        asked["Location"], {"login": "ana@acme.test", "password": PASSWORD, "next": MEMBERS}
    )
    assert response["Location"] == MEMBERS


def test_log_in_leads_to_no_foreign_site(cast, client):
    response = client.post(LOGIN, {"login": "ana@acme.test", "password": PASSWORD, "next": "//evil.test/"})
    assert response["Location"] == "/"


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(cast, client):
    def shown(response) -> str:
        text = re.sub(r'nonce="[^"]*"|value="[^"]*"|X-CSRFToken[^}]*', "", response.content.decode())
        return text.replace("ana@acme.test", "X").replace("nobody@acme.test", "X")

    wrong = log_in(client, password="wrong-wrong-wrong")
    unknown = log_in(client, email="nobody@acme.test")
    assert wrong.status_code == unknown.status_code == 200
    assert "do not fit together" in shown(wrong)
    assert shown(wrong) == shown(unknown)


def test_passwords_are_kept_as_argon2id(db):
    user = User.objects.create_user("new@acme.test", "a long enough password", name="New")
    assert identify_hasher(user.password).algorithm == "argon2"
    assert user.password.startswith("argon2$argon2id$")


def test_a_guesser_is_shut_out_while_the_owner_logs_in_from_elsewhere(cast, client):
    for _guess in range(8):
        last = log_in(client, password="wrong-wrong-wrong", **GUESSER)
    assert last.status_code == 429
    assert log_in(Client(), **GUESSER).status_code == 429
    owner = Client()
    assert log_in(owner, **ELSEWHERE).status_code == 302
    assert is_in(owner)


def test_a_guesser_is_not_shut_out_of_another_account(cast, client):
    for _guess in range(8):
        log_in(client, password="wrong-wrong-wrong", **GUESSER)
    assert log_in(Client(), email="ben@acme.test", **GUESSER).status_code == 302


def test_a_locked_page_says_how_long_to_wait(cast, client):
    for _guess in range(9):
        response = log_in(client, password="wrong-wrong-wrong", **GUESSER)
    assert "15 minutes" in response.content.decode()


@pytest.mark.parametrize(
    ("peer", "forwarded", "seen"),
    [
        ("203.0.113.5", "", "203.0.113.5"),
        ("203.0.113.5", "10.0.0.1", "203.0.113.5"),
        ("127.0.0.1", "1.2.3.4, 203.0.113.9", "203.0.113.9"),
        ("", "203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "nonsense", "127.0.0.1"),
        ("10.1.2.3", "2001:db8::1", "2001:db8::1"),
    ],
)
def test_only_the_own_proxy_is_believed_about_the_address(rf, peer, forwarded, seen):
    request = rf.get("/", REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=forwarded)
    assert client_ip(request) == seen


# Second step


def code_of(user: User, *, steps_later: int = 0) -> str:
    secret = MfaAdapter().decrypt(user.authenticator_set.get(type="totp").data["secret"])
    counter = next(iter(yield_hotp_counters_from_time())) + steps_later
    return format_hotp_value(hotp_value(secret, counter))


def confirm(client: Client) -> None:
    """Type the password once more, as pages ask that change who can log in."""
    assert client.post("/accounts/reauthenticate/", {"password": PASSWORD}).status_code == 302


@pytest.fixture
def guarded(cast, client):
    """Ana, who has set up the second step, and her recovery codes."""
    log_in(client)
    confirm(client)
    page = client.get("/accounts/2fa/totp/activate/")
    secret = re.search(r"<code>([A-Z2-7]+)</code>", page.content.decode())[1]
    counter = next(iter(yield_hotp_counters_from_time()))
    code = format_hotp_value(hotp_value(secret, counter))
    assert client.post("/accounts/2fa/totp/activate/", {"code": code}).status_code == 302
    codes = Authenticator.objects.get(user=cast.ana.user, type="recovery_codes").wrap().get_unused_codes()
    cache.clear()  # the code just used may be typed again in the same half minute of the test
    return secret, codes


def test_the_second_step_is_asked_for_and_a_code_passes(cast, guarded):
    browser = Client()
    assert log_in(browser)["Location"] == "/accounts/2fa/authenticate/"
    assert not is_in(browser)
    response = browser.post("/accounts/2fa/authenticate/", {"code": code_of(cast.ana.user)})
    assert response["Location"] == "/"
    assert is_in(browser)


def test_a_wrong_code_does_not_pass(cast, guarded):
    browser = Client()
    log_in(browser)
    assert "does not fit" in browser.post("/accounts/2fa/authenticate/", {"code": "000000"}).content.decode()
    assert not is_in(browser)


def test_codes_cannot_be_guessed_by_the_thousand(cast, guarded):
    browser = Client()
    log_in(browser)
    for guess in range(5):
        browser.post("/accounts/2fa/authenticate/", {"code": f"00000{guess}"})
    page = browser.post("/accounts/2fa/authenticate/", {"code": code_of(cast.ana.user)})
    assert "Too many tries" in page.content.decode()
    assert not is_in(browser)


def test_a_recovery_code_works_once(cast, guarded):
    _secret, codes = guarded
    first, second = Client(), Client()
    log_in(first)
    assert first.post("/accounts/2fa/authenticate/", {"code": codes[0]})["Location"] == "/"
    assert is_in(first)
    log_in(second)
    assert second.post("/accounts/2fa/authenticate/", {"code": codes[0]}).status_code == 200
    assert not is_in(second)


def test_the_authenticator_secret_is_not_in_the_database_in_the_clear(cast, guarded):
    secret, codes = guarded
    stored = "".join(str(row.data) for row in Authenticator.objects.all())
    assert secret not in stored
    assert not any(code in stored for code in codes)


def test_switching_the_second_step_off_asks_who_it_is_again(cast, guarded):
    browser = Client()
    log_in(browser)
    browser.post("/accounts/2fa/authenticate/", {"code": code_of(cast.ana.user)})
    response = browser.post("/accounts/2fa/totp/deactivate/")
    assert response["Location"].startswith("/accounts/reauthenticate/")
    assert Authenticator.objects.filter(user=cast.ana.user, type="totp").exists()
    confirm(browser)
    browser.post("/accounts/2fa/totp/deactivate/")
    assert not Authenticator.objects.filter(user=cast.ana.user).exists()


# Sessions


def test_sessions_are_listed_and_a_revoked_one_is_refused_on_the_next_request(cast):
    phone, desk = Client(HTTP_USER_AGENT="Phone"), Client(HTTP_USER_AGENT="Desk")
    log_in(phone)
    log_in(desk)
    page = desk.get("/accounts/sessions/").content.decode()
    assert "Phone" in page
    assert "Desk" in page
    other = UserSession.objects.get(user_agent="Phone")
    assert desk.post(f"/account/sessions/{other.pk}/ending/").status_code == 302
    assert not is_in(phone)
    assert is_in(desk)


def test_ending_all_others_keeps_this_one(cast):
    phone, desk = Client(), Client()
    log_in(phone)
    log_in(desk)
    desk.post("/accounts/sessions/")
    assert (is_in(phone), is_in(desk)) == (False, True)


def test_nobody_ends_a_session_of_somebody_else(cast):
    hers, his = Client(), Client()
    log_in(hers)
    log_in(his, email="ben@acme.test")
    session = UserSession.objects.get(user=cast.ana.user)
    assert his.post(f"/account/sessions/{session.pk}/ending/").status_code == 404
    assert is_in(hers)


def test_a_changed_password_ends_all_other_sessions(cast):
    phone, desk = Client(), Client()
    log_in(phone)
    log_in(desk)
    fresh = "a brand new pass phrase"
    response = desk.post(
        "/accounts/password/change/", {"oldpassword": PASSWORD, "password1": fresh, "password2": fresh}
    )
    assert response.status_code == 302
    assert (is_in(phone), is_in(desk)) == (False, True)
    assert log_in(Client()).status_code == 200
    assert log_in(Client(), password=fresh).status_code == 302


def test_the_session_gets_another_key_on_log_in(cast, client):
    client.get(LOGIN)
    client.session.save()
    before = client.session.session_key
    log_in(client)
    assert client.session.session_key != before


def test_a_closed_account_is_refused_on_the_next_request(cast, client):
    log_in(client)
    User.objects.filter(pk=cast.ana.user_id).update(is_active=False)
    assert not is_in(client)


# Forgotten password


def test_a_reset_link_works_once(cast, client):
    client.post("/accounts/password/reset/", {"email": "ana@acme.test"})
    link = re.search(r"https?://\S+/accounts/password/reset/key/\S+", mail.outbox[0].body)[0]
    form = client.get(link, follow=True)
    address = form.redirect_chain[-1][0]
    fresh = "a brand new pass phrase"
    client.post(address, {"password1": fresh, "password2": fresh})
    assert log_in(Client(), password=fresh).status_code == 302
    again = Client().get(link, follow=True)
    assert "used already" in again.content.decode()


def test_a_reset_tells_nobody_whether_an_address_has_an_account(cast, client):
    known = client.post("/accounts/password/reset/", {"email": "ana@acme.test"})
    unknown = client.post("/accounts/password/reset/", {"email": "nobody@acme.test"})
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])


# Sign-up


@pytest.mark.parametrize(("signup", "is_open"), [("closed", False), ("invite", False), ("open", True)])
def test_sign_up_is_open_only_where_the_installation_says_so(db, client, signup, is_open):
    with override_settings(SIGNUP=signup):
        page = client.get("/accounts/signup/").content.decode()
        assert ('name="password1"' in page) == is_open
        facts = {"name": "New", "email": "new@acme.test", "password1": "a long enough password"}
        client.post("/accounts/signup/", facts)
    assert User.objects.filter(email="new@acme.test").exists() == is_open


def test_a_new_account_waits_for_its_address_to_be_confirmed(db, client):
    with override_settings(SIGNUP="open"):
        facts = {"name": "New", "email": "new@acme.test", "password1": "a long enough password"}
        client.post("/accounts/signup/", facts)
        assert client.get("/")["Location"] == LOGIN
        link = re.search(r"https?://\S+/accounts/confirm-email/\S+", mail.outbox[0].body)[0]
        client.post(link)
        log_in(client, email="new@acme.test", password="a long enough password")
        assert client.get("/")["Location"] == "/workspaces/new/"


# Landing


def test_the_front_door_leads_strangers_to_the_log_in_page(db, client):
    assert client.get("/")["Location"] == LOGIN


def test_the_front_door_leads_to_the_workspace_used_last(cast, client_as):
    from teams.services.workspaces import create_workspace

    create_workspace(slug="zebra", name="Zebra", owner=cast.ana.user)
    client = client_as(cast.ana)
    assert client.get("/")["Location"].startswith("/w/acme/")
    client.get("/w/zebra/members/")
    assert client.get("/")["Location"].startswith("/w/zebra/")


def test_a_first_workspace_is_made_from_the_form(db, client):
    user = User.objects.create_user("new@acme.test", "a long enough password", name="New")
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    facts = {"name": "Kopi", "slug": "kopi", "timezone": "Asia/Kuala_Lumpur"}
    assert client.post("/workspaces/new/", facts)["Location"].startswith("/w/kopi/")
    assert client.get("/w/kopi/members/").status_code == 200


def test_nobody_makes_a_workspace_where_sign_up_is_closed(cast, client_as):
    client = client_as(cast.ben)
    with override_settings(SIGNUP="closed"):
        assert client.get("/workspaces/new/").status_code == 403
    assert client.get("/workspaces/new/").status_code == 200


@pytest.mark.parametrize("slug", ["acme", "api", "Up Case", "-x", "x" * 49])
def test_a_taken_or_malformed_address_of_a_workspace_is_refused(cast, client_as, slug):
    facts = {"name": "Kopi", "slug": slug, "timezone": "UTC"}
    assert client_as(cast.ana).post("/workspaces/new/", facts).status_code == 422


def test_old_log_in_failures_are_forgotten_after_a_quarter_of_an_hour(cast, client):
    from axes.models import AccessAttempt

    for _guess in range(8):
        log_in(client, password="wrong-wrong-wrong", **GUESSER)
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=16))
    assert log_in(Client(), **GUESSER).status_code == 302
