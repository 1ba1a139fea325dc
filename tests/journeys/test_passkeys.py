"""Passkeys in Chromium, with its virtual authenticator in the place of a fingerprint reader (issue 3, line 7)."""

import pytest
from playwright.sync_api import expect

from tests.journeys.browser import PASSWORD, Arrive, Person

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("product")]
MEMBERS = "/w/acme/members/"


def give_device(person: Person, *, verifies: bool = True) -> None:
    """Give the window a device that makes passkeys and confirms each use."""
    link = person.context.new_cdp_session(person.page)
    link.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": verifies,
        "automaticPresenceSimulation": True,
    }
    link.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def confirm(person: Person) -> None:
    """Type the password once more, as pages ask that change who can log in."""
    person.page.get_by_label("Password", exact=True).fill(PASSWORD)
    person.press("Go on")


def log_out(person: Person) -> None:
    """Forget the session, as a browser does that was closed: no page is left whose live line could ask without it."""
    person.page.goto("about:blank")
    person.context.clear_cookies()


def test_passkey_is_made_named_used_alone_and_beside_the_password_and_removed(arrive: Arrive):
    """One person's way through all of it; the same passkey logs in alone and as a second step."""
    jun = arrive()
    give_device(jun)
    jun.log_in("jun@acme.test")

    jun.open("/accounts/2fa/webauthn/add/")
    confirm(jun)
    jun.page.get_by_label("Name").fill("Desk in the studio")
    jun.press("Make the passkey")
    expect(jun.page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    jun.open("/accounts/2fa/webauthn/")
    expect(jun.page.get_by_text("Desk in the studio")).to_be_visible()
    expect(jun.page.get_by_text("logs in alone")).to_be_visible()

    log_out(jun)
    jun.open("/accounts/login/")
    jun.press("Use a passkey")
    jun.page.wait_for_url("**/w/acme/**")

    log_out(jun)
    jun.open("/accounts/login/")
    jun.page.get_by_label("E-mail address").fill("jun@acme.test")
    jun.page.get_by_label("Password", exact=True).fill(PASSWORD)
    jun.press("Log in")
    expect(jun.page.get_by_role("heading", name="Second step")).to_be_visible()
    jun.open(MEMBERS)
    assert jun.page.url.endswith("/accounts/2fa/authenticate/")
    jun.press("Use a passkey")
    jun.page.wait_for_url("**/w/acme/**")

    jun.open("/accounts/2fa/webauthn/")
    jun.page.get_by_role("link", name="Rename").click()
    jun.page.get_by_role("link", name="Use a passkey").click()
    jun.press("Use a passkey")
    jun.page.get_by_label("Name").fill("Old desk")
    jun.press("Save")
    expect(jun.page.get_by_text("Old desk")).to_be_visible()
    jun.page.get_by_role("link", name="Remove").click()
    jun.press("Remove")
    expect(jun.page.get_by_text("There is none yet.")).to_be_visible()

    log_out(jun)
    jun.log_in("jun@acme.test")
    jun.open(MEMBERS)


def test_device_that_does_not_know_its_owner_makes_no_passkey_that_logs_in_alone(arrive: Arrive):
    farah = arrive()
    give_device(farah, verifies=False)
    farah.log_in("farah@acme.test")
    farah.open("/accounts/2fa/webauthn/add/")
    confirm(farah)

    farah.press("Make the passkey")

    expect(farah.page.get_by_text("No passkey was made.")).to_be_visible()
    farah.open("/accounts/2fa/webauthn/")
    expect(farah.page.get_by_text("There is none yet.")).to_be_visible()
