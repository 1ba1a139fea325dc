"""Every page of the demo: axe finds nothing, nothing overflows, and in Malay nothing is English."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.template.loader import render_to_string
from django.test import override_settings
from django.utils import translation
from django.utils.translation import trans_real
from playwright.sync_api import Browser

from collab.messages import catalogue_path, compile_all
from notifications.models import Notice
from notifications.registry import notice_types
from notifications.services.mails import _prepare
from teams.models import User
from teams.tenancy import workspace_scope
from tests.journeys.browser import DESK, PHONE, Person, arrive
from tests.journeys.english import Catalogue, said_on
from tests.journeys.every_page import NO_PAGE, House, Page, furnish_demo, pages, served
from tests.rules.routes import routes
from tests.rules.subjects import value_of
from tests.rules.world import Side, undone

pytestmark = pytest.mark.browser
ROOT = Path(__file__).resolve().parents[2]
Looks = list[tuple[dict[str, int], str]]
FOUR_LOOKS: Looks = [(DESK, "light"), (DESK, "dark"), (PHONE, "dark"), (PHONE, "light")]
TWO_LOOKS: Looks = [(DESK, "light"), (PHONE, "dark")]
NOT_OURS = {"styleguide": "sample words of the parts, for who builds pages"}
"""Pages that show English words on purpose, and why."""
FLOATING = "dialog[id], [popover][id]"
OPEN = "(it) => it.matches('dialog') ? it.showModal() : it.showPopover()"
CLOSE = "(it) => it.matches('dialog') ? it.close() : it.hidePopover()"
EMPTIED = """() => [...document.querySelectorAll("main form[method=post]")].filter((form) => {
  const field = [...form.querySelectorAll("input[required], textarea[required]")].find((one) =>
    !["hidden", "checkbox", "radio"].includes(one.type));
  if (field && form.offsetParent) { form.dataset.emptied = ""; field.value = ""; }
  return "emptied" in form.dataset;
}).length"""


@dataclass(frozen=True)
class Site:
    """Where the product is served."""

    url: str


@pytest.fixture(scope="module")
def house(demo) -> Iterator[House]:
    """The demo, furnished; sign-up open, so that there is a page for it."""
    with override_settings(DEMO=True, SIGNUP="open"):
        yield furnish_demo(demo.acme)


@pytest.fixture(scope="module")
def walk(house) -> tuple[list[Page], list[str]]:
    return pages(house)


@pytest.fixture(scope="module")
def site(house) -> Iterator[Site]:
    with served() as url:
        yield Site(url)


def test_every_route_that_answers_get_is_a_page_or_is_named(walk):
    """A new page is walked by itself; a route that opens to nobody, or answers something else, says so."""
    found, others = walk
    assert sorted(set(others) - set(NO_PAGE)) == []
    assert sorted(set(NO_PAGE) - set(others)) == []
    assert len(found) > 60


def look(person: Person, size: dict[str, int], theme: str) -> None:
    """Sit down at a desk or take the phone, by day or by night."""
    person.page.set_viewport_size(size)
    person.page.emulate_media(color_scheme=theme)


def looked_at(person: Person, name: str, looks: Looks) -> list[str]:
    """Return what axe finds on the page in each look, and by how much it is too wide."""
    found = []
    for size, theme in looks:
        look(person, size, theme)
        here = f"{name} {size['width']} {theme}"
        found += [f"{here}: {each}" for each in person.violations()]
        wide = person.overflow()
        found += [f"{here}: {wide} px too wide"] if wide > 0 else []
    return found


def floating_parts(person: Person, name: str, seen: set[str]) -> list[str]:
    """Open each menu and dialogue of the page that was not seen on another one, and look at it."""
    found = []
    idents = {part.get_attribute("id") for part in person.page.locator(FLOATING).all()}
    kinds = {re.sub(r"[0-9a-f-]{36}", "", ident): ident for ident in sorted(idents)}
    for kind, ident in kinds.items():
        if kind in seen:
            continue
        seen.add(kind)
        part = person.page.locator(f"[id='{ident}']")
        for size, theme in TWO_LOOKS:
            look(person, size, theme)
            part.evaluate(OPEN)
            here = f"{name} #{ident} {size['width']} {theme}"
            found += [f"{here}: {each}" for each in person.violations(f"[id='{ident}']")]
            part.evaluate(CLOSE)
    return found


def refusals(person: Person, page: Page) -> list[str]:
    """Send each form of the page with an empty field that it requires, and look at the errors."""
    found = []
    for number in range(person.page.evaluate(EMPTIED)):
        if number:
            person.open(page.path)
            person.page.evaluate(EMPTIED)
        with person.page.expect_navigation():
            person.page.locator("form[data-emptied]").nth(number).evaluate("(it) => it.submit()")
        found += looked_at(person, f"{page.path} refused", TWO_LOOKS)
    return found


def found_on(house: House, pages: list[Page], site: Site, chromium: Browser, looks: Looks) -> list[str]:
    """Walk pages, each kind in these looks once and in two after that; return what is wrong on them."""
    found: list[str] = []
    seen: set[str] = set()
    walked: set[str] = set()
    for visitor in sorted({page.visitor for page in pages}):
        person = arrive(chromium, site, is_measured=True)
        if "sessionid" in house.browsers[visitor].cookies:
            person.context.add_cookies(
                [{"name": "sessionid", "value": house.session(visitor), "url": site.url}]
            )
        for page in pages:
            if page.visitor != visitor or page.is_part:
                continue
            look(person, *FOUR_LOOKS[0])
            person.open(page.path)
            found += looked_at(person, page.path, TWO_LOOKS if page.name in walked else looks)
            found += floating_parts(person, page.path, seen)
            if page.name not in walked and page.name not in NOT_OURS:
                found += refusals(person, page)
            walked.add(page.name)
        complaints = [each for each in person.complaints if "/live/" not in each]
        found += complaints
        person.context.close()
    assert len(seen) > 8
    return found


def test_a_page_of_every_kind_is_clean(house, walk, site, chromium):
    """UI.md: WCAG 2.2 AA; axe clean at the desk by day and on the phone by night.

    With every menu and dialogue open once, and every form that requires something refused once.
    """
    one_each = list({page.name: page for page in reversed(walk[0])}.values())
    found = found_on(house, one_each, site, chromium, TWO_LOOKS)
    assert not found, "\n".join(found)


@pytest.mark.ondemand
def test_every_page_is_clean_for_everybody(house, walk, site, chromium):
    """UI.md: the same in both themes at both sizes, and for a thing in every state that it can be in."""
    found = found_on(house, walk[0], site, chromium, FOUR_LOOKS)
    assert not found, "\n".join(found)


# In Malay


CATALOGUE = Catalogue()
DATA = {
    "English": "each language stands in its own words",
    "Newsroom": "the name of a channel",
    "Content": "the name of a team",
    "Approval": "the name of a step that the workspace began with",
    "This is a sample channel: nothing is ever sent to it.": "kept with the revision, in the words of who saved it",
}
"""Words of the demo's rows that happen to be texts of ours too, and what they are there."""


@pytest.fixture(scope="module")
def in_malay(house, walk, tmp_path_factory) -> Iterator[House]:
    """Let everybody read Malay, from the catalogue as it stands."""
    place = tmp_path_factory.mktemp("texts")
    target = catalogue_path(place, "ms")
    target.parent.mkdir(parents=True)
    shutil.copy(catalogue_path(ROOT, "ms"), target)
    compile_all(place)
    User.objects.update(language="ms")
    for client in house.browsers.values():
        client.cookies["django_language"] = "ms"
    with override_settings(LOCALE_PATHS=[place / "locale"]):
        trans_real._translations = {}
        yield house
    trans_real._translations = {}
    User.objects.update(language="en")


def english_on(name: str, texts: list[str]) -> list[str]:
    """Return the English sources among texts."""
    found = {" ".join(text.split()) for text in texts if CATALOGUE.english(text)}
    return [f"{name}: {text}" for text in sorted(found - set(DATA))]


def test_no_page_says_an_english_text_in_malay(in_malay, walk):
    """Texts, labels, titles, and the words that pages hand to scripts; refusals of empty forms too."""
    found: list[str] = []
    for page in walk[0]:
        if page.name in NOT_OURS:
            continue
        found += english_on(page.path, said_on(in_malay.open(page).content.decode()))
    assert not found, "\n".join(sorted(set(found)))


def test_no_refusal_says_an_english_text_in_malay(in_malay):
    """Every write of a workspace is sent empty; what comes back says so in Malay."""
    found: list[str] = []
    client, side = in_malay.browsers["ana"], in_malay.side
    for route in routes():
        if (
            route.is_api
            or not route.in_workspace
            or route.access is None
            or "POST" not in route.access.methods
        ):
            continue
        with workspace_scope(side.workspace.pk):
            path = route.path(
                side.workspace.slug, {place: value_of(side, route.name, place) for place in route.places}
            )
        with undone():
            answer = client.post(path, {}, follow=True)
            assert answer.status_code < 500, path
            if not answer.streaming:
                found += english_on(f"POST {path}", said_on(answer.content.decode()))
    assert not found, "\n".join(sorted(set(found)))


def test_no_mail_says_an_english_text_in_malay(in_malay):
    """Every kind of notice, the invitation, and the mails of log-in and second factor."""
    found: list[str] = []
    texts = dict(_notice_mails(in_malay.side))
    assert set(texts) == {key for key, kind in notice_types.items() if kind.mail}
    with translation.override("ms"):
        for path in sorted(ROOT.glob("templates/**/*mail/*.txt")):
            name = str(path.relative_to(ROOT / "templates"))
            texts[name] = render_to_string(name, MAIL_WORDS)
    for name, text in texts.items():
        found += english_on(name, text.splitlines())
    assert not found, "\n".join(found)


MAIL_WORDS = {
    **dict.fromkeys(("inviter", "workspace", "role", "link", "ip", "user_agent", "timestamp", "email"), "X"),
    **dict.fromkeys(
        ("password_reset_url", "activate_url", "signup_url", "to_email", "from_email", "code"), "X"
    ),
    "new_email": "X",
    "key": "X",
}


DAY = "2026-03-18T09:00:00+00:00"
DONE = {"who": "Cleo", "verb": "approvals.request.approved", "subject": "Kopi", "at": DAY}
TIMES = dict.fromkeys(("until", "since", "due_at", "goes_out_at", "ends"), DAY)
TYPED = {**TIMES, "trouble": "ending", "verdict": "request_changes", "count": 3, "missed": 2, "done": [DONE]}
"""Facts that are no text of their own: words of a fixed set, times, numbers, lists."""
OF_KIND = {"publishing.by_hand": {"step": "needs_attention"}}
"""Facts that mean something else in one kind of notice than in others."""


class Facts(dict):
    """What notices of the demo say, and for what none of them says an id, which fits into addresses too."""

    def __missing__(self, key: str) -> str:
        return TYPED.get(key, "01a21c69-0000-7000-8000-000000000000")


def _notice_mails(side: Side) -> Iterator[tuple[str, str]]:
    """Return for each kind of notice that is mailed what a Malay reader gets: subject, text and page."""
    with workspace_scope(side.workspace.pk), translation.override("ms"):
        seen = Notice.objects.select_related("entry", "member__user", "workspace", "for_member__user")
        facts = Facts({key: value for row in seen for key, value in row.facts.items()})
        like = seen.order_by("pk").last()
        for key, kind in notice_types.items():
            if not kind.mail:
                continue
            notice = seen.filter(type=key).first() or like
            if notice.type != key:
                notice.type, notice.facts = key, Facts({**facts, **OF_KIND.get(key, {})})
            mail = _prepare([notice])
            yield key, "\n".join([mail["subject"], mail["text"], *said_on(mail["html"])])


def test_no_script_holds_words_of_its_own():
    """Words come from the page, which has them in the reader's language."""
    words = re.compile(r"""(["'`])[A-Z]?[a-z]+(?: [a-z]+){2,}[.!?]?\1|(["'`])[A-Z][a-z]+ [a-z]+[^"'`]*\2""")
    found = [
        f"{path.name}: {match[0]}"
        for path in sorted((ROOT / "static" / "js").rglob("*.js"))
        for line in path.read_text().splitlines()
        if not line.strip().startswith("//")
        for match in words.finditer(line)
    ]
    assert found == []
