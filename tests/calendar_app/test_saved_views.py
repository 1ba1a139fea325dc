"""Saved views (R4.6): kept under a name, private or shared, one of them the beginning of one's calendar."""

import re

import pytest

from calendar_app.models import DefaultView, SavedView
from teams.tenancy import workspace_scope
from tests.factories.posts import make_channel, make_post, soon

ROOT = "/w/acme/calendar"
VIEWS = f"{ROOT}/views/"


def text_of(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


@pytest.fixture
def here(cast):
    """The workspace's scope."""
    return lambda: workspace_scope(cast.acme.pk)


@pytest.fixture
def mastodon(cast, here):
    """A channel by which views narrow, with a post, beside one on the newsroom."""
    with here():
        found = make_channel(cast)
        make_post(cast, "For the newsroom", scheduled_at=soon())
        make_post(cast, "For Mastodon", scheduled_at=soon(), channels=[found])
    return found


@pytest.fixture
def keep(client_as, here, mastodon):
    """Keep a view of Mastodon's channel as a member, and return it."""

    def kept(member, name="Mastodon only", **more):
        query = f"channel={mastodon.pk}&state=nonsense&month=2030-03&view=all&q=Mastodon"
        client_as(member).post(VIEWS, {"name": name, "page": "list", "query": query, **more})
        with here():
            return SavedView.objects.get(name=name)

    return kept


def test_a_view_keeps_the_filters_and_leads_back_to_them(cast, client_as, keep, mastodon):
    view = keep(cast.ben)

    answer = client_as(cast.ben).get(f"{VIEWS}{view.pk}/")

    assert answer["Location"] == f"/w/acme/posts/?view={view.pk}&channel={mastodon.pk}&q=Mastodon"
    page = client_as(cast.ben).get(answer["Location"])
    assert "For Mastodon" in text_of(page)
    assert "For the newsroom" not in text_of(page)
    assert "Mastodon only" in text_of(page)
    assert "(changed)" not in text_of(page)


def test_a_private_view_is_for_its_owner_alone(cast, client_as, keep, here):
    view = keep(cast.ben)
    jun = client_as(cast.jun)

    assert "Mastodon only" not in text_of(jun.get(VIEWS))
    assert "Mastodon only" not in text_of(jun.get(f"{ROOT}/?month=2030-03"))
    for path in ("", "beginning/", "removal/"):
        assert jun.post(f"{VIEWS}{view.pk}/{path}", {"name": "Mine", "chosen": "on"}).status_code == 404
    with here():
        assert SavedView.objects.get().name == "Mastodon only"


def test_a_shared_view_is_seen_by_all_and_changed_by_who_may_share(cast, client_as, keep, here):
    view = keep(cast.ben, is_shared="on")

    assert "shared by Ben Tan" in text_of(client_as(cast.vera).get(VIEWS))
    assert client_as(cast.vera).post(f"{VIEWS}{view.pk}/removal/").status_code == 403
    assert (
        client_as(cast.vera).post(VIEWS, {"name": "V", "page": "week", "is_shared": "on"}).status_code == 403
    )
    client_as(cast.jun).post(f"{VIEWS}{view.pk}/", {"name": "All of Mastodon", "is_shared": "on"})
    with here():
        assert SavedView.objects.get().name == "All of Mastodon"
        assert SavedView.objects.get().owner_id == cast.ben.pk


def test_the_calendar_begins_with_the_chosen_view_for_each_person(cast, client_as, keep, here):
    view = keep(cast.ben, is_shared="on")
    vera, jun = client_as(cast.vera), client_as(cast.jun)

    vera.post(f"{VIEWS}{view.pk}/beginning/", {"chosen": "on"})

    assert vera.get(f"{ROOT}/")["Location"].startswith(f"/w/acme/posts/?view={view.pk}&channel=")
    assert jun.get(f"{ROOT}/").status_code == 200
    assert vera.get(f"{ROOT}/?view=all").status_code == 200
    client_as(cast.ben).post(f"{VIEWS}{view.pk}/", {"name": "Mastodon only"})  # no longer shared
    assert vera.get(f"{ROOT}/").status_code == 200
    with here():
        assert DefaultView.objects.count() == 0


def test_a_view_that_was_filtered_further_says_so_and_takes_the_change(cast, client_as, keep, here):
    view = keep(cast.ben)
    ben = client_as(cast.ben)

    page = ben.get(f"/w/acme/posts/?view={view.pk}&state=draft")
    assert "(changed)" in text_of(page)
    query = re.search(r'name="query" value="([^"]*)"', page.content.decode())[1].replace("&amp;", "&")
    ben.post(f"{VIEWS}{view.pk}/", {"query": query, "page": "month"})

    with here():
        found = SavedView.objects.get()
    assert (found.page, found.filters, found.name) == ("month", {"state": ["draft"]}, "Mastodon only")


def test_a_name_stands_once_for_each_person(cast, client_as, keep, here):
    keep(cast.ben)

    answer = client_as(cast.ben).post(VIEWS, {"name": "MASTODON only", "page": "month"})

    assert answer.status_code == 422
    assert "There is a view of this name already." in text_of(answer)
    keep(cast.jun, name="Mastodon  only".replace("  ", " ").title())
    with here():
        assert SavedView.objects.count() == 2


def test_a_program_keeps_changes_chooses_and_removes_views(cast, api_as, here, mastodon):
    ben = api_as(cast.ben)
    body = {
        "name": "By program",
        "page": "week",
        "filters": {"channel": [str(mastodon.pk)]},
        "is_default": True,
    }

    made = ben.post("/api/v1/w/acme/views/", body).json()
    assert made["filters"]["channel"] == [str(mastodon.pk)]
    assert made["is_default"] is True
    path = f"/api/v1/w/acme/views/{made['id']}/"
    changed = ben.patch(path, {"name": "Changed"}).json()
    assert (changed["name"], changed["page"], changed["is_default"]) == ("Changed", "week", True)
    assert ben.delete(path).status_code == 204
    with here():
        assert SavedView.objects.count() == 0
