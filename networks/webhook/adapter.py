"""The adapter of generic webhooks: whoever keeps the contract in docs/networks.md can be published to.

Class D where the receiver says that it keeps keys and proves when it is connected that it can be asked for one: the
key is the delivery's id. Else class N: a receiver that cannot be asked is never called twice.
Source: Standard Webhooks 1.0.0 for headers and signatures, read 2026-11-27; the events are our own.
"""

import base64
import hashlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.errors import Invalid
from core.http import OutboundClient, OutboundError, Refused, Response
from core.ids import uuid7
from networks.outcomes import attempt, failed, preparing, unprepared
from networks.problems import render_titled
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
    Reconciled,
    Rendered,
)
from networks.webhook.receiver import DELETE, FIND, MEDIA, PUBLISH, TEST, Receiver, error_of

TITLE_MAX = 200
IMAGE_BYTES = 10 * 1024 * 1024
UPLOAD_SECONDS = 60.0
_SIGNATURE_REFUSED = (401, 403)
_SHUT_OUT = (*_SIGNATURE_REFUSED, 410)
"""A receiver that answers 410 wants no more calls."""


class WebhookAdapter:
    """Speaks to one address."""

    kind = "webhook"
    label = gettext_lazy("Webhook")
    credential_fields = (
        CredentialField(
            "url", gettext_lazy("Address"), help=gettext_lazy("Where the receiver takes calls, with https://")
        ),
        CredentialField(
            "secret",
            gettext_lazy("Secret"),
            is_secret=True,
            help=gettext_lazy("whsec_ and 24 to 64 random bytes in base64; the receiver has the same."),
        ),
        CredentialField(
            "previous_secret",
            gettext_lazy("Previous secret"),
            is_secret=True,
            is_optional=True,
            help=gettext_lazy(
                "While the secret changes: calls are signed with both, until you log in without it."
            ),
        ),
    )
    connect_steps = (
        gettext_lazy(
            "Let the receiver check signature, time and key of each call as Standard Webhooks 1.0 says."
        ),
        gettext_lazy(
            "Make a secret with openssl rand -base64 32, put whsec_ before it and give it to the receiver."
        ),
        gettext_lazy("Connect: test calls publish nothing; one with a wrong signature has to be refused."),
    )
    option_fields = (OptionField("title", gettext_lazy("Headline"), text_max=TITLE_MAX),)
    call_seconds = 20.0
    settle_seconds = 20.0
    resend_seconds = 0.0
    pace = None

    def connect(self, http: OutboundClient, credentials: Mapping[str, str]) -> Connected:
        """Make test calls that publish nothing and read what the receiver takes. Raises: Invalid, OutboundError."""
        receiver = _receiver(http, credentials)
        told = _tested(receiver)
        if receiver.with_wrong_key().send(TEST, {}).status not in _SIGNATURE_REFUSED:
            raise _refused(
                "secret", _("The receiver took a call with a wrong signature. It has to check signatures.")
            )
        parts = urlsplit(receiver.url)
        return Connected(
            handle=str(parts.hostname),
            remote_account_id=f"{parts.netloc}#{hashlib.sha256(receiver.url.encode()).hexdigest()[:32]}",
            name=str(told.get("name") or parts.hostname)[:120],
            capability=_capability(receiver, told),
            limits=Limits(
                text_max=_number(told.get("text_max"), 5000, 100_000),
                counting=Counting.CHARACTERS,
                media_max=_number(told.get("media_max"), 0, 20),
                image_bytes=_number(told.get("image_bytes"), IMAGE_BYTES, IMAGE_BYTES),
                options=("title",),
            ),
            facts={"server": f"{parts.scheme}://{parts.netloc}"},
            credentials={name: value for name, value in credentials.items() if value},
        )

    def render(self, draft: Draft, limits: Mapping[str, Any], facts: Mapping[str, Any]) -> Rendered:
        """Return title, text and files as the receiver will be told them."""
        return render_titled(draft, limits, TITLE_MAX)

    def mint_key(self, delivery_id: UUID) -> str:
        """Return the key under which the receiver can be asked: the delivery itself."""
        return str(delivery_id)

    def prepare(self, call: Call, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Hand the files over, each under its digest, so that the same one twice is one. Raises: PrepareFailed."""
        with preparing():
            receiver = Receiver.of(call.http, call.credentials)
            return {"media": [_hand_over(receiver, call, entry) for entry in payload["media"]]}

    def publish(
        self,
        call: Call,
        payload: Mapping[str, Any],
        prepared: Mapping[str, Any],
        *,
        remote_key: str,
        idem_key: str,
    ) -> Outcome:
        """Send the post under its key."""
        ids = prepared.get("media", ())
        if len(ids) != len(payload["media"]):
            return unprepared()
        receiver = Receiver.of(call.http, call.credentials)
        files = [
            {"id": ident, **{name: entry[name] for name in ("digest", "mime", "alt")}}
            for ident, entry in zip(ids, payload["media"], strict=True)
        ]
        texts = {name: payload[name] for name in ("title", "text", "language")}
        data = {"key": remote_key, **texts, "media": files}
        return attempt(
            lambda: receiver.send(PUBLISH, data, ident=f"post_{remote_key}", seconds=self.call_seconds), _read
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
        """Ask what the receiver has under the key."""
        try:
            response = Receiver.of(call.http, call.credentials).send(FIND, {"key": remote_key})
            if response.status != 200:
                return Reconciled(Finding.UNDECIDED, reason=f"HTTP {response.status}")
            answer = response.json_object()
            if answer["found"] is False:
                return Reconciled(Finding.NOT_LIVE)
            if answer["found"] is True:
                return Reconciled(Finding.LIVE, str(answer["id"]), _link(answer))
        except (OutboundError, LookupError, TypeError, ValueError) as error:
            reason = f"The answer could not be had ({type(error).__name__})."
            return Reconciled(Finding.UNDECIDED, reason=reason)
        return Reconciled(Finding.UNDECIDED, reason=_("The receiver did not say whether it has the post."))

    def delete(self, call: Call, remote_id: str) -> Outcome:
        """Ask the receiver to take the post down; one that is gone already counts as taken down."""
        receiver = Receiver.of(call.http, call.credentials)
        return attempt(
            lambda: receiver.send(DELETE, {"id": remote_id}, ident=f"delete_{_digest(remote_id)}"),
            lambda response: Outcome(OutcomeKind.ACCEPTED if _is_gone(response) else OutcomeKind.UNKNOWN),
        )


def _receiver(http: OutboundClient, credentials: Mapping[str, str]) -> Receiver:
    try:
        http.check(credentials["url"])
    except Refused as error:
        raise _refused("url", error.message) from None
    for name in ("secret", "previous_secret"):
        if name != "secret" and not credentials.get(name):
            continue
        try:
            Receiver.of(http, {"url": "", "secret": credentials.get(name, "")})
        except ValueError:
            message = _("A secret is whsec_ and 24 to 64 random bytes in base64.")
            raise _refused(name, message) from None
    return Receiver.of(http, credentials)


def _tested(receiver: Receiver) -> Mapping[str, Any]:
    response = receiver.send(TEST, {})
    if response.status in _SIGNATURE_REFUSED:
        raise _refused(
            "secret", _("The receiver did not take the signature: does it have the same secret and time?")
        )
    if not response.ok:
        raise _refused("url", _("The receiver did not answer the test call (HTTP %s).") % response.status)
    try:
        told = response.json_object()
    except OutboundError:
        told = {}
    if told.get("ok") is not True:
        raise _refused("url", _("The receiver did not answer the test call as the contract says."))
    return told


def _capability(receiver: Receiver, told: Mapping[str, Any]) -> Capability:
    """Return class D only for a receiver that says it keeps keys and knows that it has nothing under a new one."""
    if told.get("keeps_keys") is not True or told.get("finds") is not True:
        return Capability.NEITHER
    response = receiver.send(FIND, {"key": str(uuid7())})
    try:
        is_absent = response.status == 200 and response.json_object().get("found") is False
    except OutboundError:
        is_absent = False
    return Capability.DETERMINISTIC if is_absent else Capability.NEITHER


def _hand_over(receiver: Receiver, call: Call, entry: Mapping[str, Any]) -> str:
    content = base64.b64encode(call.open_media(entry).read_bytes()).decode()
    data = {"content": content, **{name: entry[name] for name in ("digest", "mime", "bytes", "alt")}}
    response = receiver.send(MEDIA, data, ident=f"media_{entry['digest'][:32]}", seconds=UPLOAD_SECONDS)
    if response.ok:
        return str(response.json_object()["id"])
    error = error_of(response)
    if response.status in _SHUT_OUT and error:
        raise failed(OutcomeKind.NEEDS_LOGIN, _NO_SIGNATURE, response)
    kind = OutcomeKind.REJECTED if response.status in (413, 415, 422) and error else OutcomeKind.NOT_SENT
    raise failed(kind, f"The file was not taken: {error or response.status}", response)


def _read(response: Response) -> Outcome:
    """Read the answer to a post; definitive are its id, a refused signature and a 422, both with their reason."""
    if response.ok:
        answer = response.json_object()
        return Outcome(OutcomeKind.ACCEPTED, remote_id=_said(answer["id"]), remote_url=_link(answer))
    error = error_of(response)
    if response.status in _SHUT_OUT and error:
        return Outcome(OutcomeKind.NEEDS_LOGIN, reason=_NO_SIGNATURE)
    if response.status == 422 and error:
        return Outcome(OutcomeKind.REJECTED, reason=error)
    return Outcome(OutcomeKind.UNKNOWN, reason=f"The receiver answered HTTP {response.status}.")


def _is_gone(response: Response) -> bool:
    return response.ok or (response.status == 404 and bool(error_of(response)))


_NO_SIGNATURE = "The receiver takes no more calls with our signature."


def _said(ident: Any) -> str:
    """Return the id that a receiver gives. Raises: ValueError."""
    if not isinstance(ident, str | int) or isinstance(ident, bool) or not 1 <= len(str(ident)) <= 255:
        raise ValueError("an id of 1 to 255 characters was expected")
    return str(ident)


def _link(answer: Mapping[str, Any]) -> str:
    """Return the permalink, where the receiver gives one that a browser may follow."""
    url = str(answer.get("url") or "")
    return url if url.startswith(("https://", "http://")) and len(url) <= 2000 else ""


def _number(value: Any, otherwise: int, most: int) -> int:
    return (
        min(value, most)
        if isinstance(value, int) and not isinstance(value, bool) and value > 0
        else otherwise
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _refused(field: str, message: str) -> Invalid:
    return Invalid(message, fields={f"credentials.{field}": [message]})
