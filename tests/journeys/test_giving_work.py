"""Issue 3 in the browser: a post is given by name on the phone, the team is printed, an address is copied."""

import pytest
from playwright.sync_api import expect

from tests.journeys.browser import PHONE
from tests.journeys.english import translated
from tests.journeys.test_surveys_on_the_phone import read_in

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("product")]


@pytest.mark.parametrize("language", ["en", "ms"])
def test_a_post_is_given_to_somebody_on_the_phone(arrive, program, language):
    """R7.11, R7.14: typed, chosen, given; it stands on the other's list of work with who gave it."""

    def say(text: str, **places: str) -> str:
        return (text if language == "en" else translated(text)) % places

    api = program("cleo@acme.test")
    channels = api.ask("GET", "channels/").body["results"]
    newsroom = next(row["id"] for row in channels if row["network"] == "newsroom")
    words = f"Sour plum, {language}"
    made = api.ask("POST", "posts/", {"variants": [{"channel": newsroom, "text": words}]}).body
    cleo, jun = (arrive(size=PHONE) for _ in range(2))
    for person, name in ((cleo, "cleo"), (jun, "jun")):
        person.log_in(f"{name}@acme.test")
        read_in(person, language)
    try:
        cleo.open(f"/w/acme/posts/{made['id']}/")
        box = cleo.page.get_by_label(say("Give it to"))
        box.press_sequentially("Jun")
        cleo.page.get_by_role("option", name="Jun Wong").tap()
        cleo.page.get_by_role("button", name=say("Give it over")).tap()
        toast = cleo.page.get_by_text(say("Given to %(name)s.", name="Jun Wong"))
        expect(toast.locator("visible=true").first).to_be_visible()
        assert cleo.overflow() <= 0
        jun.open("/w/acme/work/")
        row = jun.page.locator(".list-row", has_text=words)
        expect(row).to_contain_text(say("write, %(name)s gave it to you", name="Cleo Marchetti"))
        assert jun.overflow() <= 0
    finally:
        for person in (cleo, jun):
            read_in(person, "en")
        api.ask("DELETE", f"posts/{made['id']}/")


def test_who_looks_after_what_is_printed_without_the_shell(arrive):
    """R1.11, R12.5: on paper the gaps and the whole table, and nothing that can only be pressed."""
    ana = arrive()
    ana.log_in("ana@acme.test")
    ana.open("/w/acme/team/")
    table = ana.page.locator(".cover-table")
    assert ana.page.evaluate(
        "() => [...document.querySelectorAll('.scroll-x')].every(e => e.scrollWidth <= e.clientWidth)"
    )
    ana.page.emulate_media(media="print")
    expect(table).to_be_visible()
    expect(ana.page.locator(".gap-line").first).to_be_visible()
    for hidden in (".rail", ".topbar", ".gap-line .no-print", ".team-exports"):
        for one in ana.page.locator(hidden).all():
            expect(one).to_be_hidden()


def test_the_addresses_of_a_provider_are_copied(arrive):
    ana = arrive()
    ana.context.grant_permissions(["clipboard-read", "clipboard-write"])
    ana.log_in("ana@acme.test")
    ana.open("/w/acme/log-in/saml/")
    field = ana.page.get_by_label("Address for answers (ACS, HTTP-POST)")
    frame = ana.page.locator(".copy", has=field)
    frame.get_by_role("button").click()
    expect(frame.get_by_role("status")).to_have_text("Copied")
    assert ana.page.evaluate("() => navigator.clipboard.readText()") == field.input_value()
