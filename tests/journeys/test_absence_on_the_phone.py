"""Issue 3 on phones, in both languages: a lead records who is ill, the backup decides, then it all goes back."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import expect

from tests.journeys.browser import PHONE, Person
from tests.journeys.english import translated

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("product")]
WORKS = "/w/acme/work/"


@dataclass
class Reader:
    """Somebody on the phone who reads in one language and taps what it calls things."""

    person: Person
    language: str
    taps: int = 0

    def say(self, text: str, **places: str) -> str:
        """Return how a text of the product stands on this reader's screen."""
        return (text if self.language == "en" else translated(text)) % places

    def tap(self, role: str, name: str, *, of: str = "") -> None:
        """Tap the thing of this name that can be seen; `of` whom, where each person has one."""
        self.taps += 1
        whole = re.compile(rf"^{re.escape(name)}\s*: {of}$" if of else f"^{re.escape(name)}$")
        self.person.page.get_by_role(role, name=whole).locator("visible=true").first.tap()

    def sees(self, text: str) -> None:
        """Wait until the page shows a text, and see that it fits the phone."""
        expect(self.person.page.get_by_text(text).locator("visible=true").first).to_be_visible()
        assert self.person.overflow() <= 0


@pytest.fixture
def everybody_back(program) -> Iterator[None]:
    """However the journey ends, nobody stays away and everybody reads English again."""
    yield
    ana = program("ana@acme.test")
    for row in ana.ask("GET", "absences/").body["results"]:
        if row.get("kind") == "sick":
            ana.ask("DELETE", f"absences/{row['id']}/")


def _sit_down(arrive, email: str, language: str) -> Reader:
    person = arrive(size=PHONE)
    person.log_in(email)
    _read_in(person, language)
    return Reader(person, language)


def _read_in(person: Person, language: str) -> None:
    person.open("/account/")
    person.page.locator("select[name=language]").select_option(language)
    person.page.locator("main form .button-primary").click()
    expect(person.page.locator("html")).to_have_attribute("lang", language)


@pytest.mark.parametrize(
    ("language", "title"), [("en", "Where to park in Ipoh"), ("ms", "Roast note: Ipoh espresso")]
)
def test_the_backup_takes_over_and_hands_back(arrive, product, everybody_back, language, title):
    """R1.6, R7.14, R7.15: Ana is ill and Cleo, her first backup, too: Ben decides for Ana what Jun wrote."""
    cleo, ben = (_sit_down(arrive, f"{name}@acme.test", language) for name in ("cleo", "ben"))
    try:
        _record(cleo)
        _decide(ben, title)
        _take_back(cleo, ben)
    finally:
        for reader in (cleo, ben):
            _read_in(reader.person, "en")


def _record(cleo: Reader) -> None:
    """Cleo is not well herself; then three taps, within ten seconds, for Ana."""
    cleo.person.open("/w/acme/absences/")
    cleo.tap("button", cleo.say("I am sick today"))
    cleo.sees(cleo.say("You are away now. Your backup acts for you."))
    cleo.person.open(WORKS)
    cleo.taps, begun = 0, time.monotonic()
    cleo.tap("button", cleo.say("More"))
    cleo.tap("link", cleo.say("Absences"))
    cleo.tap("button", cleo.say("Sick today"), of="Ana Rahman")
    cleo.sees(cleo.say("Recorded. %(cover)s now acts for %(name)s.", cover="Ben Tan", name="Ana Rahman"))
    assert cleo.taps == 3
    assert time.monotonic() - begun < 10


def _decide(ben: Reader, title: str) -> None:
    """Ben sees Ana's work, marked as hers, and approves it for her; the record names both."""
    page = ben.person.page
    ben.person.open(WORKS)
    row = page.locator(".list-row", has_text=title)
    expect(row).to_contain_text(ben.say("for %(name)s", name="Ana"))
    assert ben.person.overflow() <= 0
    row.get_by_role("link", name=title).tap()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    ben.tap("button", ben.say("Approve for %(name)s", name="Ana"))
    expect(page.locator("#toasts .toast").first).to_be_visible()
    ben.person.open("/w/acme/activity/?verb=approvals.request.approved")
    line = page.locator(".plain-row", has_text=title).first
    expect(line).to_contain_text("Ben Tan")
    expect(line).to_contain_text("Ana")


def _take_back(cleo: Reader, ben: Reader) -> None:
    """One tap hands Ana's work back at once; Ben's list knows it no more."""
    ben.person.open(WORKS)
    expect(ben.person.page.locator(".topbar .cover")).to_have_count(1)
    cleo.person.open("/w/acme/absences/")
    cleo.tap("button", cleo.say("Back now"), of="Ana Rahman")
    cleo.sees(cleo.say("%(name)s is back; everything went back at once.", name="Ana Rahman"))
    ben.person.open(WORKS)
    expect(ben.person.page.locator(".topbar .cover")).to_have_count(0)
    expect(ben.person.page.locator("#work-list").get_by_text(re.compile(r"\bAna\b"))).to_have_count(0)
