"""Issue 3, line 5 on phones, in both languages: a round is answered, and a result closed again (R1.7, R1.8)."""

import pytest
from playwright.sync_api import expect

from tests.journeys.browser import PHONE, Person
from tests.journeys.english import translated

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("product")]
ROUND = "Friday pulse"


def read_in(person: Person, language: str) -> None:
    person.open("/account/")
    person.page.locator("select[name=language]").select_option(language)
    person.page.locator("main form .button-primary").click()
    expect(person.page.locator("html")).to_have_attribute("lang", language)


@pytest.mark.parametrize(("language", "who"), [("en", "farah"), ("ms", "ana")])
def test_a_round_is_answered_and_a_result_closed_on_the_phone(arrive, language, who):
    person = arrive(size=PHONE)
    person.log_in(f"{who}@acme.test")
    read_in(person, language)
    try:
        answer(person, language)
        close_a_result(person, language)
    finally:
        read_in(person, "en")


def say(text: str, language: str) -> str:
    return text if language == "en" else translated(text)


def answer(person: Person, language: str) -> None:
    page = person.page
    person.open("/w/acme/work/")
    page.get_by_role("link", name=ROUND).first.tap()
    expect(page.get_by_role("heading", level=2, name=ROUND)).to_be_visible()
    page.get_by_label("4", exact=True).tap()
    assert person.overflow() <= 0
    page.get_by_role("button", name=say("Send my answers", language)).tap()
    thanks = page.get_by_text(say("Thank you, your answers are in.", language))
    expect(thanks.locator("visible=true").first).to_be_visible()
    assert page.locator("input[type=radio]:checked").get_attribute("value") == "4"
    person.open("/w/acme/work/")
    expect(page.get_by_role("link", name=ROUND)).to_have_count(0)


def close_a_result(person: Person, language: str) -> None:
    page = person.page
    person.open("/w/acme/surveys/me/")
    first = page.locator(".trait").first
    first.locator("select").select_option("me")
    first.get_by_role("button", name=say("Set", language)).tap()
    expect(page.locator(".trait").first.locator("select")).to_have_value("me")
    assert person.overflow() <= 0
