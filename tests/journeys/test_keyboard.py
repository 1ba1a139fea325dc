"""The keys of UI.md, each tried; the command palette; and people whose browser runs no scripts."""

import re

import pytest
from playwright.sync_api import expect

from collab.demo.pictures import draw

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("product")]
PLACES = {"c": "calendar", "p": "posts", "w": "work", "a": "approvals"}


def test_every_key_does_what_the_list_says(arrive):
    """C, /, J, K, E, A, R, G then C, A, P, W, and ?; Cleo at her desk."""
    cleo = arrive()
    cleo.log_in("cleo@acme.test")
    page, keys = cleo.page, cleo.page.keyboard

    cleo.open("/w/acme/work/")
    for key, place in PLACES.items():
        keys.press("g")
        keys.press(key)
        cleo.arrive_at(f"/w/acme/{place}/")
    keys.press("c")
    cleo.arrive_at("/posts/new/")

    cleo.open("/w/acme/posts/?state=approved")
    rows = page.locator(".list-row")
    keys.press("j")
    expect(rows.nth(0)).to_have_attribute("aria-current", "true")
    keys.press("j")
    expect(rows.nth(1)).to_have_attribute("aria-current", "true")
    keys.press("k")
    expect(rows.nth(0)).to_have_attribute("aria-current", "true")
    keys.press("Enter")
    cleo.arrive_at(r"/posts/[0-9a-f-]{36}/$")
    keys.press("e")
    cleo.arrive_at(r"/posts/[0-9a-f-]{36}/edit/$")

    cleo.open("/w/acme/approvals/")
    keys.press("j")
    keys.press("Enter")
    cleo.arrive_at(r"/approvals/[0-9a-f-]{36}/")
    keys.press("?")
    listed = page.locator("#hotkeys")
    for words in ("New post", "Approve", "Request changes", "Go to Calendar", "Next and previous row"):
        expect(listed.get_by_text(words, exact=True)).to_be_visible()
    keys.press("Escape")
    expect(listed).not_to_be_visible()
    keys.press("r")
    expect(
        page.get_by_text("Say what should change, so that the author can act on it.").first
    ).to_be_visible()
    expect(page.locator("#note")).to_be_focused()
    keys.type("aer c")
    expect(page.locator("#note")).to_have_value("aer c")
    page.locator("#note").evaluate("(it) => it.blur()")
    title = page.get_by_role("heading", level=1).inner_text()
    keys.press("a")
    expect(page.get_by_text(f"Approved “{title}”")).to_be_visible()

    cleo.open("/w/acme/team/load/")
    drag_duty(cleo, "Brand approvals", to="Ben")
    drag_duty(cleo, "Brand approvals", to="Ana")


def drag_duty(lead, label: str, to: str) -> None:
    """Drag a duty to somebody's row, look at both loads, and hand it over."""
    page = lead.page
    row = page.locator("[data-drop-member]").filter(
        has=page.get_by_role("rowheader", name=re.compile(rf"\b{to}\b"))
    )
    duty = page.locator("[data-hand-over-target=duty]").filter(has_text=label)
    duty.get_by_role("link").drag_to(row.get_by_role("rowheader"))
    dialog = page.locator("#move-dialog")
    expect(dialog).to_contain_text(re.compile(f"Hand {label} to {to}.*Before.*After", re.DOTALL))
    expect(row.get_by_role("link", name=label)).to_have_count(0)
    dialog.get_by_role("button", name="Hand over").click()
    expect(row.get_by_role("link", name=label)).to_be_visible()
    page.wait_for_function("'ready' in document.documentElement.dataset")


def test_the_palette_decides_as_the_button_does_and_duties_are_dragged(arrive):
    """Issue 4, line 8: from the command palette, once, and one is told of it the same way.

    Issue 3, line 4: a duty is dragged to another person, with both loads shown before anything is saved.
    """
    cleo = arrive()
    cleo.log_in("cleo@acme.test")
    page, keys = cleo.page, cleo.page.keyboard
    cleo.open("/w/acme/approvals/")
    keys.press("j")
    keys.press("Enter")
    cleo.arrive_at(r"/approvals/[0-9a-f-]{36}/")
    title = page.get_by_role("heading", level=1).inner_text()
    keys.press("Control+k")
    keys.type("approve")
    keys.press("Enter")
    expect(page.get_by_text(f"Approved “{title}”")).to_be_visible()


def test_the_palette_finds_places_actions_and_posts(arrive):
    """Ctrl-K and /: places, the page's own actions, and the search for everything else."""
    ben = arrive()
    ben.log_in("ben@acme.test")
    page, keys = ben.page, ben.page.keyboard
    palette = page.locator("#palette")
    shown = palette.locator("li:visible")

    ben.open("/w/acme/work/")
    keys.press("Control+k")
    expect(palette.get_by_role("textbox")).to_be_focused()
    keys.type("calen")
    expect(shown).to_have_count(1)
    keys.press("Enter")
    ben.arrive_at("/w/acme/calendar/")

    ben.open("/w/acme/posts/?state=draft")
    keys.press("j")
    keys.press("Enter")
    ben.arrive_at(r"/posts/[0-9a-f-]{36}/$")
    keys.press("Control+k")
    keys.type("put aw")
    expect(shown).to_have_text(["Put away"])
    keys.press("Enter")
    expect(page.locator(".review-head")).to_contain_text("Archived")
    page.get_by_role("button", name=re.compile("^Undo")).click()
    expect(page.locator(".review-head")).to_contain_text("Draft")

    ben.open("/w/acme/work/")
    keys.press("/")
    expect(palette.get_by_role("textbox")).to_be_focused()
    keys.type("Harvest Blend")
    expect(palette.get_by_text("Press Enter to search everywhere.")).to_be_visible()
    keys.press("Enter")
    ben.arrive_at("q=Harvest")
    expect(page.get_by_role("link", name=re.compile("Harvest Blend")).first).to_be_visible()


def test_without_scripts_a_post_with_a_picture_is_written_and_planned(arrive):
    """UI.md: every write works as a plain form; the picture comes in by the composer's own field."""
    ben = arrive(has_scripts=False)
    ben.log_in("ben@acme.test")
    page = ben.page
    ben.open("/w/acme/posts/new/")
    expect(page.locator("form[hidden] input[type=file]")).to_be_hidden()
    page.get_by_label("Title, for the team only").fill("Plainly written")
    page.get_by_label("Text for all channels").fill("Two cups, no scripts.")
    page.get_by_label("Add pictures or video").set_input_files(
        {"name": "cup.png", "mimeType": "image/png", "buffer": draw("cup")}
    )
    page.get_by_role("button", name="Add or take out").click()
    expect(page.get_by_label("Text for all channels")).to_have_value("Two cups, no scripts.")
    expect(page.locator(".media-item")).to_have_count(1)
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Plainly written")
    page.get_by_role("link", name="Move").click()
    page.get_by_label("Day").fill("2031-03-04")
    page.get_by_label("Time", exact=True).fill("10:15")
    page.get_by_role("button", name="Move").click()
    expect(page.locator(".review-head")).to_contain_text("10:15")
