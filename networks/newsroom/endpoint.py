"""The newsroom's write endpoint: what another network's API would be."""

import json
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from core.errors import CollabError, Invalid
from networks.newsroom.items import get_item, item_url, put_item, remove_item
from networks.newsroom.models import NewsroomItem
from networks.newsroom.payloads import KEY, check_payload
from teams.edges import problem, problem_of
from teams.gates import by_link
from teams.services.keys import find_key
from teams.states import KeyKind


@csrf_exempt
@by_link("GET", "PUT", "DELETE")
def item(request: HttpRequest, key: str) -> HttpResponse:
    """Put, read or take down one item, for the bearer of the newsroom's own secret."""
    channel_id = _bearer(request)
    if channel_id is None:
        response = problem(401, "unauthenticated", _("The newsroom's secret is missing or does not open it."))
        response["WWW-Authenticate"] = 'Bearer realm="newsroom"'
        return response
    try:
        if request.method == "PUT":
            return _put(request, key, channel_id)
        if request.method == "DELETE":
            remove_item(key=key)
            return HttpResponse(status=204)
        found = get_item(key)
    except CollabError as error:
        request.must_roll_back = True  # type: ignore[attr-defined]  # read by the workspace middleware
        return problem_of(error)
    return JsonResponse(_describe(request, found), status=410 if found.removed_at else 200)


def _put(request: HttpRequest, key: str, channel_id: UUID) -> HttpResponse:
    if not KEY.fullmatch(key):
        raise Invalid(_("A key has 1 to 64 letters, digits, hyphens or underscores."))
    try:
        payload = check_payload(json.loads(request.body))
    except ValueError:
        raise Invalid(_("Send JSON.")) from None
    workspace_id = request.workspace.pk
    found, is_new = put_item(workspace_id=workspace_id, channel_id=channel_id, key=key, payload=payload)
    return JsonResponse(_describe(request, found), status=201 if is_new else 200)


def _bearer(request: HttpRequest) -> UUID | None:
    """Return the channel whose secret the request bears, where it is one of this workspace."""
    scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
    key = find_key(secret.strip(), KeyKind.NEWSROOM) if scheme.lower() == "bearer" else None
    if key is None or key.workspace_id != request.workspace.pk:
        return None
    return key.subject_id


def _describe(request: HttpRequest, found: NewsroomItem) -> dict[str, Any]:
    workspace = request.workspace
    return {
        "key": found.key,
        "url": item_url(workspace, found.key),
        "digest": found.digest,
        "payload": found.payload,
        "published_at": found.published_at.isoformat(),
        "removed_at": found.removed_at.isoformat() if found.removed_at else None,
    }
