"""The queues: filters in the address, pages, and what five hundred cards cost (line 12; row 4 of the list)."""

import re
from datetime import timedelta
from urllib.parse import urlencode

import psycopg2
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from approvals.models import Request
from approvals.services.decisions import decide
from bench.data import fill_reviews
from calendar_app.models import Label, Post, PostLabel
from calendar_app.services.campaigns import create_campaign
from calendar_app.services.reviews import submit_post
from core.clock import now
from teams.models import Absence
from teams.tenancy import workspace_scope
from tests.approvals.paper import away
from tests.approvals.test_api import submit_for
from tests.approvals.test_views import form_of, words
from tests.calendar_app.test_month_cost import working
from tests.factories.posts import make_channel, make_post
from tests.support import plugin

QUEUE = "/w/acme/approvals/"
MANY = 500
MOST_STATEMENTS = 10


def titles(page) -> list[str]:
    """Return the names of the cards, in their order."""
    return re.findall(r'class="list-title"><a [^>]+>([^<]+)</a>', page.content.decode())


def tabs(page) -> dict[str, str]:
    found = re.findall(r'class="tab" [^>]+>([^<]+) <span class="num muted">([^<]+)<', page.content.decode())
    return dict(found)


@pytest.fixture
def sorted_posts(cast) -> dict[str, str]:
    """Four posts in review, told apart by network, campaign, label and author; returns the values of the filters."""
    with workspace_scope(cast.acme.pk):
        ben, jun, ana = (cast.actor(name) for name in ("ben", "jun", "ana"))
        day = now().date()
        raya = create_campaign(workspace=cast.acme, name="Raya", starts_on=day, ends_on=day, by=ana)
        label = Label(workspace=cast.acme, name="menu")
        label.save()
        bluesky = make_channel(cast, name="Acme on Bluesky", kind="bluesky")
        made = {
            "plain": make_post(cast, "plain"),
            "raya": make_post(cast, "raya"),
            "menu": make_post(cast, "menu", by="jun"),
            "blue": make_post(cast, "blue", channels=[bluesky]),
        }
        Post.objects.filter(pk__in=[made["raya"].pk, made["menu"].pk]).update(campaign=raya)
        for name in ("menu", "blue"):
            PostLabel(workspace=cast.acme, post=made[name], label=label).save()
        for name, post in made.items():
            submit_post(post=Post.objects.get(pk=post.pk), by=jun if name == "menu" else ben)
        return {
            "network": "bluesky",
            "campaign": str(raya.pk),
            "label": str(label.pk),
            "author": str(cast.ben.pk),
        }


NARROWED = {
    (): ["blue", "menu", "plain", "raya"],
    ("network",): ["blue"],
    ("campaign",): ["menu", "raya"],
    ("label",): ["blue", "menu"],
    ("author",): ["blue", "plain", "raya"],
    ("campaign", "author"): ["raya"],
    ("label", "campaign"): ["menu"],
    ("network", "label", "author"): ["blue"],
    ("network", "campaign"): [],
}


def test_filters_stand_in_the_address_and_narrow_together(cast, client_as, sorted_posts):
    client = client_as(cast.cleo)
    for names, expected in NARROWED.items():
        page = client.get(f"{QUEUE}?{urlencode({name: sorted_posts[name] for name in names})}")
        assert (names, sorted(titles(page))) == (names, expected)
        assert tabs(page)["To decide"] == str(len(expected))
        for name in names:
            assert f'name="{name}" value="{sorted_posts[name]}" checked' in page.content.decode()
    assert "Nothing here fits these filters" in words(page)


def test_other_queues_are_narrowed_too_and_a_foreign_value_shows_nothing_of_it(cast, client_as, sorted_posts):
    ben = client_as(cast.ben)
    asked = urlencode({"tab": "others", "campaign": sorted_posts["campaign"]})
    assert titles(ben.get(f"{QUEUE}?{asked}")) == ["raya"]
    with workspace_scope(cast.acme.pk):
        for request in Request.objects.order_by("pk"):
            decide(
                request=request,
                verdict="request_changes",
                revision_id=request.revision_id,
                note="Shorter.",
                by=cast.actor("cleo"),
            )
    asked = urlencode({"tab": "back", "network": "bluesky"})
    assert titles(ben.get(f"{QUEUE}?{asked}")) == ["blue"]
    odd = ben.get(f"{QUEUE}?tab=back&campaign=nonsense&network='%3b--&author=1&whose=nobody")
    assert sorted(titles(odd)) == ["blue", "plain", "raya"]


def test_what_lost_its_time_is_the_fifth_queue(cast, client_as, sorted_posts):
    with workspace_scope(cast.acme.pk):
        past = {"scheduled_at": now() - timedelta(hours=1), "wall_time": "2026-11-27T09:00:00", "zone": "UTC"}
        Post.objects.filter(headline__startswith="menu").update(**past)
    page = client_as(cast.cleo).get(f"{QUEUE}?tab=expired")
    assert (titles(page), tabs(page)["Expired"]) == (["menu"], "1")
    assert titles(client_as(cast.jun).get(f"{QUEUE}?tab=expired")) == ["menu"]
    assert titles(client_as(cast.farah).get(f"{QUEUE}?tab=expired")) == []


def test_mine_and_covered_are_told_apart_and_say_for_whom(cast, client_as):
    with workspace_scope(cast.acme.pk):
        away(cast, "cleo", "ana")
        Absence.objects.update(recorded_by=cast.ana)
    submit_for(cast, "ben")
    submit_for(cast, "ana", "From Ana.")
    ana = client_as(cast.ana)
    assert len(titles(ana.get(QUEUE))) == 1
    assert len(titles(ana.get(f"{QUEUE}?whose=mine"))) == 1
    covered = ana.get(f"{QUEUE}?whose={cast.cleo.pk}")
    assert len(titles(covered)) == 1
    assert "for Cleo" in words(covered)
    assert "for Cleo" not in words(ana.get(f"{QUEUE}?whose=mine"))


def test_the_review_goes_on_within_the_filtered_queue(cast, client_as, sorted_posts):
    client = client_as(cast.cleo)
    asked = f"?{urlencode({'label': sorted_posts['label']})}"
    page = client.get(QUEUE + asked).content.decode()
    first = re.search(rf'href="(/w/acme/approvals/[0-9a-f-]+/\{asked})"', page)[1]
    review = client.get(first)
    assert "1 of 2" in words(review)
    with workspace_scope(cast.acme.pk):
        request = Request.objects.get(pk=first.split("/")[4])
    action = re.search(r'id="decide" method="post" action="([^"]+)"', review.content.decode())[1]
    following = client.post(action, form_of(request, "approve")).url
    assert following.endswith(asked)
    assert "1 of 1" in words(client.get(following))
    with workspace_scope(cast.acme.pk):
        request = Request.objects.get(pk=following.split("/")[4])
    last = client.post(f"{following.split('?')[0]}decision/{asked}", form_of(request, "approve"))
    assert last.url == QUEUE + asked


@pytest.fixture
def crowded(live_cast):
    """Five hundred posts that wait for Cleo, all of one campaign, in a database that knows how full it is."""
    dsn = plugin.cluster.admin_dsn(plugin.database)
    link = psycopg2.connect(dsn)
    link.autocommit = True
    with workspace_scope(live_cast.acme.pk):
        day = now().date()
        by = live_cast.actor("ana")
        made = create_campaign(workspace=live_cast.acme, name="Raya", starts_on=day, ends_on=day, by=by)
    with link.cursor() as cursor:
        ids = {"author": live_cast.ben.pk, "reviewer": live_cast.cleo.pk}
        fill_reviews(cursor, live_cast.acme.pk, **ids, number=MANY)
        cursor.execute("UPDATE calendar_app_post SET campaign_id = %s", [str(made.pk)])
        cursor.execute("ANALYZE")
    link.close()
    return live_cast, made


def test_five_hundred_cards_cost_ten_statements_and_all_are_reached(crowded, client_as):
    cast, campaign = crowded
    client = client_as(cast.cleo)
    client.get(QUEUE)
    for asked in ("", f"?campaign={campaign.pk}&author={cast.ben.pk}&network=newsroom"):
        with CaptureQueriesContext(connection) as found:
            page = client.get(QUEUE + asked)
        statements = working(found.captured_queries)
        assert len(statements) <= MOST_STATEMENTS, "\n\n".join(sql[:300] for sql in statements)
        assert (tabs(page)["To decide"], len(titles(page))) == (str(MANY), 50)

    seen: list[str] = []
    further = page
    while further is not None:
        seen += re.findall(r'id="request-row-([^"]+)"', page.content.decode())
        further = re.search(r'rel="next" href="([^"]+)"', page.content.decode())
        page = client.get(QUEUE + further[1].replace("&amp;", "&")) if further else page
    assert (len(seen), len(set(seen))) == (MANY, MANY)
    assert client.get(f"{QUEUE}?after=nonsense").status_code == 422
    assert f"{MANY} of {MANY}" in words(client.get(f"{QUEUE}{seen[-1]}/"))
