"""Saved views over REST."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import QueryDict
from rest_framework.request import Request
from rest_framework.response import Response

from calendar_app import answers, serializers
from calendar_app.permissions import SAVE_VIEW, SEE
from calendar_app.saved import filters_in, get_view, views_visible_to
from calendar_app.services.views import begin_with, edit_view, remove_view, save_view
from teams.rest import endpoint, listing, read


@endpoint(
    {"GET": SEE, "POST": SAVE_VIEW}, body=serializers.ViewBody, answers=answers.ViewOutput, lists="pages"
)
def views(request: Request) -> Response:
    """One's own views of the calendar and the shared ones; POST keeps one."""
    actor = request._request.actor
    if request.method == "GET":
        return listing(request, views_visible_to(actor), serializers.view, by=["id"])
    body = _changes(request)
    chosen = body.pop("is_default", False)
    made = save_view(workspace=request._request.workspace, by=actor, **{"filters": {}, **body})
    if chosen:
        begin_with(view=made, chosen=True, by=actor)
    return Response(serializers.view(get_view(actor, made.pk)), status=201)


@endpoint(
    {"GET": SEE, "PATCH": SAVE_VIEW, "DELETE": SAVE_VIEW},
    body=serializers.ViewBody,
    answers=answers.ViewOutput,
)
def view(request: Request, view: UUID) -> Response:
    """One view; `is_default` says whether the calendar begins with it for who asks."""
    actor = request._request.actor
    found = get_view(actor, view)
    if request.method == "DELETE":
        remove_view(view=found, by=actor)
        return Response(status=204)
    if request.method == "PATCH":
        changes = _changes(request, partial=True)
        chosen = changes.pop("is_default", None)
        if changes:
            edit_view(view=found, by=actor, **changes)
        if chosen is not None:
            begin_with(view=found, chosen=chosen, by=actor)
        found = get_view(actor, view)
    return Response(serializers.view(found))


def _changes(request: Request, *, partial: bool = False) -> dict[str, Any]:
    body = read(serializers.ViewBody, request, partial=partial)
    if "filters" in body:
        body["filters"] = filters_in(QueryDict(urlencode(body["filters"], doseq=True)))
    return body
