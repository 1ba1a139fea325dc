"""A guest's browser asks for everything: what it gets is what its link shows, and nothing else anywhere (R12.3).

All addresses of the product are walked, with ids of things in the link's scope and beyond it: pages, API, files,
exports, feeds, the live stream. Beyond the guest's own pages it is answered as nobody's browser is.
"""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings
from django.core import mail
from django.test import Client

from calendar_app.content import VariantInput
from calendar_app.models import Post
from calendar_app.selectors import ref_of
from calendar_app.services.posts import create_post
from calendar_app.services.reviews import submit_post
from checkins.models import Meeting, Series
from collab.live import workspace_of
from comments.services import add_comment
from files.models import Media
from guests.models import GuestLink
from guests.services.links import make_link, revoke_link
from guests.services.mails import mail_link
from networks.models import Channel
from teams.tenancy import workspace_scope
from tests.guests.linking import path_in_mail
from tests.rules.routes import Route, routes
from tests.rules.subjects import BODIES, made, value_of
from tests.rules.world import World, make_world, undone
from tests.support import plugin

pytestmark = [pytest.mark.crawl, pytest.mark.final]

OURS = [route for route in routes() if route.access is not None]
GUESTS = [route for route in OURS if route.name.startswith("guests:")]
REST = [route for route in OURS if route not in GUESTS]
INSIDE = "internalcanary"


@dataclass
class Scene:
    """The crawl's world with a guest who sees one post of it."""

    world: World
    link: GuestLink
    post: Post
    picture: Media
    path: str
    browser: Client

    def words_beyond(self, body: bytes) -> list[str]:
        """Return which words that are not the guest's to read stand in an answer."""
        text = body.decode(errors="replace").lower()
        side = self.world.acme
        for known in (side.workspace.name, side.owner.user.name, "acmeword guest of mine"):
            text = text.replace(known.lower(), "")
        return [word for word in ("acmeword", "canarywharf", INSIDE) if word in text]


@pytest.fixture(scope="module")
def scene(django_db_setup, django_db_blocker) -> Iterator[Scene]:
    with django_db_blocker.unblock():
        yield make_scene(make_world())
        plugin.empty_database()


def make_scene(world: World) -> Scene:
    side = world.acme
    with workspace_scope(side.workspace.pk):
        newsroom = Channel.objects.get(kind="newsroom")
        picture = Media.objects.get(pk=made(side, "media"))
        picture.pk = None
        picture.id = type(picture)._meta.pk.get_default()
        picture.alt, picture.original_name = "A cup", "cup.webp"
        picture.save(force_insert=True)
        post = create_post(
            workspace=side.workspace,
            text="Words for the guest",
            media=[picture.pk],
            variants=[VariantInput(newsroom.pk)],
            by=side.by,
        )
        submit_post(post=post, by=side.by)
        ref = ref_of(post)
        inside = add_comment(subject=ref, body=f"{INSIDE} said", is_internal=True, by=side.by)
        add_comment(subject=ref, body=f"{INSIDE} answered", parent=inside, by=side.by)
        add_comment(subject=ref, body="Said to everybody", by=side.by)
        link = make_link(
            name="Acmeword guest of mine",
            email="mine@client.test",
            scope="posts",
            wanted={"posts": [post.pk]},
            by=side.by,
        )
    mail.outbox = []
    assert mail_link(workspace_id=side.workspace.pk, link_id=link.pk)
    path = path_in_mail()
    browser = Client(raise_request_exception=False)
    assert browser.get(path, follow=True).status_code == 200
    return Scene(world, link, post, picture, path, browser)


def ask(browser: Client, method: str, path: str, body: dict[str, Any]) -> tuple[int, bytes, str]:
    """Send a request; return status, body and where it leads. The browser keeps its cookies, whatever is answered."""
    twin = Client(raise_request_exception=False)
    twin.cookies = copy.deepcopy(browser.cookies)
    json = {"content_type": "application/json"} if path.startswith("/api/") and method != "GET" else {}
    with undone():
        response = getattr(twin, method.lower())(path, body, **json)
        content = b"".join(response.streaming_content) if response.streaming else response.content
    return response.status_code, content, response.get("Location", "")


def ids(route: Route) -> str:
    return route.name or route.pattern


@pytest.mark.parametrize("route", REST, ids=ids)
def test_beyond_its_pages_a_guests_browser_is_nobodys(scene: Scene, route: Route):
    """Ids in scope and beyond open no page, no API, no file, no export."""
    side = scene.world.acme
    values = {place: value_of(side, route.name, place) for place in route.places}
    wanted = [values, {**values, "post": scene.post.pk, "pk": scene.post.pk, "media": scene.picture.pk}]
    for filled in wanted:
        path = route.path("acme", filled)
        for method in route.access.methods:
            body = {}
            if f"{route.name}:{method}" in BODIES and method != "GET":
                with workspace_scope(side.workspace.pk):
                    body = BODIES[f"{route.name}:{method}"](side)
            mine = ask(scene.browser, method, path, body)
            nobodys = ask(Client(raise_request_exception=False), method, path, body)
            assert (mine[0], mine[2]) == (nobodys[0], nobodys[2]), f"{method} {path}"
            if route.access.kind == "member":
                assert mine[0] in (302, 401), f"{method} {path}: {mine[0]}"
                assert scene.words_beyond(mine[1]) == [], f"{method} {path}"


@pytest.mark.parametrize("route", GUESTS, ids=ids)
def test_a_guests_pages_show_the_scope_and_nothing_beyond(scene: Scene, route: Route):
    side = scene.world.acme
    own = {"link": scene.link.pk, "post": scene.post.pk, "media": scene.picture.pk, "size": "320"}
    beyond = {place: value_of(side, route.name, place) for place in route.places}
    foreign = {place: value_of(scene.world.other, route.name, place) for place in route.places}
    own |= {place: beyond[place] for place in set(route.places) - set(own)}
    for method in route.access.methods:
        for place in set(route.places) & {"post", "media", "meeting", "action"}:
            for other in (beyond, foreign):
                path = route.path("acme", {**own, place: other[place]})
                body = {
                    "body": "words",
                    "verdict": "approve",
                    "revision": str(scene.post.current_revision_id),
                }
                status, content, _to = ask(scene.browser, method, path, body)
                assert status == 404, f"{method} {path}: {status}"
                assert scene.words_beyond(content) == [], path
        if "link" in route.places:
            for other in (beyond, foreign):
                path = route.path("acme", {**own, "link": other["link"]})
                assert ask(scene.browser, method, path, {})[0] == 404, path
        if "secret" not in route.places:
            status, content, _to = ask(scene.browser, method, route.path("acme", own), {"body": "Hello"})
            assert status < 500
            assert scene.words_beyond(content) == [], route.pattern


def test_what_is_in_the_scope_is_shown(scene: Scene):
    """The detector works: the guest reads the post and what was said to everybody."""
    seen = scene.browser.get(f"/g/{scene.link.pk}/posts/{scene.post.pk}/").content
    assert b"Words for the guest" in seen
    assert b"Said to everybody" in seen
    assert scene.words_beyond(b"Acmeword channel, internalcanary") == ["acmeword", INSIDE]


def test_a_guests_session_has_no_live_stream(scene: Scene):
    """An internal comment is not even hinted at by an event."""
    session = scene.browser.cookies[settings.SESSION_COOKIE_NAME].value
    assert async_to_sync(workspace_of)(session, "acme") is None


def test_the_secret_is_no_token(scene: Scene):
    """What opens the guest's pages opens no API."""
    secret = scene.path.split("/")[2]
    for address in ("workspaces/", "w/acme/posts/", f"w/acme/posts/{scene.post.pk}/comments/"):
        answer = Client().get(f"/api/v1/{address}", headers={"Authorization": f"Bearer {secret}"})
        assert answer.status_code == 401


def test_a_stakeholders_link_opens_his_check_ins_and_nothing_else(scene: Scene):
    """R6.2: agenda, update, own actions and minutes; no post, no page or API of members, no other check-in."""
    side, browser = scene.world.acme, Client(raise_request_exception=False)
    assert browser.get(f"/g/{value_of(side, 'guests:meeting', 'secret')}/", follow=True).status_code == 200
    link = value_of(side, "guests:meeting", "link")
    with workspace_scope(side.workspace.pk):
        other = Series.objects.get(pk=value_of(side, "checkins:end", "series"))
        foreign = Meeting.objects.filter(series=other).earliest("pk").pk
        other.seats.filter(guest__isnull=False).delete()
    wrong = []
    for route in GUESTS:
        if "secret" in route.places:
            continue
        filled = {place: value_of(side, route.name, place) for place in route.places} | {"link": link}
        for method in route.access.methods:
            body = {"body": "words", "verdict": "approve", "revision": str(scene.post.current_revision_id)}
            status, _content, _to = ask(browser, method, route.path("acme", filled), body)
            if {"post", "media", "decision"} & set(route.places) and status != 404:
                wrong.append(f"{method} {route.pattern}: {status}")
            if "meeting" in route.places:
                assert ask(browser, method, route.path("acme", {**filled, "meeting": foreign}), {})[0] == 404
    for route in (one for one in REST if one.access.kind == "member" and "GET" in one.access.methods):
        filled = {place: value_of(side, route.name, place) for place in route.places}
        status = ask(browser, "GET", route.path("acme", filled), {})[0]
        if status not in (302, 401):
            wrong.append(f"GET {route.pattern}: {status}")
    assert wrong == []
    own = value_of(side, "guests:meeting", "meeting")
    assert b"Acmeword check-in" in browser.get(f"/g/{link}/meetings/{own}/").content


def test_a_revoked_link_opens_nothing_at_any_address(scene: Scene):
    """Pages, files and writes are shut in the browser that had them open."""
    with undone():
        with workspace_scope(scene.world.acme.workspace.pk):
            revoke_link(link=scene.link, by=scene.world.acme.by)
        _nothing_opens(scene)


def _nothing_opens(scene: Scene) -> None:
    own = {"link": scene.link.pk, "post": scene.post.pk, "media": scene.picture.pk, "size": "320"}
    for route in GUESTS:
        if "secret" in route.places:
            continue
        filled = {place: value_of(scene.world.acme, route.name, place) for place in route.places} | own
        for method in route.access.methods:
            status, content, _to = ask(scene.browser, method, route.path("acme", filled), {"body": "Hello"})
            assert status in (409, 410), f"{method} {route.pattern}: {status}"
            assert b"Words for the guest" not in content
    assert Client().get(scene.path, follow=True).status_code == 410
