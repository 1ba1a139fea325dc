"""Channels for programs."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from networks.adapters import adapters
from networks.answers import NetworkOutput
from networks.permissions import CONNECT, SEE
from networks.selectors import channels_visible_to, get_channel
from networks.serializers import ChannelChange, ChannelInput, ChannelOutput, channel_json, network_json
from networks.services.channels import connect_channel, disconnect_channel, rename_channel
from networks.services.troubles import set_login_end
from teams.rest import endpoint, listing, read


@endpoint({"GET": SEE, "POST": CONNECT}, body=ChannelInput, answers=ChannelOutput, lists="pages")
def channels(request: Request) -> Response:
    """List the channels that the caller may see, or connect an account."""
    actor = request._request.actor
    if request.method == "GET":
        return listing(request, channels_visible_to(actor), channel_json, by=("position", "pk"))
    body = read(ChannelInput, request)
    channel = connect_channel(
        workspace=request._request.workspace,
        kind=body["network"],
        name=body["name"],
        credentials=body["credentials"],
        by=actor,
    )
    return Response(channel_json(channel), status=201)


@endpoint({"GET": SEE, "PATCH": CONNECT, "DELETE": CONNECT}, body=ChannelChange, answers=ChannelOutput)
def channel(request: Request, channel: UUID) -> Response:
    """Show, rename or disconnect a channel, or say until which day its log-in works."""
    actor = request._request.actor
    if request.method == "GET":
        return Response(channel_json(get_channel(actor, channel)))
    found = get_channel(actor, channel, CONNECT)
    if request.method == "DELETE":
        disconnect_channel(channel=found, by=actor)
        return Response(status=204)
    body = read(ChannelChange, request)
    if "name" in body:
        found = rename_channel(channel=found, name=body["name"], by=actor)
    if "login_ends_on" in body:
        found = set_login_end(channel=found, ends_on=body["login_ends_on"], by=actor)
    return Response(channel_json(found))


@endpoint({"GET": SEE}, answers=NetworkOutput, lists="whole")
def networks(request: Request) -> Response:
    """List the kinds of networks with the credentials that each needs."""
    return Response({"results": [network_json(adapter) for adapter in adapters.values()], "next": None})
