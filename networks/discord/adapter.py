"""Discord's adapter, by a webhook or by a bot.

A webhook is of class N: it can read a message by its id only, and without an answer there is no id; it takes no nonce.
A bot that may read its channel is of class K: a message with `enforce_nonce` is made once only within the past few
minutes, and the channel's latest messages tell what became of it; later they alone do, as in class F.
Source: discord.com/developers/docs/resources/webhook#execute-webhook, /resources/message#create-message ("nonce",
"enforce_nonce"), #get-channel-messages; OpenAPI document of discord/discord-api-spec, version 10; read 2026-11-27.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.clock import now
from core.http import OutboundClient, OutboundError, Response
from networks.discord.client import Place, as_bot, as_webhook, emptied_for, error_of, pause_of
from networks.discord.joining import join_bot, join_webhook, refused
from networks.discord.messages import (
    CLOCK_SLACK,
    SUPPRESS_EMBEDS,
    SUPPRESS_NOTIFICATIONS,
    is_same,
    made_at,
    message_of,
    nonce_of,
    parts_of,
)
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
from networks.texts import clean

MB = 1024 * 1024
PAGE = 100
LIMITS = Limits(
    text_max=2000,
    counting=Counting.CHARACTERS,
    media_max=10,
    image_bytes=10 * MB,
    video_bytes=10 * MB,
    alt_max=1024,
    options=("ping", "silent", "no_preview"),
)
_SHUT_OUT = {401: (0, 50027), 403: (50001, 50013), 404: (10003, 10015)}
_REFUSALS = {400: (50006, 50035, 220001, 240000), 413: (40005,)}
"""Codes that prove that no message was made, by status; any other answer leaves the outcome unknown.

Source: discord.com/developers/docs/topics/opcodes-and-status-codes#json, read 2026-11-27.
"""
_GONE = 10008


class DiscordAdapter:
    """Speaks for one webhook, or one bot in one channel."""

    kind = "discord"
    label = "Discord"
    credential_fields = (
        CredentialField(
            "webhook_url",
            gettext_lazy("Address of the webhook"),
            is_secret=True,
            is_optional=True,
            help=gettext_lazy("Whoever has it can post, so it is kept like a password. Empty for a bot."),
        ),
        CredentialField("bot_token", gettext_lazy("Token of the bot"), is_secret=True, is_optional=True),
        CredentialField(
            "channel_id",
            gettext_lazy("Number of the bot’s channel"),
            is_optional=True,
            help=gettext_lazy("In developer mode: right click on the channel, Copy Channel ID"),
        ),
        CredentialField("server", gettext_lazy("Server"), default="https://discord.com"),
    )
    connect_steps = (
        gettext_lazy(
            "Webhook: in the channel’s settings, Integrations, Webhooks, make one and copy its URL."
        ),
        gettext_lazy("Or a bot: make one in the Developer Portal and invite it to your server."),
        gettext_lazy("It needs View Channel, Send Messages, Attach Files and Read Message History."),
        gettext_lazy("When an answer is lost a bot looks for the post; a webhook cannot, and you are asked."),
        gettext_lazy("Connect: webhook or bot and channel are looked up; nothing is published."),
    )
    option_fields = (
        OptionField("ping", gettext_lazy("Notify those who are named, @everyone too"), is_flag=True),
        OptionField("silent", gettext_lazy("Without a sound"), is_flag=True),
        OptionField("no_preview", gettext_lazy("No preview of links"), is_flag=True),
    )
    call_seconds = 30.0
    settle_seconds = 20.0
    resend_seconds = 120.0
    pace = Pace(every_seconds=2.0, burst=5)
    """A guess on the safe side: Discord says its limits with each answer and wants none written down.

    Source: discord.com/developers/docs/topics/rate-limits, read 2026-11-27.
    """

    def connect(self, http: OutboundClient, credentials: Mapping[str, str]) -> Connected:
        """Look up the webhook, or the bot and its channel. Raises: Invalid, OutboundError."""
        address, token = credentials.get("webhook_url", ""), credentials.get("bot_token", "")
        if bool(address) == bool(token):
            raise refused("webhook_url", _("Give either the address of a webhook or the token of a bot."))
        if address:
            found = join_webhook(http, address)
        else:
            server = credentials["server"].rstrip("/")
            found = join_bot(http, server, token, credentials.get("channel_id", ""))
        facts = found["facts"]
        return Connected(
            handle=found["name"],
            remote_account_id=f"{facts['server'].split('://')[1]}#{found['account']}",
            name=found["name"][:120],
            capability=found.get("capability", Capability.NEITHER),
            limits=LIMITS,
            facts=facts,
            credentials=found["credentials"],
        )

    def render(self, draft: Draft, limits: Mapping[str, Any], facts: Mapping[str, Any]) -> Rendered:
        """Return the message as it will be posted."""
        text, options = clean(draft.text), draft.options
        flags = (SUPPRESS_EMBEDS if options.get("no_preview") else 0) | (
            SUPPRESS_NOTIFICATIONS if options.get("silent") else 0
        )
        payload = {
            "content": text,
            "ping": bool(options.get("ping")),
            "flags": flags,
            "media": [media_entry(media) for media in draft.media],
        }
        return Rendered(payload, tuple(find_problems(draft, len(text), limits)), len(text))

    def mint_key(self, delivery_id: UUID) -> str:
        """Return nothing: Discord numbers messages itself."""
        return ""

    def prepare(self, call: Call, payload: Mapping[str, Any]) -> dict[str, Any]:
        """See that the files are there; note the time from which to look for the message. Raises: PrepareFailed."""
        with preparing():
            for entry in payload["media"]:
                call.open_media(entry)
        return {"since": now().isoformat()}

    def publish(
        self,
        call: Call,
        payload: Mapping[str, Any],
        prepared: Mapping[str, Any],
        *,
        remote_key: str,
        idem_key: str,
    ) -> Outcome:
        """Post the message, as a bot under its nonce."""
        message = message_of(payload, nonce_of(idem_key) if call.facts["mode"] == "bot" else "")
        try:
            with preparing():
                body = parts_of(call, payload, message) if payload["media"] else message
        except PrepareFailed as failure:
            return failure.outcome
        return attempt(
            lambda: _place(call).post(body, self.call_seconds),
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
        """Look for the message among the channel's latest; a channel that shows none may only hide them."""
        if call.facts["mode"] != "bot":
            return Reconciled(
                Finding.UNDECIDED, reason=_("A webhook cannot read what stands in its channel.")
            )
        place = _place(call)
        try:
            since = datetime.fromisoformat(prepared["since"])
            response = place.ask(place.path, {"limit": PAGE})
            if not response.ok:
                return Reconciled(Finding.UNDECIDED, reason=f"HTTP {response.status}")
            messages = list(response.json())
            for message in messages:
                if is_same(message, payload, str(call.facts["bot_id"]), since):
                    return Reconciled(Finding.LIVE, str(message["id"]), _link(call, str(message["id"])))
            is_past = bool(messages) and made_at(messages[-1]) < since - CLOCK_SLACK
        except (OutboundError, LookupError, TypeError, ValueError, AttributeError) as error:
            reason = f"The answer could not be had ({type(error).__name__})."
            return Reconciled(Finding.UNDECIDED, reason=reason)
        if is_past or 0 < len(messages) < PAGE:
            return Reconciled(Finding.NOT_LIVE)
        return Reconciled(Finding.UNDECIDED, reason=_("The channel does not show enough to be sure."))

    def delete(self, call: Call, remote_id: str) -> Outcome:
        """Delete the message; one that is gone already counts as deleted."""
        return attempt(lambda: _place(call).take_down(remote_id), _read_deletion, pause_of)


def _place(call: Call) -> Place:
    facts = call.facts
    if facts["mode"] == "bot":
        return as_bot(call.http, facts["server"], facts["channel_id"], call.credentials["bot_token"])
    return as_webhook(call.http, facts["server"], facts["webhook_id"], call.credentials["webhook_token"])


def _read(call: Call, response: Response) -> Outcome:
    """Read the answer to a message; definitive are the message itself and the codes listed above."""
    if response.ok:
        ident = str(response.json_object()["id"])
        return Outcome(
            OutcomeKind.ACCEPTED,
            remote_id=ident,
            remote_url=_link(call, ident),
            retry_after_seconds=emptied_for(response),
        )
    return _refusal(response)


def _read_deletion(response: Response) -> Outcome:
    if response.status == 204 or (response.status == 404 and error_of(response)[0] == _GONE):
        return Outcome(OutcomeKind.ACCEPTED)
    return _refusal(response)


def _refusal(response: Response) -> Outcome:
    code, words = error_of(response)
    if words and code in _SHUT_OUT.get(response.status, ()):
        return Outcome(OutcomeKind.NEEDS_LOGIN, reason=words)
    if words and code in _REFUSALS.get(response.status, ()):
        return Outcome(OutcomeKind.REJECTED, reason=words)
    return Outcome(OutcomeKind.UNKNOWN, reason=f"Discord answered HTTP {response.status} ({code}).")


def _link(call: Call, ident: str) -> str:
    return f"{call.facts['server']}/channels/{call.facts['guild_id'] or '@me'}/{call.facts['channel_id']}/{ident}"
