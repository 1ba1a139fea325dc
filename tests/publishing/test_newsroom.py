"""The whole way to the newsroom: written, cleared, planned, due, put over real HTTP, found on the public page."""

from urllib.parse import urlsplit

import pytest

from calendar_app.services.planning import schedule_post
from calendar_app.services.reviews import submit_post
from networks.newsroom.models import NewsroomItem
from publishing import ledger
from publishing.models import Delivery
from publishing.services import delivering
from publishing.services.delivering import deliver
from publishing.services.settling import settle_unknown
from publishing.timing import clock
from teams.tenancy import workspace_scope
from tests.factories.deliveries import allow_policy, delivery_of
from tests.factories.posts import make_post, newsroom_of

pytestmark = pytest.mark.services


@pytest.fixture
def site(live_server, live_cast, settings):
    settings.NEWSROOM_URL = live_server.url
    settings.BASE_URL = live_server.url
    settings.ALLOWED_HOSTS = ["*"]
    allow_policy(live_cast.acme)
    return live_cast


def due_post(cast):
    with workspace_scope(cast.acme.pk):
        post = make_post(cast, "Kopi Raya is back", channels=[newsroom_of(cast)])
        submit_post(post=post, by=cast.actor("ben"))
        return schedule_post(post=post, scheduled_at="now", by=cast.actor("ben"))


def test_a_post_published_now_is_on_the_public_page(site, client):
    post = due_post(site)
    for claim in ledger.claim_due():
        deliver(workspace_id=claim.workspace_id, delivery_id=claim.delivery_id, token=claim.token)

    with workspace_scope(site.acme.pk):
        row = delivery_of(post)
        assert NewsroomItem.objects.count() == 1
    assert row.state == "published"
    page = client.get(urlsplit(row.remote_url).path)
    assert "Kopi Raya is back" in page.content.decode()


def test_an_item_whose_answer_was_lost_is_found_by_its_key(site, monkeypatch):
    post = due_post(site)
    monkeypatch.setattr(delivering, "_confirm", lambda *_: "")
    for claim in ledger.claim_due():
        deliver(workspace_id=claim.workspace_id, delivery_id=claim.delivery_id, token=claim.token)
    with workspace_scope(site.acme.pk):
        Delivery.objects.update(lease_until=clock(-1), settle_until=clock(-1))
    assert ledger.lose_calls() == 1

    for claim in ledger.claim_unsettled():
        settle_unknown(workspace_id=claim.workspace_id, delivery_id=claim.delivery_id, token=claim.token)

    with workspace_scope(site.acme.pk):
        row = delivery_of(post)
        assert (row.state, NewsroomItem.objects.count()) == ("published", 1)
        assert row.remote_url.startswith("http")
