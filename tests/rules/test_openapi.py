"""Every endpoint is described: what it takes, what it answers, how it refuses."""

from typing import Any

import pytest

from collab.apidocs import description
from tests.rules.routes import PLACE, Route, routes

DOCUMENT = description()
SHAPES = DOCUMENT["components"]["schemas"]
ABOUT_ITSELF = {"schema", "api_docs"}
WITHOUT_BODY = {
    "links_api:link_mail:POST",
    "publishing_api:delivery_repetition:POST",
    "surveys_api:reminder:POST",
}
"""Writes that take no body."""


def described_path(route: Route) -> str:
    """Return a route's address as the document writes it."""
    return "/" + PLACE.sub(lambda found: f"{{{'id' if found[2] == 'pk' else found[2]}}}", route.pattern)


API = [route for route in routes() if route.is_api and route.name not in ABOUT_ITSELF]
OPERATIONS = [(route, method) for route in API for method in sorted(route.access.methods)]


def shape_of(content: dict[str, Any], kind: str = "application/json") -> dict[str, Any]:
    """Return the shape that a body or an answer refers to, or the one that stands there."""
    found = content[kind]["schema"]
    return SHAPES[found["$ref"].rpartition("/")[2]] if "$ref" in found else found


def ids(part: Any) -> str:
    return part.name if isinstance(part, Route) else part


@pytest.mark.parametrize(("route", "method"), OPERATIONS, ids=ids)
def test_an_endpoint_is_described_with_body_answer_and_errors(route: Route, method: str):
    """Issue 2, gate 4."""
    operation = DOCUMENT["paths"][described_path(route)][method.lower()]
    assert operation["description"]

    answers = operation["responses"]
    (good,) = {status for status in answers if status.startswith("2")} - (
        {"204"} if method == "PATCH" else set()
    )
    if good == "204":
        assert method == "DELETE"
        assert "content" not in answers[good]
    else:
        assert shape_of(answers[good]["content"]).get("properties"), "the answer has no fields"
    errors = {status for status in answers if status.startswith(("4", "5"))}
    expected = {"400", "401", "403", "404", "422", "429"} | ({"409"} if method != "GET" else set())
    assert expected <= errors
    for status in errors:
        assert set(shape_of(answers[status]["content"], "application/problem+json")["properties"]) >= {
            "type",
            "title",
            "status",
            "code",
            "detail",
        }

    if method in ("POST", "PUT", "PATCH") and f"{route.name}:{method}" not in WITHOUT_BODY:
        assert shape_of(operation["requestBody"]["content"])["properties"], "the body has no fields"
    named = {part["name"] for part in operation.get("parameters", [])}
    assert {"id" if place == "pk" else place for place in route.places} <= named
    if method == "POST" and route.in_workspace:
        assert "Idempotency-Key" in named


def test_the_document_describes_nothing_that_is_not_there():
    known = {(described_path(route), method.lower()) for route, method in OPERATIONS}
    said = {
        (path, method)
        for path, item in DOCUMENT["paths"].items()
        for method in item
        if method != "parameters"
    }
    assert said == known
    assert {key.rpartition(":")[0] for key in WITHOUT_BODY} <= {route.name for route in API}


def test_a_client_can_be_made_of_the_document():
    """Every operation has a name of its own, and every reference leads somewhere."""
    names = [operation["operationId"] for item in DOCUMENT["paths"].values() for operation in item.values()]
    assert len(names) == len(set(names))
    refs = _references(DOCUMENT)
    assert {ref.rpartition("/")[2] for ref in refs} <= set(SHAPES)
    assert len(refs) > 100


def _references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [ref for each in node.values() for ref in _references(each)]
    return [ref for each in node for ref in _references(each)] if isinstance(node, list) else []
