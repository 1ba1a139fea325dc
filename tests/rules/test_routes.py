"""Each route says who may use it, and can be crawled."""

import pytest

from teams.permissions import verbs
from tests.rules.routes import PUBLIC_LIBRARY_ROUTES, Route, routes
from tests.rules.subjects import BODIES, NARROWER, SUBJECTS, factory_of

ROUTES = routes()
KINDS = {"public", "signed_in", "link", "member"}
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}


def ids(route: Route) -> str:
    return route.name or route.pattern


@pytest.mark.parametrize("route", ROUTES, ids=ids)
def test_a_route_declares_its_rule_or_is_a_librarys(route: Route):
    if route.access is None:
        assert route.is_library
        assert route.pattern.startswith(PUBLIC_LIBRARY_ROUTES)
        return
    assert route.access.kind in KINDS
    assert set(route.access.methods) <= METHODS


@pytest.mark.parametrize("route", [r for r in ROUTES if r.access], ids=ids)
def test_a_route_of_a_workspace_names_its_right(route: Route):
    verbs_named = set(route.access.verbs.values()) - {None}
    if route.access.kind == "member":
        assert route.in_workspace
        assert None not in route.access.verbs.values()
        assert [verb for verb in verbs_named if verb not in verbs] == []
    else:
        assert verbs_named == set()


@pytest.mark.parametrize("route", [r for r in ROUTES if r.access], ids=ids)
def test_each_part_of_an_address_can_be_filled_by_the_crawl(route: Route):
    missing = [place for place in route.places if factory_of(route.name, place) is None]
    assert missing == [], f"add a factory to tests/rules/things/ for {route.pattern}"


def test_route_names_are_unique():
    names = [route.name for route in ROUTES if route.access]
    assert sorted(names) == sorted(set(names))


def test_the_crawl_knows_no_routes_that_are_gone():
    known = {f"{route.name}:{method}" for route in ROUTES if route.access for method in route.access.methods}
    assert sorted(set(BODIES) - known) == []
    names = {route.name for route in ROUTES}
    qualified = {key.rpartition(".")[0] for key in SUBJECTS if "." in key}
    assert sorted({key for key in qualified if not key.endswith(":*")} - names) == []
    assert sorted(NARROWER - names) == []
