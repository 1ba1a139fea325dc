"""The main job over REST, through the whole product: Ben writes, Cleo approves, the engine sends it once."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.journeys.product import ask
from tests.support.processes import eventually

pytestmark = [pytest.mark.services, pytest.mark.xdist_group("product")]
TEXT = "Kopi Raya & friends: “satu”, dua <tiga>\n\nÉmile says: 100 % arabica — 5 × 200 g ☕️"
SEND_SECONDS = 30


@pytest.fixture(scope="module")
def ben(program):
    return program("ben@acme.test")


@pytest.fixture(scope="module")
def cleo(program):
    return program("cleo@acme.test")


@pytest.fixture(scope="module")
def newsroom(ben):
    found = ben.ask("GET", "channels/").body["results"]
    return next(channel["id"] for channel in found if channel["network"] == "newsroom")


def write(ben, newsroom, text):
    answer = ben.ask(
        "POST", "posts/", {"title": text[:40], "variants": [{"channel": newsroom, "text": text}]}
    )
    assert answer.status == 201, answer.body
    return answer.body


def deliveries(program, post):
    return program.ask("GET", f"posts/{post['id']}/deliveries/").body["results"]


def state(program, post):
    return program.ask("GET", f"posts/{post['id']}/").body["state"]


def published(program, post):
    """Wait until the post is out, and return its deliveries."""
    eventually(lambda: state(program, post) == "published", SEND_SECONDS, "published")
    return deliveries(program, post)


def soon():
    """Return an instant a few seconds ahead."""
    return (datetime.now(UTC) + timedelta(seconds=4)).isoformat()


def items(program):
    """Return what stands in the public feed, by its address."""
    url = program.product.url
    feed = ask("GET", f"{url}/n/{program.workspace}/feed.json").body
    return {item["url"]: item for item in feed["items"]}


def test_what_cleo_approved_is_what_the_public_reads(ben, cleo, newsroom):
    post = write(ben, newsroom, TEXT)
    assert (post["state"], post["revision"], post["held"]) == ("draft", 1, False)

    submitted = ben.ask("POST", f"posts/{post['id']}/submission/", {"note": "For Friday"})
    assert (submitted.status, submitted.body["state"]) == (201, "in_review")

    own = ben.ask("POST", f"posts/{post['id']}/decisions/", {"revision": 1, "verdict": "approve"})
    assert own.status == 403
    assert own.body["why"]["verb"] == "approvals.request.decide"
    assert "Cleo Marchetti" in own.body["why"]["ask"]
    assert state(ben, post) == "in_review"

    decided = cleo.ask("POST", f"posts/{post['id']}/decisions/", {"revision": 1, "verdict": "approve"})
    assert (decided.status, decided.body["by_name"], decided.body["for"]) == (201, "Cleo Marchetti", None)
    assert decided.body["content_hash"] == post["content_hash"]
    assert state(ben, post) == "approved"

    planned = ben.ask("PUT", f"posts/{post['id']}/schedule/", {"scheduled_at": "now"})
    assert planned.status == 200, planned.body
    (row,) = published(ben, post)
    assert (row["channel"], row["state"], row["revision"]) == (newsroom, "published", 1)
    assert row["content_hash"] == post["content_hash"]
    (attempt,) = row["attempts"]
    assert (attempt["outcome"], attempt["http_status"]) == ("accepted", 201)
    steps = [row["scheduled_at"], attempt["intent_at"], attempt["sent_at"], row["published_at"]]
    assert steps == sorted(steps, key=datetime.fromisoformat)
    item = items(ben)[row["remote_url"]]
    assert item["content_text"] == TEXT
    assert [each["content_text"] for each in items(ben).values()].count(TEXT) == 1


def test_a_decision_on_an_older_revision_is_refused(ben, cleo, newsroom):
    post = write(ben, newsroom, "The first wording")
    ben.ask("POST", f"posts/{post['id']}/submission/", {})
    edited = ben.ask(
        "PATCH",
        f"posts/{post['id']}/",
        {"variants": [{"channel": newsroom, "text": "The second wording"}]},
        If_Match='"1"',
    )
    assert (edited.status, edited.body["state"], edited.body["revision"]) == (200, "draft", 2)
    ben.ask("POST", f"posts/{post['id']}/submission/", {})

    late = cleo.ask("POST", f"posts/{post['id']}/decisions/", {"revision": 1, "verdict": "approve"})
    assert (late.status, late.body["code"]) == (409, "not_under_review")
    assert state(ben, post) == "in_review"
    stale = ben.ask("PATCH", f"posts/{post['id']}/", {"title": "Too late"}, If_Match='"1"')
    assert stale.status == 412
    assert ben.ask("GET", f"posts/{post['id']}/").body["revision"] == 2


def test_an_edit_after_approval_takes_it_back_and_nothing_is_sent(ben, cleo, newsroom):
    text = "Approved, then thought better of"
    post = write(ben, newsroom, text)
    ben.ask("POST", f"posts/{post['id']}/submission/", {})
    cleo.ask("POST", f"posts/{post['id']}/decisions/", {"revision": 1, "verdict": "approve"})
    planned = ben.ask("PUT", f"posts/{post['id']}/schedule/", {"scheduled_at": soon()})
    assert (planned.status, planned.body["state"]) == (200, "scheduled")

    edited = ben.ask(
        "PATCH",
        f"posts/{post['id']}/",
        {"variants": [{"channel": newsroom, "text": "Something else"}], "scheduled_at": None},
        If_Match='"1"',
    )
    assert (edited.status, edited.body["state"]) == (200, "draft")
    assert [(row["state"], row["attempts"]) for row in deliveries(ben, post)] == [("cancelled", [])]
    refused = ben.ask("PUT", f"posts/{post['id']}/schedule/", {"scheduled_at": "now"})
    assert (refused.status, refused.body["code"]) == (409, "not_approved")

    witness = write(ben, newsroom, "Sent later, so the time of the other one is over")
    ben.ask("POST", f"posts/{witness['id']}/submission/", {})
    cleo.ask("POST", f"posts/{witness['id']}/decisions/", {"revision": 1, "verdict": "approve"})
    ben.ask("PUT", f"posts/{witness['id']}/schedule/", {"scheduled_at": soon()})
    published(ben, witness)
    assert text not in [item["content_text"] for item in items(ben).values()]


def test_eve_finds_no_trace_of_it(program, product, ben, newsroom):
    post = write(ben, newsroom, "For the team's eyes")
    eve = product.token("eve@other.test", "other")
    for path in ("posts/", f"posts/{post['id']}/", f"posts/{post['id']}/deliveries/"):
        answer = ask("GET", f"{product.url}/api/v1/w/acme/{path}", token=eve)
        assert answer.status in (401, 404), path
        assert post["id"] not in str(answer.body).replace(path, "")


def test_the_record_of_the_running_product_holds(product):
    assert "chain holds" in product.manage("verify_activity", "--workspace", "acme")
