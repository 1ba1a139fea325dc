"""The main job in a real browser, out to real networks: Ben at his desk, Cleo on her phone, readers everywhere."""

import re
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from collab.demo.pictures import draw
from tests.journeys.browser import PHONE
from tests.journeys.product import ask
from tests.peers import servers
from tests.peers.servers import Account, Server

pytestmark = [pytest.mark.peers, pytest.mark.browser, pytest.mark.xdist_group("product")]
TITLE = f"Cold brew week {uuid4().hex[:6]}"
FIRST = "Cold brew week: a litre to take home — “sejuk” & ☕."
SECOND = "Cold brew week: a litre to take home, RM 24, all five stores — “slow is smooth” <since 2016> & still & true."
ALT = "A white cup of coffee on a green saucer"
NOTE = "Say the price, and where."
SEND_MS = 45_000


@dataclass(frozen=True)
class Networks:
    """The account on the Bluesky server, the Mastodon emulator, and the channels connected to them."""

    account: Account
    mastodon: Server
    toots_of: str
    kinds: dict[str, str]


@pytest.fixture
def networks(pds, mastodon, program) -> Networks:
    """Connect both as Ana does, with a log-in that the server itself handed out."""
    account = servers.make_account(pds)
    mastodon.post("/api/v1/_mock/reset", {})
    ana = program("ana@acme.test")
    made = {}
    for kind, credentials in (
        (
            "bluesky",
            {"service": pds.url, "identifier": account.handle, "app_password": account.app_password},
        ),
        ("mastodon", {"server": mastodon.url, "access_token": "acme-token"}),
    ):
        answer = ana.ask(
            "POST", "channels/", {"network": kind, "name": f"Real {kind}", "credentials": credentials}
        )
        assert answer.status == 201, answer.body
        assert account.app_password not in str(answer.body)
        assert "acme-token" not in str(answer.body)
        made[answer.body["id"]] = kind
    number = mastodon.get("/api/v1/accounts/verify_credentials", "acme-token")["id"]
    return Networks(account, mastodon, number, made)


def test_from_an_idea_to_every_network(arrive, product, program, networks):
    ben, cleo = arrive(), arrive(size=PHONE)
    ben.log_in("ben@acme.test")
    cleo.log_in("cleo@acme.test")

    address = _write_and_submit(ben)
    _ask_for_changes(cleo)
    _mend(ben, address)
    _approve(cleo)
    approved = _publish(ben, address, program("ben@acme.test"), networks)
    _read(arrive(), product, approved["newsroom"])
    _read_bluesky(networks, approved["bluesky"])
    _read_mastodon(networks, approved["mastodon"])


def _write_and_submit(ben) -> str:
    """Draft with a picture and its description, and a text of the newsroom's own; return the post's address."""
    page = ben.page
    ben.open("/w/acme/posts/new/")
    page.get_by_label("Title, for the team only").fill(TITLE)
    page.get_by_label("Text for all channels").fill(FIRST)
    page.get_by_role("button", name="Channels").click()
    for channel in ("Newsroom", "Real bluesky", "Real mastodon"):
        page.locator("#channels").get_by_role("checkbox", name=re.compile(channel)).check()
    page.keyboard.press("Escape")
    page.locator("input[type=file]").set_input_files(
        {"name": "cup.png", "mimeType": "image/png", "buffer": draw("cup")}
    )
    page.get_by_label("Description for people who cannot see it").fill(ALT, timeout=30_000)
    page.get_by_role("tab", name=re.compile("Newsroom")).click()
    page.get_by_role("checkbox", name=re.compile("Own text for")).locator("visible=true").check()
    page.get_by_role("textbox", name="Text for Newsroom").fill(FIRST + " Ask at the counter.")
    ben.press("Submit for approval")
    page.wait_for_url(re.compile(r"/posts/[0-9a-f-]{36}/"))
    expect(page.get_by_role("heading", level=1)).to_have_text(TITLE)
    expect(page.locator(".review-head")).to_contain_text("In review")
    expect(page.locator(".post-previews img").first).to_have_attribute("alt", ALT)
    return page.url


def _find(cleo) -> None:
    cleo.open("/w/acme/approvals/")
    cleo.page.get_by_role("link", name=TITLE).first.click()
    expect(cleo.page.get_by_role("heading", level=1)).to_have_text(TITLE)
    assert cleo.overflow() <= 0


def _ask_for_changes(cleo) -> None:
    _find(cleo)
    expect(cleo.page.locator(".review-preview").first).to_contain_text(FIRST)
    cleo.page.locator(".stickybar").get_by_role("button", name="Ask changes").click()
    cleo.page.get_by_role("dialog").get_by_label("What should change, and why").fill(NOTE)
    cleo.page.get_by_role("dialog").get_by_role("button", name="Ask for changes").click()
    expect(cleo.page.get_by_text(f"Sent back “{TITLE}” for changes")).to_be_visible()


def _mend(ben, address: str) -> None:
    page = ben.page
    page.goto(address)
    expect(page.locator(".review-head")).to_contain_text("Changes requested")
    expect(page.get_by_text(NOTE).first).to_be_visible()
    page.get_by_role("link", name="Edit").click()
    page.get_by_role("tab", name=re.compile("Newsroom")).click()
    page.get_by_role("textbox", name="Text for Newsroom").fill(SECOND)
    ben.press("Submit for approval")
    page.wait_for_url(address)
    expect(page.locator(".review-head")).to_contain_text("In review")


def _approve(cleo) -> None:
    """Approve on the phone, seeing what changed since the last look."""
    _find(cleo)
    changes = cleo.page.get_by_role("region", name="Changed since you looked")
    expect(changes.locator("ins").filter(has_text="RM 24").first).to_be_visible()
    expect(changes.locator("del").first).to_be_visible()
    expect(cleo.page.locator(".review-preview")).to_contain_text(SECOND)
    cleo.page.locator(".stickybar").get_by_role("button", name="Approve").click()
    expect(cleo.page.get_by_text(f"Approved “{TITLE}”")).to_be_visible()


def _publish(ben, address: str, bearer, networks: Networks) -> dict[str, dict]:
    """Send it now and see it go out without a reload; return by network the variant that was approved."""
    page = ben.page
    page.goto(address)
    expect(page.locator(".review-head")).to_contain_text("Approved")
    page.get_by_role("link", name="Publish now").click()
    page.get_by_role("dialog").get_by_role("button", name="Publish now").click()
    expect(page.locator(".review-head")).to_contain_text("Published", timeout=SEND_MS)
    ident = address.rstrip("/").rpartition("/")[2]
    post = bearer.ask("GET", f"posts/{ident}/").body
    rows = bearer.ask("GET", f"posts/{ident}/deliveries/").body["results"]
    assert len(rows) == len(post["variants"]) == 3
    found = {}
    for row in rows:
        assert (row["state"], row["revision"], row["content_hash"]) == (
            "published",
            post["revision"],
            post["content_hash"],
        )
        assert datetime.fromisoformat(row["scheduled_at"]) <= datetime.fromisoformat(row["published_at"])
        assert len(row["attempts"]) == 1
        variant = next(each for each in post["variants"] if each["channel"] == row["channel"])
        kind = networks.kinds.get(row["channel"], "newsroom")
        found[kind] = {**variant, "url": row["remote_url"], "id": row["remote_id"]}
    return found


def _read(reader, product, approved: dict) -> None:
    """Read as the public: the very text, the very picture, with its description."""
    assert approved["text"] == SECOND
    feed = ask("GET", f"{product.url}/n/acme/feed.json").body
    item = next(each for each in feed["items"] if each["url"] == approved["url"])
    assert item["content_text"] == SECOND
    reader.page.goto(approved["url"])
    assert reader.page.locator(".newsroom-text").inner_text() == SECOND
    expect(reader.page.locator(".newsroom-media img")).to_have_attribute("alt", ALT)
    picture = item["attachments"][0]
    assert picture["title"] == ALT
    content = reader.context.request.get(picture["url"]).body()
    assert len(content) == picture["size_in_bytes"]
    kept = [path.read_bytes() for path in (product.data / "media").rglob("*") if path.is_file()]
    assert content in kept


def _read_bluesky(networks: Networks, approved: dict) -> None:
    """Ask the server itself: one record, the words and the picture's description as approved."""
    assert approved["text"] == FIRST
    (record,) = networks.account.records()
    assert record["uri"] == approved["id"]
    assert record["value"]["text"].encode() == FIRST.encode()
    assert [image["alt"] for image in record["value"]["embed"]["images"]] == [ALT]


def _read_mastodon(networks: Networks, approved: dict) -> None:
    """Ask the server itself: one status, the words and the picture's description as approved."""
    assert approved["text"] == FIRST
    server = networks.mastodon
    (status,) = server.get(f"/api/v1/accounts/{networks.toots_of}/statuses", "reader-token")
    assert status["id"] == approved["id"]
    source = server.get(f"/api/v1/statuses/{status['id']}/source", "acme-token")
    assert source["text"].encode() == FIRST.encode()
    assert [media["description"] for media in status["media_attachments"]] == [ALT]
