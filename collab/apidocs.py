"""`/api/docs/`: the REST interface in words, drawn from its own OpenAPI description."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer

from teams.gates import public

METHODS = ("get", "post", "put", "patch", "delete")


def description() -> dict[str, Any]:
    """Return the OpenAPI document."""
    generator: Any = SchemaGenerator
    found: dict[str, Any] = generator().get_schema(request=None, public=True)
    return found


@public("GET")
def schema(request: HttpRequest) -> HttpResponse:
    """Answer the OpenAPI document as JSON."""
    body = OpenApiJsonRenderer().render(description(), renderer_context={})
    return HttpResponse(body, content_type="application/vnd.oai.openapi+json")


@public("GET")
def docs(request: HttpRequest) -> HttpResponse:
    """Show every endpoint with its methods, parameters and body."""
    document = description()
    paths = [
        {
            "path": path,
            "operations": [_operation(method, item[method]) for method in METHODS if method in item],
        }
        for path, item in sorted(document["paths"].items())
    ]
    return render(request, "collab/api_docs.html", {"paths": paths, "info": document["info"]})


def _operation(method: str, found: dict[str, Any]) -> dict[str, Any]:
    content = found.get("requestBody", {}).get("content", {})
    first: dict[str, Any] = next(iter(content.values()), {})
    reference = first.get("schema", {}).get("$ref", "")
    return {
        "method": method.upper(),
        "summary": found.get("description") or found.get("summary") or found.get("operationId", ""),
        "parameters": [part["name"] for part in found.get("parameters", []) if part["in"] != "path"],
        "body": reference.rsplit("/", 1)[-1],
        "answers": ", ".join(sorted(found.get("responses", {}))),
    }
