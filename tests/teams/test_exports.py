"""What is taken along as a file asks again who it is (issue 3, line 7): every export, found by what it answers."""

from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.cache import cache
from django.test import Client

from tests.factories.people import PASSWORD, Cast, make_user, prove
from tests.rules.routes import Route, routes

OPEN = {"teams:saml_metadata_file"}
"""Files that tell nothing of members or their work: our own metadata, which is public."""
EXPORTS = {
    "approvals:figures_csv",
    "calendar_app:import_template",
    "calendar_app:posts_csv",
    "calendar_app:posts_xlsx",
    "surveys:data",
    "teams:export_csv",
    "teams:export_xlsx",
}
LIST = "/w/acme/posts/?state=draft"


@pytest.fixture(autouse=True)
def _fresh_limits(db):
    cache.clear()


@pytest.fixture
def ana(cast: Cast, client_as) -> Client:
    return client_as(cast.ana)


def is_file(answer) -> bool:
    return answer.headers.get("Content-Disposition", "").startswith("attachment")


def exports() -> list[Route]:
    return [route for route in routes() if route.access is not None and route.access.is_export]


def test_whatever_leaves_as_a_file_is_declared_an_export(ana):
    """Every page of the workspace is opened; an export that forgets to say so is found by what it answers."""
    asked = [
        route
        for route in routes()
        if route.access is not None
        and route.access.kind == "member"
        and "GET" in route.access.methods
        and not route.places
    ]
    assert len(asked) > 40
    files = {route.name for route in asked if is_file(ana.get(route.path("acme", {})))}
    assert files == EXPORTS | OPEN
    assert {route.name for route in exports()} == EXPORTS


def test_an_export_asks_again_after_a_quarter_of_an_hour_and_leads_back_to_its_list(ana):
    for route in exports():
        prove(ana, minutes_ago=16)
        path = route.path("acme", {})
        refused = ana.get(path, headers={"Referer": f"http://testserver{LIST}"})
        assert refused.status_code == 302, path
        asked = urlsplit(refused["Location"])
        assert (asked.path, parse_qs(asked.query)["next"]) == ("/accounts/reauthenticate/", [LIST]), path
        assert ana.get(LIST).status_code == 200  # looking asks nothing
        confirmed = ana.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": LIST})
        assert confirmed["Location"] == LIST
        assert is_file(ana.get(path)), path


def test_the_head_of_an_export_asks_again_too(ana):
    prove(ana, minutes_ago=16)
    for route in exports():
        assert ana.head(route.path("acme", {})).status_code == 302


def test_an_operator_on_a_visit_takes_nothing_along(cast):
    desk = Client()
    desk.force_login(
        make_user("Sam Ong", "sam@operator.test", is_staff=True),
        backend="allauth.account.auth_backends.AuthenticationBackend",
    )
    prove(desk, "mfa")
    desk.post("/operator/", {"workspace": "acme", "reason": "Ana asked why a post failed", "minutes": "15"})
    assert desk.get("/w/acme/posts/").status_code == 200
    for route in exports():
        assert desk.get(route.path("acme", {})).status_code == 403
