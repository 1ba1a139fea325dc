"""Every main page of the demo, in both themes, at the desk and on the phone: axe finds nothing, nothing overflows."""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.browser import DESK, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("product")]
LOOKS = [(DESK, "light"), (DESK, "dark"), (PHONE, "light"), (PHONE, "dark")]
NAMES = ["desk-light", "desk-dark", "phone-light", "phone-dark"]
look = pytest.mark.parametrize(("size", "theme"), LOOKS, ids=NAMES)
PAGES = (
    "/w/acme/work/",
    "/w/acme/calendar/",
    "/w/acme/posts/",
    "/w/acme/posts/?state=draft",
    "/w/acme/posts/new/",
    "/w/acme/approvals/",
    "/w/acme/channels/",
    "/w/acme/members/",
    "/w/acme/settings/",
    "/w/acme/activity/",
    "/w/acme/notices/",
    "/w/acme/deliveries/",
    "/w/acme/pause/",
    "/w/acme/absences/",
    "/w/acme/teams/",
    "/account/",
    "/n/acme/",
)


def faults(person, name: str) -> list[str]:
    """Return what axe finds on the page, and by how much it is too wide, under the page's name."""
    found = [f"{name}: {each}" for each in person.violations()]
    wide = person.overflow()
    return [*found, f"{name}: {wide} px too wide"] if wide > 0 else found


@look
def test_pages_before_the_log_in_are_clean(arrive, size, theme):
    stranger = arrive(size=size, theme=theme, is_measured=True)
    found = []
    for path in ("/accounts/login/", "/accounts/signup/", "/accounts/password/reset/"):
        stranger.open(path)
        found += faults(stranger, path)
    stranger.open("/accounts/login/")
    stranger.page.get_by_label("E-mail address").fill("ana@acme.test")
    stranger.page.get_by_label("Password", exact=True).fill("not the password")
    stranger.press("Log in")
    expect(stranger.page.get_by_text("Address and password do not fit together.")).to_be_visible()
    found += faults(stranger, "log in, refused")
    assert not found, "\n".join(found)


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_main_pages_load_without_a_complaint(arrive, size):
    ana = arrive(size=size)
    ana.log_in("ana@acme.test")
    for path in PAGES:
        ana.open(path)
        expect(ana.page.get_by_role("heading", level=1).first).to_be_attached()


@look
def test_main_pages_are_clean(arrive, size, theme):
    ana = arrive(size=size, theme=theme, is_measured=True)
    ana.log_in("ana@acme.test")
    found = []
    for path in PAGES:
        ana.open(path)
        found += faults(ana, path)
    assert not found, "\n".join(found)


@look
def test_a_review_and_its_post_are_clean(arrive, size, theme):
    cleo = arrive(size=size, theme=theme, is_measured=True)
    cleo.log_in("cleo@acme.test")
    cleo.open("/w/acme/approvals/")
    cleo.page.locator("#queue-list .list-title a").first.click()
    expect(cleo.page.locator(".review-preview")).to_be_visible()
    found = faults(cleo, "review")
    cleo.page.get_by_role("link", name="Open the post").click()
    expect(cleo.page.locator(".post-previews")).to_be_visible()
    found += faults(cleo, "post")
    for title in ("Tasting with the growers", "Menu for December", "Decaf prank", "Resepi kopi gula apong"):
        cleo.open(f"/w/acme/posts/?q={title}")
        cleo.page.get_by_role("link", name=title).locator("visible=true").first.click()
        expect(cleo.page.get_by_role("heading", level=1)).to_have_text(title)
        found += faults(cleo, title)
    assert not found, "\n".join(found)


@look
def test_menus_dialogues_and_refusals_are_clean(arrive, size, theme):
    ben = arrive(size=size, theme=theme, is_measured=True)
    ben.log_in("ben@acme.test")
    ben.open("/w/acme/posts/?q=Ipoh%3A%20tomorrow")
    ben.page.get_by_role("link", name="Ipoh: tomorrow").locator("visible=true").first.click()
    ben.press("Move")
    expect(ben.page.get_by_role("dialog")).to_be_visible()
    found = faults(ben, "dialogue")

    ben.open("/w/acme/posts/new/")
    ben.page.get_by_role("button", name="Channels").click()
    expect(ben.page.locator("#channels")).to_be_visible()
    found += faults(ben, "menu")
    ben.page.keyboard.press("Escape")
    ben.page.get_by_label("Title, for the team only").fill("No words yet")
    ben.press("Submit for approval")
    expect(ben.page.get_by_text(re.compile("Not ready to submit")).first).to_be_visible()
    found += faults(ben, "error")

    ben.open("/w/acme/nothing/", status=404)
    found += faults(ben, "not found")
    assert not found, "\n".join(found)
