"""The first run, without a demo: from a new account to the first post that the public can read."""

import re
from email import message_from_bytes, policy
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from tests.journeys.browser import PHONE
from tests.journeys.product import ask
from tests.support.processes import eventually

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("product")]
PASSWORD = "a kettle, three cups"
TEXT = "We open on Saturday at nine. The first hundred cups are on us."
SEND_MS = 45_000


def test_a_newcomer_gets_to_the_first_published_post(arrive, product):
    mark = uuid4().hex[:6]
    slug, owner, lead = f"teh-{mark}", f"mei-{mark}@teh.test", f"sam-{mark}@teh.test"
    mei, sam = arrive(), arrive(size=PHONE)

    _begin(mei, owner, slug)
    address = _write(mei, slug)
    _invite(mei, slug, lead)
    _join(sam, product, lead)
    _approve(sam, slug)
    _publish(mei, address)

    feed = ask("GET", f"{product.url}/n/{slug}/feed.json").body
    assert [item["content_text"] for item in feed["items"]] == [TEXT]
    mei.open(f"/w/{slug}/work/")
    done = mei.page.locator(".first-run li[data-is=done]")
    expect(done).to_have_count(3)
    expect(mei.page.locator(".first-run li[data-is=now]")).to_contain_text("Connect a channel")


def _begin(mei, email: str, slug: str) -> None:
    """Make an account and a workspace; the first page says what to do first."""
    page = mei.page
    mei.open("/accounts/signup/")
    page.get_by_label("Your name").fill("Mei Chen")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("New password").fill(PASSWORD)
    mei.press("Make an account")
    expect(page.get_by_role("heading", name="Your first workspace")).to_be_visible()
    page.get_by_label("Name of the team or company").fill("Teh Tarik House")
    page.get_by_label("Address").fill(slug)
    mei.press("Make the workspace")
    page.wait_for_url(re.compile(f"/w/{slug}/"))
    mei.open(f"/w/{slug}/work/")
    expect(page.get_by_role("heading", name="First steps")).to_be_visible()


def _write(mei, slug: str) -> str:
    page = mei.page
    page.get_by_role("link", name="Write it").click()
    page.get_by_label("Title, for the team only").fill("Opening day")
    page.get_by_label("Text for all channels").fill(TEXT)
    page.get_by_role("button", name="Channels").click()
    page.locator("#channels").get_by_role("checkbox", name=re.compile("Newsroom")).check()
    page.keyboard.press("Escape")
    mei.press("Submit for approval")
    page.wait_for_url(re.compile(r"/posts/[0-9a-f-]{36}/$"))
    expect(page.locator(".review-head")).to_contain_text("In review")
    return page.url


def _invite(mei, slug: str, email: str) -> None:
    mei.open(f"/w/{slug}/work/")
    mei.page.get_by_role("link", name="Invite", exact=True).click()
    mei.page.get_by_label("E-mail address").fill(email)
    mei.page.get_by_label("Role").last.select_option(label="Team lead")
    mei.press("Send the invitation")
    expect(mei.page.get_by_text(email).first).to_be_visible()


def _link_for(product, email: str) -> str:
    """Return the link in the invitation's mail, where it has arrived."""
    for path in (product.data / "mail").glob("*.log"):
        mail = message_from_bytes(path.read_bytes(), policy=policy.default)
        body = mail.get_body(("plain",)) if email in str(mail["To"]) else None
        found = re.search(r"https?://\S+", body.get_content()) if body else None
        if found:
            return found.group()
    return ""


def _join(sam, product, email: str) -> None:
    link = eventually(lambda: _link_for(product, email), 30, "the invitation's mail")
    sam.page.goto(str(link))
    sam.page.get_by_label("Your name").fill("Sam Lee")
    sam.page.get_by_label("Password").fill(PASSWORD)
    sam.press("Join")
    sam.page.wait_for_url(re.compile("/w/"))


def _approve(sam, slug: str) -> None:
    sam.open(f"/w/{slug}/approvals/")
    sam.page.get_by_role("link", name="Opening day").first.click()
    expect(sam.page.locator(".review-preview")).to_contain_text(TEXT)
    sam.page.locator(".stickybar").get_by_role("button", name="Approve").click()
    expect(sam.page.get_by_text("Approved “Opening day”")).to_be_visible()


def _publish(mei, address: str) -> None:
    mei.page.goto(address)
    mei.page.get_by_role("link", name="Publish now").click()
    mei.page.get_by_role("dialog").get_by_role("button", name="Publish now").click()
    expect(mei.page.locator(".review-head")).to_contain_text("Published", timeout=SEND_MS)
