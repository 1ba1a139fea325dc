"""What is asked before a channel of Discord is connected.

Source: discord.com/developers/docs/resources/webhook (Get Webhook with Token), /resources/channel, /resources/user,
read 2026-11-27.
"""

import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from core.errors import Invalid
from core.http import NotReadable, OutboundClient, Refused, Response
from networks.discord.client import Place, as_bot, as_webhook
from networks.protocol import Capability

_WEBHOOK = re.compile(
    r"(https?://[^/]+)/api(?:/v[0-9]+)?/webhooks/([0-9]{1,20})/([A-Za-z0-9_-]{1,200})/?", re.ASCII
)
_TOKEN = re.compile(r"[A-Za-z0-9_.-]{10,200}", re.ASCII)
INCOMING = 1
TEXT, ANNOUNCEMENT = 0, 5


def join_webhook(http: OutboundClient, address: str) -> dict[str, Any]:
    """Return facts, credentials and names of a webhook. Raises: Invalid, OutboundError."""
    found = _WEBHOOK.fullmatch(address)
    if found is None:
        raise refused("webhook_url", _("The address looks like https://discord.com/api/webhooks/…/…"))
    server, ident, token = found.groups()
    _check(http, server, "webhook_url")
    place = as_webhook(http, server, ident, token)
    hook = _object(place.ask(place.path), "webhook_url", _("Discord does not know this webhook."))
    if hook.get("type") != INCOMING:
        raise refused("webhook_url", _("This is not a webhook that takes posts."))
    facts = {
        "server": server,
        "mode": "webhook",
        "webhook_id": ident,
        "channel_id": str(hook.get("channel_id") or ""),
        "guild_id": str(hook.get("guild_id") or ""),
    }
    name = str(hook.get("name") or "Discord")
    return {"facts": facts, "credentials": {"webhook_token": token}, "name": name, "account": f"w{ident}"}


def join_bot(http: OutboundClient, server: str, token: str, channel_id: str) -> dict[str, Any]:
    """Return facts, credentials and names of a bot in a channel. Raises: Invalid, OutboundError."""
    _check(http, server, "server")
    if not _TOKEN.fullmatch(token):
        raise refused("bot_token", _("Discord does not know this token."))
    if not re.fullmatch(r"[0-9]{1,20}", channel_id, re.ASCII):
        raise refused("channel_id", _("The number of a channel has digits only."))
    place = as_bot(http, server, channel_id, token)
    bot = _object(place.ask("/users/@me"), "bot_token", _("Discord does not know this token."))
    not_seen = _("The bot does not see this channel. Invite it to the server first.")
    channel = _object(place.ask(f"/channels/{channel_id}"), "channel_id", not_seen)
    if channel.get("type") not in (TEXT, ANNOUNCEMENT):
        raise refused("channel_id", _("Messages go to text and announcement channels only."))
    facts = {
        "server": server,
        "mode": "bot",
        "bot_id": str(bot["id"]),
        "channel_id": channel_id,
        "guild_id": str(channel.get("guild_id") or ""),
    }
    return {
        "facts": facts,
        "credentials": {"bot_token": token},
        "name": f"#{channel.get('name') or channel_id}",
        "account": f"c{channel_id}",
        "capability": _capability(place),
    }


def refused(field: str, message: str) -> Invalid:
    """Return a refusal at one field of the form."""
    return Invalid(message, fields={f"credentials.{field}": [message]})


def _capability(place: Place) -> Capability:
    """Return class K for a bot that may read the channel, so that it can be asked; else N."""
    return Capability.KEY if place.ask(place.path, {"limit": 1}).ok else Capability.NEITHER


def _check(http: OutboundClient, server: str, field: str) -> None:
    try:
        http.check(server)
    except Refused as error:
        raise refused(field, error.message) from None


def _object(response: Response, field: str, unknown: str) -> Mapping[str, Any]:
    if response.status in (401, 403, 404):
        raise refused(field, unknown)
    try:
        found = response.json_object()
    except NotReadable:
        found = {}
    if not response.ok or "id" not in found:
        raise refused(field, _("The server did not answer as Discord does (HTTP %s).") % response.status)
    return found
