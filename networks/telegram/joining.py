"""What is asked before a channel of Telegram is connected: whose token it is, which chat, what the bot may do there.

Source: core.telegram.org/bots/api#getchat, #getchatmember, #chatmember, Bot API 10.1, read 2026-11-27.
"""

import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from core.errors import Invalid
from core.http import NotReadable, OutboundClient, Refused
from networks.telegram.client import TOKEN, ask, description_of, result_of

_CHAT = re.compile(r"@[A-Za-z][A-Za-z0-9_]{3,31}|-?[0-9]{1,20}", re.ASCII)


def read_bot(http: OutboundClient, credentials: Mapping[str, str]) -> tuple[dict[str, str], dict[str, Any]]:
    """Return where to call, and who the bot is. Raises: Invalid, OutboundError."""
    server = credentials["server"].strip().rstrip("/")
    try:
        http.check(server)
    except Refused as error:
        raise refused("server", error.message) from None
    token = credentials["bot_token"]
    if not TOKEN.fullmatch(token):
        raise refused("bot_token", _("A token looks like 123456789:ABC…, as BotFather gives it."))
    where = {"server": server, "bot_token": token}
    response = ask(http, where, "getMe")
    if response.status in (401, 404) and description_of(response):
        raise refused("bot_token", _("Telegram does not know this token."))
    bot = _result(response, "server")
    return where, bot


def read_chat(
    http: OutboundClient, where: Mapping[str, str], bot: Mapping[str, Any], name: str
) -> dict[str, Any]:
    """Return the chat, where the bot may write to it. Raises: Invalid, OutboundError."""
    if not _CHAT.fullmatch(name):
        raise refused("chat", _("Give the channel’s @name, or its number."))
    chat_id: str | int = name if name.startswith("@") else int(name)
    response = ask(http, where, "getChat", {"chat_id": chat_id})
    if response.status in (400, 403) and description_of(response):
        raise refused("chat", _("The bot does not see this channel. Add it there as an administrator first."))
    chat = _result(response, "chat")
    if chat.get("type") not in ("channel", "supergroup", "group"):
        raise refused("chat", _("This is neither a channel nor a group."))
    response = ask(http, where, "getChatMember", {"chat_id": chat["id"], "user_id": bot["id"]})
    if not response.ok and description_of(response):
        raise refused("chat", _("The bot does not see this channel. Add it there as an administrator first."))
    if not _may_write(chat, _result(response, "chat")):
        raise refused("chat", _("The bot may not post there. Give it the right to post messages."))
    return chat


def refused(field: str, message: str) -> Invalid:
    """Return a refusal at one field of the form."""
    return Invalid(message, fields={f"credentials.{field}": [message]})


def _may_write(chat: Mapping[str, Any], member: Mapping[str, Any]) -> bool:
    status = member.get("status")
    if chat["type"] == "channel":
        return status == "creator" or (status == "administrator" and member.get("can_post_messages") is True)
    if status in ("creator", "administrator"):
        return True
    if status == "restricted":
        return member.get("is_member") is True and member.get("can_send_messages") is True
    return status == "member" and (chat.get("permissions") or {}).get("can_send_messages") is not False


def _result(response: Any, field: str) -> dict[str, Any]:
    try:
        found = result_of(response)
        if not isinstance(found, dict) or ("id" not in found and "status" not in found):
            raise ValueError("an object was expected")
    except (NotReadable, LookupError, ValueError):
        raise refused(field, _("This server does not speak Telegram’s Bot API.")) from None
    return found
