"""The style guide: who sees it, what stands on it, and how a real browser finds it."""

import mimetypes
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

from core.templatetags.ui import STATES

AXE = Path(__file__).resolve().parents[1] / "vendor" / "axe.min.js"
ORIGIN = "http://guide.test"
pytestmark = pytest.mark.urls("tests.ui.urls")


@pytest.fixture
def guide(db, settings) -> Client:
    settings.DEMO = True
    settings.ALLOWED_HOSTS = ["*"]
    return Client()


def test_styleguide_shows_every_state_in_words(guide):
    page = guide.get("/styleguide/").content.decode()
    assert [state for state, (_icon, word) in STATES.items() if f"</svg>{word}</span>" not in page] == []


def test_styleguide_is_not_for_strangers(guide, settings):
    settings.DEMO = False
    settings.DEBUG = False
    assert guide.get("/styleguide/").status_code == 404


def test_styleguide_follows_the_chosen_theme(guide):
    assert 'data-theme="dark"' in guide.get("/styleguide/?theme=dark").content.decode()
    assert "data-theme=" not in guide.get("/styleguide/?theme=system").content.decode()


def test_pause_banner_says_who_why_and_the_way_out(guide):
    page = guide.get("/styleguide/").content.decode()
    banner = page[page.index('class="paused"') : page.index('class="topbar"')]
    assert "Outgoing posts are paused." in banner
    assert "Cleo" in banner
    assert "Old price in two Ramadan posts." in banner
    assert "Resume sending" in banner


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # Playwright keeps an event loop running in this thread; Django would take it for an asynchronous caller.
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as play:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        launched = play.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        yield launched
        launched.close()


@pytest.fixture
def open_guide(browser, guide):
    """Open the guide in Chromium, its answers taken from the application; complaints are collected."""
    pages: list[Page] = []
    answers: dict[str, object] = {}

    def answer(route: Route) -> None:
        path = route.request.url.removeprefix(ORIGIN).split("#")[0]
        if path.startswith("/static/"):
            found = Path(finders.find(path.removeprefix("/static/").split("?")[0]))
            kind = mimetypes.guess_type(found.name)[0] or "application/octet-stream"
            route.fulfill(body=found.read_bytes(), content_type=kind)
        elif path in answers:
            response = answers[path]
            route.fulfill(body=response.content, status=response.status_code, headers=dict(response.items()))
        else:
            route.fulfill(status=204)

    def visit(width: int, query: str = "") -> tuple[Page, list[str]]:
        address = f"/styleguide/{query}"
        answers[address] = guide.get(address)
        page = browser.new_page(viewport={"width": width, "height": 900})
        pages.append(page)
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console", lambda line: complaints.append(line.text) if "Content Security" in line.text else None
        )
        page.route("**/*", answer)
        page.goto(ORIGIN + address)
        page.wait_for_selector(
            "[popovertarget=you-menu][aria-expanded]"
        )  # the menus are connected: htmx and Stimulus run
        return page, complaints

    yield visit
    for page in pages:
        page.close()


@pytest.mark.browser
@pytest.mark.parametrize("width", [1440, 360])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_styleguide_is_accessible(open_guide, theme, width):
    page, complaints = open_guide(width, f"?theme={theme}")
    assert complaints == []
    page.evaluate(AXE.read_text())
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found = page.evaluate("tags => axe.run({runOnly: tags})", tags)
    assert [(v["id"], [node["html"][:160] for node in v["nodes"]][:4]) for v in found["violations"]] == []


@pytest.mark.browser
@pytest.mark.parametrize("width", [360, 720, 1000])
def test_styleguide_never_scrolls_sideways(open_guide, width):
    page, _complaints = open_guide(width)
    assert page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.browser
def test_phone_targets_are_large_enough(open_guide):
    page, _complaints = open_guide(360)
    small = page.evaluate(
        """() => [...document.querySelectorAll('.topbar a, .topbar button, .shell-page > .thumbbar > *')]
        .filter(e => !e.closest('[popover]') && e.offsetParent)
        .map(e => [e.className, e.getBoundingClientRect(), getComputedStyle(e, '::after')])
        .filter(([name, box, after]) => box.height + 2 * Math.max(0, -parseFloat(after.top) || 0) < 44)
        .map(([name, box]) => `${name} ${box.width} × ${box.height}`)"""
    )
    assert small == []


@pytest.mark.browser
def test_palette_opens_by_key_filters_and_closes(open_guide):
    page, _complaints = open_guide(1440)
    page.keyboard.press("Control+k")
    page.wait_for_selector("#palette[open]")
    page.keyboard.type("cal")
    shown = page.locator("#palette-list li:visible")
    assert shown.count() == 1
    assert "Calendar" in shown.first.inner_text()
    page.keyboard.press("Escape")
    page.wait_for_selector("#palette[open]", state="detached")


@pytest.mark.browser
def test_question_mark_lists_the_keys_of_the_page(open_guide):
    page, _complaints = open_guide(1440)
    page.keyboard.press("?")
    page.wait_for_selector("#hotkeys[open]")
    words = page.locator("#hotkeys").inner_text()
    assert "New post" in words
    assert "Go to Calendar" in words


@pytest.mark.browser
def test_j_and_k_walk_the_rows(open_guide):
    page, _complaints = open_guide(1440)
    current = "document.querySelector('.list-row[aria-current] a').textContent"
    assert page.evaluate(current) == "First pour in Ipoh"
    page.keyboard.press("k")
    assert page.evaluate(current) == "Buka puasa dengan Ramadan Blend"
    page.keyboard.press("j")
    assert page.evaluate(current) == "First pour in Ipoh"


@pytest.mark.browser
def test_menu_opens_under_its_button_and_moves_by_arrows(open_guide):
    page, _complaints = open_guide(1440)
    button = page.locator("[popovertarget=sample-menu]")
    button.click()
    menu = page.locator("#sample-menu")
    menu.wait_for(state="visible")
    assert button.get_attribute("aria-expanded") == "true"
    assert abs(menu.bounding_box()["x"] - button.bounding_box()["x"]) < 2
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.textContent.trim()") == "Move…"
    page.keyboard.press("Escape")
    menu.wait_for(state="hidden")


@pytest.mark.browser
def test_theme_changes_at_once_and_is_remembered(open_guide):
    page, _complaints = open_guide(1440)
    page.click("[popovertarget=you-menu]")
    page.click("#you-menu button[value=dark]")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert "theme=dark" in page.evaluate("document.cookie")


@pytest.mark.browser
def test_toast_from_a_script_is_announced(open_guide):
    page, _complaints = open_guide(1440)
    page.evaluate(
        "document.dispatchEvent(new CustomEvent('collab:toast', {detail: {text: 'Moved to Fri 20'}}))"
    )
    page.wait_for_selector("#toasts .toast")
    assert "Moved to Fri 20" in page.locator("#toasts").inner_text()
    assert page.locator("#toasts").get_attribute("aria-live") == "polite"


def put(page: Page, html: str) -> None:
    """Put a fragment on the page as a server would."""
    page.evaluate(
        """html => {
            document.querySelector('main').insertAdjacentHTML('afterbegin', html);
            htmx.process(document.querySelector('main').firstElementChild);
        }""",
        html,
    )


FORM = (
    '<form id="tried" hx-post="/tried/" hx-swap="outerHTML">'
    '<input name="title" value="Sahur"><button>Save</button></form>'
)


@pytest.mark.browser
def test_refused_form_keeps_its_words_and_says_why(open_guide):
    page, _complaints = open_guide(1440)
    body = '<div data-toast-text="You may not. Ask Cleo."></div>'
    page.route("**/tried/", lambda route: route.fulfill(status=403, body=body, content_type="text/html"))
    put(page, FORM)
    page.fill("#tried input", "Typed words")
    page.click("#tried button")
    page.wait_for_selector("#toasts .toast")
    assert "You may not. Ask Cleo." in page.locator("#toasts").inner_text()
    assert page.input_value("#tried input") == "Typed words"


@pytest.mark.browser
def test_form_with_mistakes_comes_back_in_place(open_guide):
    page, _complaints = open_guide(1440)
    body = '<form id="tried"><p>Enter a title.</p></form>'
    page.route("**/tried/", lambda route: route.fulfill(status=422, body=body, content_type="text/html"))
    put(page, FORM)
    page.click("#tried button")
    page.wait_for_selector("#tried p")
    assert page.locator("#tried").inner_text() == "Enter a title."
    assert page.locator("#toasts .toast").count() == 0


@pytest.mark.browser
def test_invalid_answer_without_a_form_replaces_nothing(open_guide):
    page, _complaints = open_guide(1440)
    body = '<div data-toast-text="The link is not valid."></div>'
    page.route("**/tried/", lambda route: route.fulfill(status=422, body=body, content_type="text/html"))
    put(page, FORM)
    page.click("#tried button")
    page.wait_for_selector("#toasts .toast")
    assert page.locator("#tried input").count() == 1


@pytest.mark.browser
def test_fragment_cannot_bring_script_or_handlers(open_guide):
    page, _complaints = open_guide(1440)
    script, picture = "<script>window.ran = 1</script>", '<img src="/none.png" onerror="window.ran = 2">'
    body = f'<form id="tried">{script}{picture}</form>'
    page.route("**/tried/", lambda route: route.fulfill(body=body, content_type="text/html"))
    put(page, FORM)
    with page.expect_console_message(lambda line: "inline event handler" in line.text):
        page.click("#tried button")
    assert page.locator("#tried img").count() == 1
    assert page.evaluate("window.ran") is None


@pytest.mark.browser
def test_changed_part_fetches_itself_again_unless_somebody_types_in_it(open_guide):
    page, _complaints = open_guide(1440)
    fetched: list[str] = []

    def part(route: Route) -> None:
        name = route.request.url.rsplit("/", 2)[1]
        fetched.append(name)
        route.fulfill(body=f'<p id="{name}">new words</p>', content_type="text/html")

    event = 'event: changed\ndata: {"ref": "calendar_app.post:7", "verb": "edited", "revision": 2}\n\n'
    page.route("**/parts/**", part)
    for name, inner in (("seen", "old words"), ("typed", "<form data-dirty></form>")):
        put(
            page,
            f'<div id="{name}" data-live-ref="calendar_app.post:7" hx-get="/parts/{name}/" hx-trigger="changed"'
            f' hx-swap="outerHTML">{inner}</div>',
        )
    page.route("**/live/acme/", lambda route: route.fulfill(body=event, content_type="text/event-stream"))
    expect(page.locator("#seen")).to_have_text("new words", timeout=15_000)
    assert set(fetched) == {"seen"}
    assert page.locator("#typed form").count() == 1


@pytest.mark.browser
def test_toast_of_a_lost_connection_says_what_is_kept(open_guide):
    page, _complaints = open_guide(1440)
    page.route("**/tried/", lambda route: route.abort())
    put(page, FORM)
    page.click("#tried button")
    page.wait_for_selector("#toasts .toast")
    assert "What you typed is kept here" in page.locator("#toasts").inner_text()


@pytest.mark.browser
def test_chip_moves_by_keyboard_as_by_mouse(open_guide):
    page, _complaints = open_guide(1440)
    sent: list[str] = []

    def moved(route: Route) -> None:
        sent.append(route.request.post_data)
        route.fulfill(status=204)

    page.route("**/moves/", moved)
    days = "".join(
        f'<div data-drop-date="2026-03-{day}">{chip}</div>'
        for day, chip in (
            (18, '<a href="#x" id="chip" data-drag-move-target="chip" data-id="p7">x</a>'),
            (19, "free"),
        )
    )
    put(
        page,
        '<div data-controller="drag-move" data-action="dragstart->drag-move#lift dragover->drag-move#over'
        ' drop->drag-move#drop dragend->drag-move#end keydown->drag-move#key">'
        f'{days}<form data-drag-move-target="form" hx-post="/moves/" hx-swap="none">'
        '<input name="post" type="hidden"><input name="date" type="hidden"></form></div>',
    )
    page.wait_for_selector("#chip[draggable=true]")
    page.focus("#chip")
    with page.expect_request("**/moves/"):
        page.keyboard.press("Shift+ArrowRight")
    with page.expect_request("**/moves/"):
        page.drag_and_drop("#chip", "[data-drop-date='2026-03-19']")
    assert [words for words in sent if "post=p7&date=2026-03-19" not in words] == []
    assert len(sent) == 2
