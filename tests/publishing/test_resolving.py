"""What people decide about single deliveries, through the API and the pages."""

import json

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core.errors import Invalid, WrongState
from publishing import ledger
from publishing.models import Attempt, Delivery
from publishing.services.delivering import deliver
from publishing.services.resolving import resolve_delivery, send_again
from publishing.services.settling import settle_unknown
from publishing.timing import clock
from teams.actors import Actor
from teams.services.keys import create_token
from teams.tenancy import workspace_scope
from tests.factories.deliveries import delivery_of, fake_channel, plan


def carry() -> None:
    for claim in ledger.claim_due():
        deliver(workspace_id=claim.workspace_id, delivery_id=claim.delivery_id, token=claim.token)


def settle() -> None:
    Delivery.objects.filter(state="unknown").update(settle_until=clock(-1))
    for claim in ledger.claim_unsettled():
        settle_unknown(workspace_id=claim.workspace_id, delivery_id=claim.delivery_id, token=claim.token)


@pytest.fixture
def unclear(team, net):
    """A delivery of which nobody knows whether it is live; it is not."""
    post = plan(team.acme, [fake_channel(team.acme, "N", net.url)], "Kopi")
    net.tell("Kopi", "drop")
    carry()
    settle()
    assert delivery_of(post).state == "needs_attention"
    return post


def test_saying_it_is_live_publishes_it(team, unclear):
    row = resolve_delivery(
        delivery=delivery_of(unclear), live=True, remote_url="https://x.test/1", by=team.actor("ben")
    )

    unclear.refresh_from_db()
    assert (row.state, row.remote_url, unclear.state) == ("published", "https://x.test/1", "published")


def test_saying_it_is_not_live_fails_it_and_offers_to_send_again(team, unclear, net):
    row = resolve_delivery(delivery=delivery_of(unclear), live=False, by=team.actor("ben"))
    unclear.refresh_from_db()
    assert (row.state, unclear.state) == ("failed", "failed")

    again = send_again(delivery=row, by=team.actor("ben"))
    assert (again.pk != row.pk, again.occurrence_no) == (True, 2)
    carry()

    unclear.refresh_from_db()
    assert (net.copies("Kopi"), unclear.state) == (1, "published")


def test_a_delivery_that_was_turned_away_is_sent_again_in_the_same_row(team, net):
    post = plan(team.acme, [fake_channel(team.acme, "N", net.url)], "Kopi")
    net.tell("Kopi", "refuse")
    carry()

    again = send_again(delivery=delivery_of(post), by=team.actor("ben"))
    carry()

    row = delivery_of(post)
    assert (again.pk, row.occurrence_no, row.state, net.copies("Kopi")) == (row.pk, 1, "published", 1)
    assert list(Attempt.objects.order_by("number").values_list("outcome", flat=True)) == [
        "rejected",
        "accepted",
    ]


@pytest.mark.parametrize(
    "state", ["scheduled", "claimed", "sending", "unknown", "published", "needs_attention"]
)
def test_what_is_or_may_be_live_or_is_planned_cannot_be_sent_again(team, net, state):
    post = plan(team.acme, [fake_channel(team.acme, "N", net.url)], "Kopi")
    Delivery.objects.update(
        state=state, lease_until=clock(9), lease_token=post.pk, settle_until=clock(9), published_at=clock()
    )

    with pytest.raises(WrongState):
        send_again(delivery=delivery_of(post), by=team.actor("ben"))


def test_sending_again_twice_is_refused(team, unclear):
    row = resolve_delivery(delivery=delivery_of(unclear), live=False, by=team.actor("ben"))
    send_again(delivery=row, by=team.actor("ben"))

    with pytest.raises(WrongState):
        send_again(delivery=Delivery.objects.get(pk=row.pk), by=team.actor("ben"))


def test_a_settled_delivery_is_not_settled_again(team, unclear):
    row = resolve_delivery(delivery=delivery_of(unclear), live=False, by=team.actor("ben"))
    with pytest.raises(WrongState):
        resolve_delivery(delivery=row, live=True, by=team.actor("ben"))


@pytest.mark.parametrize("url", ["javascript:alert(1)", "ftp://x.test", "nonsense", "https://" + "x" * 2001])
def test_only_an_address_of_the_web_is_kept(team, unclear, url):
    with pytest.raises(Invalid):
        resolve_delivery(delivery=delivery_of(unclear), live=True, remote_url=url, by=team.actor("ben"))
    assert delivery_of(unclear).state == "needs_attention"


def test_what_was_never_sent_cannot_be_said_to_be_live(team, unclear):
    Delivery.objects.update(reason="late")
    with pytest.raises(WrongState):
        resolve_delivery(delivery=delivery_of(unclear), live=True, by=team.actor("ben"))


# The API


@pytest.fixture
def api(team):
    """Call the API as a member: `api("ben", "GET", "hold/")`."""

    def call(name: str, method: str, path: str, body: object = None):
        _key, secret = create_token(member=getattr(team, name), purpose="test", by=Actor.system(team.acme.pk))
        return Client().generic(
            method,
            f"/api/v1/w/acme/{path}",
            data=json.dumps(body or {}),
            content_type="application/json",
            HTTP_AUTHORIZATION=f"Bearer {secret}",
        )

    return call


def test_the_api_lists_deliveries_with_every_attempt(team, api, unclear):
    answer = api("vera", "GET", f"posts/{unclear.pk}/deliveries/")

    row = delivery_of(unclear)
    (found,) = answer.json()["results"]
    assert answer.status_code == 200
    assert found["id"] == str(row.pk)
    assert found["state"] == "needs_attention"
    assert found["content_hash"] == row.content_hash
    assert found["revision"] == 1
    assert [(a["outcome"], a["http_status"]) for a in found["attempts"]] == [("unknown", None)]
    assert found["attempts"][0]["intent_at"].endswith("Z")


@pytest.mark.parametrize(("live", "state"), [(True, "published"), (False, "failed")])
def test_the_api_takes_a_resolution(team, api, unclear, live, state):
    answer = api("ben", "POST", f"deliveries/{delivery_of(unclear).pk}/resolution/", {"live": live})

    assert (answer.status_code, answer.json()["state"], delivery_of(unclear).state) == (200, state, state)
    again = api("ben", "POST", f"deliveries/{delivery_of(unclear).pk}/resolution/", {"live": live})
    assert (again.status_code, again.json()["code"]) == (409, "wrong_state")


def test_who_may_not_publish_may_not_resolve(team, api, unclear):
    answer = api("vera", "POST", f"deliveries/{delivery_of(unclear).pk}/resolution/", {"live": True})
    assert answer.status_code == 403
    assert answer.json()["why"]["verb"] == "publishing.delivery.resolve"
    assert delivery_of(unclear).state == "needs_attention"


def test_a_delivery_of_another_workspace_does_not_exist(team, unclear):
    with workspace_scope(team.other.pk):
        _key, secret = create_token(member=team.eve, purpose="test", by=team.actor("eve"))
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {secret}"}
    row = delivery_of(unclear)

    assert Client().get(f"/api/v1/w/other/posts/{unclear.pk}/deliveries/", **bearer).status_code == 404
    answer = Client().post(f"/api/v1/w/other/deliveries/{row.pk}/resolution/", {"live": True}, **bearer)
    assert answer.status_code == 404
    assert delivery_of(unclear).state == "needs_attention"


def test_the_api_pauses_and_resumes(team, api):
    assert api("ben", "GET", "hold/").json() == {
        "held": False,
        "reason": None,
        "since": None,
        "by": None,
        "channel": None,
        "campaign": None,
        "waiting": 0,
        "late": 0,
    }
    paused = api("ben", "PUT", "hold/", {"reason": "Wrong price"})
    assert (paused.status_code, paused.json()["held"], paused.json()["by"]) == (200, True, "Ben Tan")
    refused = api("ben", "DELETE", "hold/")
    assert (refused.status_code, refused.json()["why"]["verb"]) == (403, "publishing.hold.end")
    assert api("cleo", "DELETE", "hold/").status_code == 204
    assert api("ben", "GET", "hold/").json()["held"] is False


# The pages


def test_the_post_page_asks_whether_it_is_live_and_takes_the_answer(team, client_as, unclear):
    row = delivery_of(unclear)
    page = client_as(team.ben).get(f"/w/acme/posts/{unclear.pk}/").content.decode()
    assert "We cannot tell whether this is live." in page
    assert f'action="/w/acme/deliveries/{row.pk}/resolution/"' in page

    answer = client_as(team.ben).post(f"/w/acme/deliveries/{row.pk}/resolution/", {"live": "no"}, follow=True)

    assert delivery_of(unclear).state == "failed"
    assert "Send again" in answer.content.decode()


def test_a_viewer_sees_the_question_without_the_buttons(team, client_as, unclear):
    page = client_as(team.vera).get(f"/w/acme/posts/{unclear.pk}/").content.decode()
    assert "We cannot tell whether this is live." in page
    assert "/resolution/" not in page


def test_a_wrong_address_on_the_page_changes_nothing(team, client_as, unclear):
    path = f"/w/acme/deliveries/{delivery_of(unclear).pk}/resolution/"
    answer = client_as(team.ben).post(path, {"live": "yes", "remote_url": "javascript:1"}, follow=True)
    assert "Give the address of the post" in answer.content.decode()
    assert delivery_of(unclear).state == "needs_attention"


def test_the_list_of_troubles_shows_what_waits_and_not_what_was_sent_again(team, client_as, unclear):
    browser = client_as(team.ben)
    assert f"delivery-row-{delivery_of(unclear).pk}" in browser.get("/w/acme/deliveries/").content.decode()
    row = resolve_delivery(delivery=delivery_of(unclear), live=False, by=team.actor("ben"))
    send_again(delivery=row, by=team.actor("ben"))
    assert "delivery-row-" not in browser.get("/w/acme/deliveries/").content.decode()


def test_the_pause_page_pauses_shows_what_waits_and_resumes(team, client_as, net):
    post = plan(team.acme, [fake_channel(team.acme, "D", net.url)], "Kopi")
    ben, cleo = client_as(team.ben), client_as(team.cleo)

    page = ben.post("/w/acme/pause/", {"reason": "Wrong price"}, follow=True).content.decode()
    assert f"held-row-{delivery_of(post).pk}" in page
    assert "Wrong price" in page
    assert "Resume sending" not in page
    assert "Resume sending" in cleo.get("/w/acme/pause/").content.decode()
    assert ben.post("/w/acme/pause/resumption/").status_code == 403

    cleo.post("/w/acme/pause/resumption/")
    assert delivery_of(post).held_for == ""


@pytest.mark.parametrize("rows", [1, 3])
def test_the_ledger_takes_the_same_queries_for_one_channel_and_for_three(team, client_as, net, rows):
    channels = [fake_channel(team.acme, "N", net.url, position=n) for n in range(rows)]
    post = plan(team.acme, channels, "Kopi")
    carry()
    browser = client_as(team.vera)
    browser.get(f"/w/acme/posts/{post.pk}/")
    with CaptureQueriesContext(connection) as counted:
        browser.get(f"/w/acme/posts/{post.pk}/")
    asked = [q["sql"][:60] for q in counted.captured_queries if 'FROM "publishing_' in q["sql"]]
    assert len(asked) == 4, asked
