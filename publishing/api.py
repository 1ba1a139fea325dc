"""Deliveries and the pause switch for programs."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from core.paging import keyset
from publishing.permissions import END_HOLD, REPEAT, RESOLVE, SEE, SEE_HOLD, START_HOLD
from publishing.selectors import deliveries_of, get_delivery, held_deliveries, standing_hold
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


@endpoint({"GET": SEE_HOLD, "PUT": START_HOLD, "DELETE": END_HOLD}, body=HoldBody, answers=HoldOutput)
def hold(request: Request) -> Response:
    """Show the pause, pause everything outgoing, or let it go on."""
    actor, workspace = request._request.actor, request._request.workspace
    if request.method == "PUT":
        start_hold(workspace=workspace, text=read(HoldBody, request)["reason"], by=actor)
    if request.method == "DELETE":
        end_hold(workspace=workspace, by=actor)
        return Response(status=204)
    return Response(hold_json(standing_hold(), held_deliveries(actor).count()))
