"""Telegram's adapter: a bot that writes into one channel or group.

Class N: the Bot API has no key by which a message is sent once only, and no method by which a bot could read what
stands in a chat, not even what it sent itself. So after a lost answer a person is asked; nothing is sent again.
Source: core.telegram.org/bots/api, the list of all methods, Bot API 10.1 of 2026-06-11, read 2026-11-27.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.http import OutboundClient, Response
from networks.outcomes import attempt, media_entry, preparing
from networks.problems import find_problems
from networks.protocol import (
    Call,
    Capability,
    Connected,
    Counting,
    CredentialField,
    Draft,
    Finding,
    Limits,
    OptionField,
    Outcome,
    OutcomeKind,
    Pace,
    PrepareFailed,
    Reconciled,
    Rendered,
)
from networks.telegram.client import ask, description_of, parameter_of, pause_of, result_of
from networks.telegram.joining import read_bot, read_chat
from networks.telegram.messages import entities_of, media_message, problems_of, text_message
from networks.texts import clean, count_utf16

MB = 1024 * 1024
LIMITS = Limits(
    text_max=4096,
    counting=Counting.UTF16,
    media_max=10,
    image_bytes=10 * MB,
    video_bytes=50 * MB,
    alt_max=0,
    caption_max=1024,
    options=("bold_headline", "silent", "no_preview", "protected"),
)
_REFUSALS = (
    "message text is empty",
    "message is too long",
    "message caption is too long",
    "can't parse",
    "photo_invalid_dimensions",
    "photo_ext_invalid",
    "image_process_failed",
    "file must be non-empty",
)
_SHUT_OUT = ("chat not found", "not enough rights", "need administrator rights", "chat_write_forbidden")
"""What a 400 says where it proves that nothing was sent; any other leaves the outcome unknown."""


class TelegramAdapter:
    """Speaks for one bot in one chat."""

    kind = "telegram"
    label = "Telegram"
    credential_fields = (
        CredentialField(
            "chat",
            gettext_lazy("Channel"),
            help=gettext_lazy("Its @name; for a private one its number, which begins with -100"),
        ),
        CredentialField("bot_token", gettext_lazy("Token of the bot"), is_secret=True),
        CredentialField(
            "server",
            gettext_lazy("Server"),
            default="https://api.telegram.org",
            help=gettext_lazy("Another one only where you run a Bot API server of your own."),
        ),
    )
    connect_steps = (
        gettext_lazy("In Telegram, write /newbot to @BotFather and copy the token that it gives."),
        gettext_lazy(
            "Open your channel, Administrators, add the bot and let it post messages, nothing else."
        ),
        gettext_lazy("Connect: the bot, the channel and its rights are looked up; nothing is published."),
    )
    option_fields = (
        OptionField("bold_headline", gettext_lazy("First line in bold"), is_flag=True),
        OptionField("silent", gettext_lazy("Without a sound"), is_flag=True),
        OptionField("no_preview", gettext_lazy("No preview of links"), is_flag=True),
        OptionField("protected", gettext_lazy("Not to be forwarded or saved"), is_flag=True),
    )
    call_seconds = 60.0
    settle_seconds = 5.0
    resend_seconds = 0.0
    pace = Pace(every_seconds=3.0, burst=1)
    """20 messages a minute to one group, one a second to one chat.

    Source: core.telegram.org/bots/faq, "My bot is hitting limits", read 2026-11-27.
    """

    def connect(self, http: OutboundClient, credentials: Mapping[str, str]) -> Connected:
        """Look up the bot, the chat, and the bot's rights in it. Raises: Invalid, OutboundError."""
        where, bot = read_bot(http, credentials)
        chat = read_chat(http, where, bot, credentials["chat"])
        name = str(chat.get("title") or credentials["chat"])
        public = str(chat.get("username") or "")
        return Connected(
            handle=f"@{public}" if public else name,
            remote_account_id=f"{where['server'].split('://')[1]}#{chat['id']}",
            name=name[:120],
            capability=Capability.NEITHER,
            limits=LIMITS,
            facts={
                "server": where["server"],
                "chat": credentials["chat"],
                "chat_id": int(chat["id"]),
                "username": public,
                "bot": str(bot.get("username", "")),
            },
            credentials={"bot_token": where["bot_token"]},
        )

    def render(self, draft: Draft, limits: Mapping[str, Any], facts: Mapping[str, Any]) -> Rendered:
        """Return the message as it will be sent."""
        text = clean(draft.text)
        payload = {
            "text": text,
            "entities": entities_of(text, is_headline_bold=bool(draft.options.get("bold_headline"))),
            "disable_notification": bool(draft.options.get("silent")),
            "link_preview": not draft.options.get("no_preview"),
            "protect_content": bool(draft.options.get("protected")),
            "media": [media_entry(media) for media in draft.media],
        }
        length = count_utf16(text)
        return Rendered(payload, (*find_problems(draft, length, limits), *problems_of(draft)), length)

    def mint_key(self, delivery_id: UUID) -> str:
        """Return nothing: Telegram numbers messages itself."""
        return ""

    def prepare(self, call: Call, payload: Mapping[str, Any]) -> dict[str, Any]:
        """See that the files are there; they go with the message itself. Raises: PrepareFailed."""
        with preparing():
            for entry in payload["media"]:
                call.open_media(entry)
        return {}

    def publish(
        self,
        call: Call,
        payload: Mapping[str, Any],
        prepared: Mapping[str, Any],
        *,
        remote_key: str,
        idem_key: str,
    ) -> Outcome:
        """Send the message, files and caption in one call."""
        chat_id, where = call.facts["chat_id"], _where(call)
        try:
            with preparing():
                method, parts = media_message(call, chat_id, payload) if payload["media"] else ("", None)
        except PrepareFailed as failure:
            return failure.outcome
        fields = None if parts else text_message(chat_id, payload)
        return attempt(
            lambda: ask(
                call.http, where, method or "sendMessage", fields, parts=parts, seconds=self.call_seconds
            ),
            lambda response: _read(call, response),
            pause_of,
        )

    def reconcile(
        self,
        call: Call,
        payload: Mapping[str, Any],
        prepared: Mapping[str, Any],
        *,
        remote_key: str,
        idem_key: str,
    ) -> Reconciled:
        """Say that it cannot be known: bots cannot read what stands in a chat."""
        return Reconciled(
            Finding.UNDECIDED, reason=_("Telegram does not let bots read what stands in a chat.")
        )

    def delete(self, call: Call, remote_id: str) -> Outcome:
        """Delete the message or the whole album; what is gone already is skipped by Telegram itself."""
        fields = {
            "chat_id": call.facts["chat_id"],
            "message_ids": [int(number) for number in remote_id.split(",")],
        }
        return attempt(
            lambda: ask(call.http, _where(call), "deleteMessages", fields), _read_deletion, pause_of
        )


def _where(call: Call) -> dict[str, str]:
    return {"server": str(call.facts["server"]), "bot_token": call.credentials["bot_token"]}


def _read(call: Call, response: Response) -> Outcome:
    """Read the answer to a message; definitive are the message itself and the refusals listed above."""
    if response.ok:
        result = result_of(response)
        sent = result if isinstance(result, list) else [result]
        numbers = [int(message["message_id"]) for message in sent]
        ident = ",".join(str(number) for number in numbers)
        return Outcome(OutcomeKind.ACCEPTED, remote_id=ident, remote_url=_link(call, numbers[0]))
    return _refusal(response)


def _read_deletion(response: Response) -> Outcome:
    if response.ok and result_of(response) is True:
        return Outcome(OutcomeKind.ACCEPTED)
    if response.status == 400 and "can't be deleted" in description_of(response):
        return Outcome(OutcomeKind.REJECTED, reason=description_of(response))
    return _refusal(response)


def _refusal(response: Response) -> Outcome:
    why = description_of(response)
    words = why.lower()
    if response.status == 400 and why and parameter_of(response, "migrate_to_chat_id"):
        reason = "The group has become a supergroup with another number; connect it again."
        return Outcome(OutcomeKind.NEEDS_LOGIN, reason=reason)
    if response.status in (401, 403, 404) and why:
        return Outcome(OutcomeKind.NEEDS_LOGIN, reason=why)
    if response.status == 400 and any(part in words for part in _SHUT_OUT):
        return Outcome(OutcomeKind.NEEDS_LOGIN, reason=why)
    if response.status == 413 or (response.status == 400 and any(part in words for part in _REFUSALS)):
        return Outcome(OutcomeKind.REJECTED, reason=why or "The files are too large.")
    return Outcome(OutcomeKind.UNKNOWN, reason=f"Telegram answered HTTP {response.status}.")


def _link(call: Call, number: int) -> str:
    """Return the message's address: public, or for members of a private channel; basic groups have none."""
    if call.facts["username"]:
        return f"https://t.me/{call.facts['username']}/{number}"
    ident = str(call.facts["chat_id"])
    return f"https://t.me/c/{ident.removeprefix('-100')}/{number}" if ident.startswith("-100") else ""
