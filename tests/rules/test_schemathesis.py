"""Requests drawn from the OpenAPI document, valid and not: no error of ours, no answer that it does not tell."""

import json
import random
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
import schemathesis
from django.test.client import ClientHandler
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
from tests.rules.subjects import BODIES, value_of
from tests.rules.test_openapi import described_path, shape_of
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
ROLES = ("owner-token", "owner-token", "manager-token", "viewer-token")
MODES = (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE)
EXAMPLES = 15
ONE_IN_THREE = (True, False, False)
Start = Callable[[str, list[tuple[str, str]]], Any]


class QuietHandler(ClientHandler):
    """The product behind WSGI, whose requests leave the connection and the transaction of the test alone."""

    def __call__(self, environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        """Answer one request. Django's own WSGI handler would close the connection by its signals."""
        response = super().__call__(environ)
        start_response(f"{response.status_code} {response.reason_phrase}", list(response.items()))
        return list(response)


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker) -> Iterator[World]:
    with django_db_blocker.unblock():
        yield make_world()
        plugin.empty_database()


@pytest.fixture(scope="module")
def document() -> Any:
    found = schemathesis.openapi.from_dict(DOCUMENT)
    found.app = QuietHandler(enforce_csrf_checks=True)
    return found


ROUTES = {described_path(route): route for route in routes() if route.is_api}


def idents(world: World, path: str) -> dict[str, list[str]]:
    """Return what may stand in each place of an address: both workspaces' things, and nobody's."""
    route = ROUTES[path]
    drawn = random.Random(path)
    found = {"workspace": ["acme", "acme", "acme", "acme", "other", "nowhere"]} if route.in_workspace else {}
    for place in route.places:
        ours, theirs = (str(value_of(side, route.name, place)) for side in (world.acme, world.other))
        nobodys = str(UUID(int=drawn.getrandbits(128), version=4))
        found["id" if place == "pk" else place] = [ours, ours, ours, theirs, theirs, nobodys]
    return found


def pool(world: World) -> tuple[list[str], list[str]]:
    """Return the ids of the things of acme and of the other workspace."""
    sides = [{str(value) for value in side.made.values()} for side in (world.acme, world.other)]
    return tuple(sorted(each for each in side if len(each) == 36) for side in sides)


def with_known_ids(value: Any, draw: Any, ids: tuple[list[str], list[str]]) -> Any:
    """Return a drawn body or query in which ids are, as a rule, those of things that exist, on either side."""
    if isinstance(value, dict):
        return {name: with_known_ids(each, draw, ids) for name, each in value.items()}
    if isinstance(value, list):
        return [with_known_ids(each, draw, ids) for each in value]
    if isinstance(value, str) and len(value) == 36 and value.count("-") == 4:
        return draw(st.one_of(st.sampled_from(ids[0]), st.sampled_from(ids[1]), st.just(value)))
    return value


@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=lambda part: part)
def test_an_endpoint_keeps_to_its_description(world: World, document: Any, method: str, path: str):
    """Issue 2, gate 4: as a member of acme, with ids of both workspaces."""
    operation = document[path][method.upper()]
    places, ids, sides = idents(world, path), pool(world), (world.acme, world.acme, world.other)
    meaningful = BODIES.get(f"{ROUTES[path].name}:{method.upper()}")
    strategies = st.one_of([operation.as_strategy(generation_mode=mode) for mode in MODES])

    @seed(20260319)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.data())
    def run(data: Any) -> None:
        case = data.draw(strategies)
        case.path_parameters = {name: data.draw(st.sampled_from(values)) for name, values in places.items()}
        if isinstance(case.body, dict | list):
            case.body = with_known_ids(case.body, data.draw, ids)
        if meaningful and data.draw(st.sampled_from(ONE_IN_THREE)):
            side = data.draw(st.sampled_from(sides))
            case.body = json.loads(json.dumps(meaningful(side)).replace(CANARY, "Sent by us"))
            case.media_type = "application/json"
        if case.query:
            case.query = with_known_ids(dict(case.query), data.draw, ids)
        token = world.visitor(data.draw(st.sampled_from(ROLES))).token
        with undone():
            answer = case.call(headers={"Authorization": f"Bearer {token}"})
        assert CANARY.lower().encode() not in answer.content.lower()
        assert CANARY.lower() not in str(answer.headers).lower()
        case.validate_response(answer, checks=CHECKS)

    run()


# What no description would draw: values at the ends of what can be said


EXTREMES = {
    "date": ["0001-01-01", "9999-12-31"],
    "date-time": ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-02-30T00:00:00Z"],
    "time": ["23:59:59.999999", "24:00"],
    "uuid": ["00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"],
    "integer": [10**400, -(10**30), 2**63, 1e308],
    "string": [
        "\x00",
        "\ud800",
        "a" * 100_000,
        "9" * 5000,
        "0001-01-01",
        "9999-12-31T23:59:59-14:00",
        "\u0663",
    ],
    "array": [[[]] * 2000, [None], {}],
    "object": [[], {"\x00": "\ud800"}, {"a": {"b": [10**400]}}],
    "boolean": [10**400, "\ud800", None],
}


def extremes_of(schema: dict[str, Any]) -> list[Any]:
    """Return the extreme values of a field, by its format or type; of a choice, those of a text."""
    kind = schema.get("format") or schema.get("type") or "string"
    return EXTREMES.get(kind, EXTREMES["string"])


@pytest.mark.parametrize(
    "path", [path for path, item in DOCUMENT["paths"].items() if "get" in item], ids=lambda part: part
)
def test_no_extreme_query_breaks_an_endpoint(world: World, path: str):
    route = ROUTES[path]
    address = route.path("acme", {place: value_of(world.acme, route.name, place) for place in route.places})
    owner = world.visitor("owner-token")
    for part in DOCUMENT["paths"][path]["get"].get("parameters", []):
        if part["in"] != "query":
            continue
        for value in extremes_of(part["schema"].get("items", part["schema"])) + EXTREMES["string"]:
            text = str(value).encode("utf-8", "surrogatepass")[:4000]
            answer = world.ask(owner, "GET", f"{address}?{urlencode({part['name']: text})}")
            assert answer.status_code < 500, (path, part["name"], value)
            other = "to" if part["name"] == "from" else "from"
            answer = world.ask(owner, "GET", f"{address}?{urlencode({part['name']: text, other: text})}")
            assert answer.status_code < 500, (path, part["name"], value)


@pytest.mark.parametrize(
    ("method", "path"),
    [each for each in OPERATIONS if "requestBody" in DOCUMENT["paths"][each[1]][each[0]]],
    ids=lambda part: part,
)
def test_no_extreme_body_breaks_an_endpoint(world: World, method: str, path: str):
    route = ROUTES[path]
    address = route.path("acme", {place: value_of(world.acme, route.name, place) for place in route.places})
    content = DOCUMENT["paths"][path][method]["requestBody"]["content"]
    shape = shape_of(content, next(iter(content)))
    factory = BODIES.get(f"{route.name}:{method.upper()}", lambda _side: {})
    for name, schema in shape["properties"].items():
        for value in extremes_of(schema):
            with undone():
                body = {**factory(world.acme), name: value}
                answer = world.ask(world.visitor("owner-token"), method.upper(), address, body)
            assert answer.status_code < 500, (path, name, str(value)[:60])
