"""Requests drawn from the OpenAPI document, valid and not: no error of ours, no answer that it does not tell."""

import random
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from collab.apidocs import description
from tests.rules.routes import routes
from tests.rules.subjects import value_of
from tests.rules.world import CANARY, World, make_world, undone
from tests.support import plugin

pytestmark = pytest.mark.crawl

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
DOCUMENT = description()
METHODS = ("get", "post", "put", "patch", "delete")
OPERATIONS = [
    (method, path) for path, item in DOCUMENT["paths"].items() for method in METHODS if method in item
]
VALID = [schemathesis.GenerationMode.POSITIVE]
ANY = [schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE]


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker) -> Iterator[World]:
    with django_db_blocker.unblock():
        yield make_world()
        plugin.empty_database()


@pytest.fixture(scope="module")
def document() -> Any:
    found = schemathesis.openapi.from_dict(DOCUMENT)
    found.app = get_wsgi_application()
    return found


def idents(world: World, path: str) -> dict[str, list[str]]:
    """Return what may stand in each place of an address: both workspaces' things, and nobody's."""
    made = random.Random(path)
    found: dict[str, list[str]] = {"workspace": ["acme", "acme", "acme", "other", "nowhere"]}
    route = next(one for one in routes() if one.is_api and _same(one, path))
    for place in route.places:
        ours = str(value_of(world.acme, route.name, place))
        theirs = str(value_of(world.other, route.name, place))
        nobodys = str(UUID(int=made.getrandbits(128), version=4))
        found["id" if place == "pk" else place] = [ours, ours, theirs, nobodys]
    return found


def _same(route: Any, path: str) -> bool:
    names = {place: "{id}" if place == "pk" else f"{{{place}}}" for place in route.places}
    return quote(path, safe="") == quote(_template(route, names), safe="")


def _template(route: Any, names: dict[str, str]) -> str:
    """Return the route's address as the document writes it."""
    made = "/" + route.pattern.replace("<slug:workspace>", "{workspace}")
    for place, name in names.items():
        made = made.replace(f"<uuid:{place}>", name)
    return made


@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=lambda part: part)
@pytest.mark.parametrize("role", ["owner-token", "manager-token"])
def test_an_endpoint_keeps_to_its_description(world: World, document: Any, method: str, path: str, role: str):
    operation = document[path][method.upper()]
    places = idents(world, path)
    token = world.visitor(role).token

    @seed(20260319)
    @settings(
        max_examples=8,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.data())
    def run(data: Any) -> None:
        mode = data.draw(st.sampled_from(ANY))
        case = data.draw(operation.as_strategy(generation_mode=mode))
        case.path_parameters = {
            name: data.draw(st.sampled_from(values))
            for name, values in places.items()
            if f"{{{name}}}" in path
        }
        with undone():
            answer = case.call(headers={"Authorization": f"Bearer {token}"})
        assert CANARY.lower().encode() not in answer.content.lower()
        assert CANARY.lower() not in str(answer.headers).lower()
        case.validate_response(answer, checks=CHECKS)

    run()
