"""Everybody asks for everything: what is answered follows from the declared rule, and nothing gets out."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.http import HttpResponse
from django_scopes import scopes_disabled

from teams import middleware, tenancy
from teams.models import Membership
from teams.permissions import verbs_of
from teams.states import RoleKey
from teams.tenancy import memberships_of
from tests.rules.routes import Route, routes
from tests.rules.subjects import BODIES, NARROWER, SHARED, value_of
from tests.rules.world import CANARY, Side, Visitor, Witness, World, make_world, undone
from tests.support import plugin

pytestmark = [pytest.mark.crawl, pytest.mark.final]

OURS = [route for route in routes() if route.access is not None]
OF_WORKSPACES = [route for route in OURS if route.access.kind == "member"]
WITH_OBJECTS = [route for route in OF_WORKSPACES if set(route.places) - SHARED]
WITH_BODIES = [
    route
    for route in OF_WORKSPACES
    if any(f"{route.name}:{method}" in BODIES for method in route.access.methods)
]
counted = {"requests": 0}


def ids(route: Route) -> str:
    return route.name or route.pattern


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker) -> Iterator[World]:
    with django_db_blocker.unblock():
        yield make_world()
        plugin.empty_database()


@pytest.fixture(scope="module")
def witness(world) -> Iterator[Witness]:
    found = Witness()
    yield found
    found.close()


def fill(side: Side, route: Route) -> dict[str, Any]:
    return {place: value_of(side, route.name, place) for place in route.places}


def body_of(side: Side, route: Route, method: str) -> dict[str, Any]:
    factory = BODIES.get(f"{route.name}:{method}")
    return factory(side) if factory else {}


def ask(world: World, visitor: Visitor, method: str, path: str, body: dict[str, Any]) -> HttpResponse:
    counted["requests"] += 1
    return world.ask(visitor, method, path, body)


def leaks(response: HttpResponse) -> str:
    """Return where the other workspace shows: "" for nowhere."""
    body = b"".join(response.streaming_content) if response.streaming else response.content
    if CANARY.encode().lower() in body.lower():
        return "body"
    return "headers" if CANARY.lower() in str(response.headers).lower() else ""


def is_unwell(route: Route, status: int) -> bool:
    """Tell whether this is the health page, which says that a test has no workers."""
    return route.pattern in ("healthz", "readyz") and status == 503


def is_narrow(route: Route, visitor: Visitor) -> bool:
    """Tell whether a holder of the right may still not see the thing itself."""
    return route.name in NARROWER and visitor.role != RoleKey.OWNER


def expected(route: Route, method: str, visitor: Visitor, world: World) -> set[int]:
    """Return the statuses that the declared rule allows; empty: any answer that is no error of ours."""
    if route.access.kind in ("public", "link"):
        return set()
    if visitor.token and not route.is_api:
        return {302}
    if visitor.name == "anonymous":
        return {401} if route.is_api else {302}
    if route.access.kind == "signed_in":
        return {401} if visitor.name == "leaver-token" else set()
    if not visitor.belongs:
        return {401} if visitor.token else {404}
    role = world.acme.members[visitor.role].role
    held = verbs_of(role) - ({"teams.token.create", "teams.role.assign_owner"} if visitor.token else set())
    return set() if route.access.verbs[method] in held else {403}


@pytest.mark.parametrize("route", OURS, ids=ids)
def test_the_answer_follows_from_the_declared_rule(world: World, route: Route):
    wrong = []
    path = route.path("acme", fill(world.acme, route))
    for method in route.access.methods:
        body = body_of(world.acme, route, method)
        for visitor in world.visitors:
            with undone():
                response = ask(world, visitor, method, path, body)
            allowed = expected(route, method, visitor, world)
            status = response.status_code
            holds = (
                status in allowed if allowed else status != 405 and (status < 500 or is_unwell(route, status))
            )
            if not allowed and route.access.kind != "link":
                holds = holds and status != 401
            if not allowed and visitor.role and route.access.kind == "member":
                holds = holds and (status != 404 or is_narrow(route, visitor))
            if not holds:
                wrong.append(f"{method} {path} as {visitor.name}: {status}, not {sorted(allowed) or 'fine'}")
            if visitor.role and (where := leaks(response)):
                wrong.append(f"{method} {path} as {visitor.name}: the other workspace shows in the {where}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("route", OURS, ids=ids)
def test_a_method_that_is_not_declared_is_refused(world: World, route: Route):
    path = route.path("acme", fill(world.acme, route))
    for method in sorted({"GET", "POST", "PUT", "PATCH", "DELETE"} - set(route.access.methods)):
        with undone():
            response = ask(world, world.visitor("owner"), method, path, {})
        assert (method, response.status_code) == (method, 405)


@pytest.mark.parametrize("route", WITH_OBJECTS, ids=ids)
def test_ids_of_another_workspace_open_nothing_and_change_nothing(
    world: World, witness: Witness, route: Route
):
    before = witness.checksums()
    wrong = []
    values = fill(world.other, route)
    for slug in ("acme", "other"):
        path = route.path(slug, values)
        for method in route.access.methods:
            body = body_of(world.other, route, method)
            for visitor in (one for one in world.visitors if one.role):
                response = ask(world, visitor, method, path, body)
                allowed = foreign(route, method, visitor, slug, world)
                if response.status_code not in allowed:
                    wrong.append(f"{method} {path} as {visitor.name}: {response.status_code}, not {allowed}")
                if where := leaks(response):
                    wrong.append(
                        f"{method} {path} as {visitor.name}: the other workspace shows in the {where}"
                    )
    assert not wrong, "\n".join(wrong)
    assert witness.checksums() == before


def foreign(route: Route, method: str, visitor: Visitor, slug: str, world: World) -> set[int]:
    """Return what a member of acme gets who names things of the other workspace."""
    if visitor.token and not route.is_api:
        return {302}
    if slug == "other":
        return {401} if visitor.token else {404}
    return expected(route, method, visitor, world) or {404}


@pytest.mark.parametrize("route", WITH_BODIES, ids=ids)
def test_ids_of_another_workspace_in_a_body_change_nothing_there(
    world: World, witness: Witness, route: Route
):
    before = witness.checksums(world.other.workspace.pk)
    path = route.path("acme", fill(world.acme, route))
    wrong = []
    for method in route.access.methods:
        if f"{route.name}:{method}" not in BODIES:
            continue
        for name in ("owner", "owner-token", "manager"):
            with undone():
                response = ask(world, world.visitor(name), method, path, body_of(world.other, route, method))
                if response.status_code >= 500:
                    wrong.append(f"{method} {path} as {name}: {response.status_code}")
                sent = str(body_of(world.other, route, method)).lower()
                if CANARY.lower() not in sent and (where := leaks(response)):
                    wrong.append(f"{method} {path} as {name}: the other workspace shows in the {where}")
                after = rows_of(world.other)
            if after != rows_of(world.other):
                wrong.append(f"{method} {path} as {name}: rows of the other workspace changed")
    assert not wrong, "\n".join(wrong)
    assert witness.checksums(world.other.workspace.pk) == before


def rows_of(side: Side) -> dict[str, Any]:
    """Return a checksum of the workspace's rows as this connection sees them, uncommitted changes included."""
    from django.db import connection

    found = {}
    with tenancy.workspace_scope(side.workspace.pk), connection.cursor() as cursor:
        for table in WATCHED or _watched():
            cursor.execute(
                f"SELECT count(*), md5(coalesce(string_agg(t::text, '|' ORDER BY t.id), '')) FROM {table} t"
            )
            found[table] = cursor.fetchone()
    return found


WATCHED: list[str] = []


def _watched() -> list[str]:
    witness = Witness()
    WATCHED.extend(witness.tables)
    witness.close()
    return WATCHED


# One lock taken away: the others hold


def _any_membership(request: Any, slug: str) -> Any:
    """Stand in for the lookup by slug with one that forgets the slug."""
    from django.contrib.auth import SESSION_KEY

    user_id = request.session.get(SESSION_KEY)
    if not user_id:
        return None
    with memberships_of(user_id, hold=True):
        rows = Membership.objects.filter(user_id=user_id, status="active")
        member = rows.select_related("user", "role", "workspace").first()
    request._cached_user = member.user
    return member, middleware.actor_of(member)


@contextmanager
def _without_managers(workspace_id: Any, **known: Any) -> Iterator[None]:
    """Stand in for entering a workspace with the database's own lock only."""
    with REAL_ENTERED(workspace_id, **known), scopes_disabled():
        yield


REAL_ENTERED = tenancy.entered
LOCKS = ("url", "manager", "database")


@pytest.fixture(params=LOCKS)
def one_lock_off(request, world, witness, monkeypatch) -> Iterator[str]:
    if request.param == "url":
        monkeypatch.setattr(middleware, "session_member", _any_membership)
    if request.param == "manager":
        monkeypatch.setattr(middleware, "entered", _without_managers)
    if request.param == "database":
        with witness.without_row_security():
            yield request.param
        return
    yield request.param


def test_without_any_one_lock_nothing_gets_out(world: World, witness: Witness, one_lock_off: str):
    before = witness.checksums(world.other.workspace.pk)
    wrong = []
    for route in OF_WORKSPACES:
        sides = [world.other] if route.places else [world.acme]
        for slug in ("acme", "other"):
            path = route.path(slug, fill(sides[0], route))
            for method in route.access.methods:
                for name in ("owner", "viewer"):
                    with undone():
                        response = ask(world, world.visitor(name), method, path, {})
                    if response.status_code >= 500:
                        wrong.append(f"{method} {path} as {name}: {response.status_code}")
                    if where := leaks(response):
                        wrong.append(f"{method} {path} as {name}: the other workspace shows in the {where}")
    assert not wrong, "\n".join(wrong)
    assert witness.checksums(world.other.workspace.pk) == before


def test_with_two_locks_taken_away_the_crawl_finds_what_gets_out(world: World, witness: Witness, monkeypatch):
    """The detector works: manager and database both off, the other workspace's team opens."""
    monkeypatch.setattr(middleware, "entered", _without_managers)
    route = next(route for route in OF_WORKSPACES if route.name == "teams:team")
    with witness.without_row_security(), undone():
        response = ask(world, world.visitor("owner"), "GET", route.path("acme", fill(world.other, route)), {})
    assert leaks(response) == "body"


def test_the_canary_is_found_where_it_belongs(world: World):
    """The detector works: who belongs to the other workspace sees its words."""
    stranger = world.visitor("stranger")
    seen = [
        route.name
        for route in OF_WORKSPACES
        if "GET" in route.access.methods
        and leaks(world.ask(stranger, "GET", route.path("other", fill(world.other, route))))
    ]
    assert {"teams:members", "teams:team", "activity:log"} <= set(seen)


def test_the_crawl_is_large_enough(world: World):
    """Every role and both credentials come by at each route."""
    assert {visitor.role for visitor in world.visitors} == {*RoleKey, None}
    assert counted["requests"] >= 15 * len(OF_WORKSPACES)
