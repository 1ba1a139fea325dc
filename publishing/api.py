"""Deliveries and the pause switch for programs."""

from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from calendar_app.models import Campaign
from calendar_app.selectors import get_owned
from core.paging import keyset
from networks.selectors import get_channel
from publishing.models import Hold
from publishing.permissions import END_HOLD, REPEAT, RESOLVE, SEE, SEE_HOLD, START_HOLD
from publishing.selectors import (
    deliveries_of,
    get_delivery,
    held_deliveries,
    hold_of,
    standing_holds,
    too_late,
)
from publishing.serializers import (
    DeliveryOutput,
    HoldBody,
    HoldOutput,
    ResolutionBody,
    delivery_json,
    hold_json,
)
from publishing.services.holds import end_hold, start_hold
from publishing.services.resolving import resolve_delivery, send_again
from teams.rest import endpoint, page_size, read, respond

MOST_HOLDS = 200


@endpoint({"GET": SEE}, answers=DeliveryOutput, lists="pages")
def post_deliveries(request: Request, pk: UUID) -> Response:
    """List a post's deliveries with every attempt, by channel and occurrence."""
    rows = deliveries_of(request._request.actor, pk)
    order = ["channel__position", "channel_id", "occurrence_no", "id"]
    page = keyset(rows, by=order, cursor=request.query_params.get("cursor"), size=page_size(request))
    return respond(request, [delivery_json(row) for row in page.rows], page.next)


@endpoint({"POST": RESOLVE}, body=ResolutionBody, answers=DeliveryOutput, created=False)
def delivery_resolution(request: Request, pk: UUID) -> Response:
    """Say whether an unclear delivery is live."""
    actor = request._request.actor
    body = read(ResolutionBody, request)
    found = get_delivery(actor, pk, RESOLVE)
    resolved = resolve_delivery(delivery=found, live=body["live"], remote_url=body["remote_url"], by=actor)
    return Response(delivery_json(resolved))


@endpoint({"POST": REPEAT}, answers=DeliveryOutput)
def delivery_repetition(request: Request, pk: UUID) -> Response:
    """Send a delivery again that is known not to be live."""
    actor = request._request.actor
    placed = send_again(delivery=get_delivery(actor, pk, REPEAT), by=actor)
    return Response(delivery_json(get_delivery(actor, placed.pk)), status=201)


HOLD_VERBS = {"GET": SEE_HOLD, "PUT": START_HOLD, "DELETE": END_HOLD}


@endpoint({"GET": SEE_HOLD}, answers=HoldOutput, lists="whole")
def holds(request: Request) -> Response:
    """List the pauses that stand: of everything, of channels, of campaigns."""
    actor = request._request.actor
    rows = standing_holds(actor)[:MOST_HOLDS]
    return Response({"results": [_hold_json(request, row) for row in rows], "next": None})


@endpoint(HOLD_VERBS, body=HoldBody, answers=HoldOutput)
def hold(request: Request) -> Response:
    """Show the pause of everything, pause everything outgoing, or let it go on."""
    return _hold(request)


@endpoint(HOLD_VERBS, body=HoldBody, answers=HoldOutput)
def channel_hold(request: Request, pk: UUID) -> Response:
    """Show the pause of a channel, pause it, or let it go on."""
    return _hold(request, channel=get_channel(request._request.actor, pk))


@endpoint(HOLD_VERBS, body=HoldBody, answers=HoldOutput)
def campaign_hold(request: Request, pk: UUID) -> Response:
    """Show the pause of a campaign, pause it, or let it go on."""
    return _hold(request, campaign=get_owned(Campaign, pk))


def _hold(request: Request, **scope: Any) -> Response:
    actor, workspace = request._request.actor, request._request.workspace
    if request.method == "PUT":
        start_hold(workspace=workspace, text=read(HoldBody, request)["reason"], by=actor, **scope)
    if request.method == "DELETE":
        end_hold(workspace=workspace, by=actor, **scope)
        return Response(status=204)
    found = hold_of(**scope)
    return Response(_hold_json(request, found) if found else hold_json(None, 0, 0))


def _hold_json(request: Request, row: Hold) -> dict[str, Any]:
    held = held_deliveries(request._request.actor, row)
    return hold_json(row, held.count(), too_late(held, request._request.workspace).count())
