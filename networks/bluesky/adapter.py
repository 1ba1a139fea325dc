"""Bluesky's adapter.

Class D: the record's key is chosen when the post is scheduled, and putting a record with `swapRecord: null` writes
it only where nothing stands. What is frozen when it is prepared (`createdAt`, the uploaded files) is sent again
unchanged.
Source: docs.bsky.app (records, blobs, posts), lexicon app.bsky.feed.post, read 2026-11; behaviour observed on PDS
0.5.35 is in docs/apps/networks.md.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.errors import Invalid
from core.http import NotReadable, OutboundClient, OutboundError, Refused, Response
from networks.bluesky import extras
from networks.bluesky.keys import tid_of
from networks.bluesky.records import COLLECTION, REJECTIONS, build_record, resolve_mentions, upload_image
from networks.bluesky.richtext import facets, mentions
from networks.bluesky.session import LoginFailed, Session, error_of, log_in, message_of
from networks.outcomes import attempt, media_entry, preparing, unprepared
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
    Problem,
    Reconciled,
    Rendered,
)
from networks.texts import clean, count_graphemes

TEXT_BYTES = 3000
IMAGE_BYTES = 2_000_000
IMAGE_TYPES = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"})
PREPARE_SECONDS = 120.0
LABELS = (
    ("", gettext_lazy("None")),
    ("sexual", gettext_lazy("Suggestive")),
    ("nudity", gettext_lazy("Nudity")),
    ("porn", gettext_lazy("Adult")),
    ("graphic-media", gettext_lazy("Graphic")),
)


class BlueskyAdapter:
    """Speaks for one account on a PDS."""

    kind = "bluesky"
    label = "Bluesky"
    credential_fields = (
        CredentialField("service", gettext_lazy("Server"), default="https://bsky.social"),
        CredentialField(
            "identifier", gettext_lazy("Handle"), help=gettext_lazy("For example acme.bsky.social")
        ),
        CredentialField(
            "app_password",
            gettext_lazy("App password"),
            is_secret=True,
            help=gettext_lazy("Made in Bluesky under Settings, Privacy and security, App passwords."),
        ),
    )
    connect_steps = (
        gettext_lazy("In Bluesky, open Settings, Privacy and security, App passwords."),
        gettext_lazy("Add one for Collab and copy it to here; your own password is not needed."),
        gettext_lazy("Connecting logs in once; nothing is published."),
    )
    option_fields = (
        OptionField("label", gettext_lazy("Content label"), choices=LABELS),
        *extras.OPTION_FIELDS,
    )
    call_seconds = 30.0
    settle_seconds = 30.0
    resend_seconds = 0.0
    pace = Pace(every_seconds=2.3, burst=100)
    """5,000 points an hour for one account; a record made is three of them.

    Source: docs.bsky.app/docs/advanced-guides/rate-limits, "Content write operations", read 2026-11.
    """

    def connect(self, http: OutboundClient, credentials: Mapping[str, str]) -> Connected:
        """Log in and read who the account is. Raises: Invalid, OutboundError."""
        service = _service(http, credentials["service"])
        identifier = credentials["identifier"].removeprefix("@")
        try:
            answer = log_in(http, service, identifier, credentials["app_password"]).json_object()
            did, handle = str(answer["did"]), str(answer["handle"])
            tokens = {"access_jwt": str(answer["accessJwt"]), "refresh_jwt": str(answer["refreshJwt"])}
        except LoginFailed as failure:
            raise _login_refused(failure.outcome) from None
        except (NotReadable, KeyError):
            raise _refused("service", _("This server does not speak the AT Protocol.")) from None
        if answer.get("active") is False:
            raise _refused("identifier", _("This account is not active."))
        return Connected(
            handle=f"@{handle}",
            remote_account_id=did,
            name=handle,
            capability=Capability.DETERMINISTIC,
            limits=Limits(
                300, Counting.GRAPHEMES, 4, IMAGE_BYTES, alt_max=2000, options=("label", "replies", "quote")
            ),
            facts={"service": service, "did": did, "handle": handle, "identifier": identifier},
            credentials={"identifier": identifier, "app_password": credentials["app_password"], **tokens},
        )

    def render(self, draft: Draft, limits: Mapping[str, Any], facts: Mapping[str, Any]) -> Rendered:
        """Return text with its facets, language, files and label as they will be sent."""
        text = clean(draft.text)
        length = count_graphemes(text)
        payload = {
            "text": text,
            "facets": facets(text),
            "mentions": mentions(text),
            "langs": [draft.language] if draft.language else [],
            "label": str(draft.options.get("label", "")),
            "media": [media_entry(media) for media in draft.media],
            **extras.extras_of(draft.options),
        }
        problems = [*_problems(draft, text, length, limits), *extras.extra_problems(payload)]
        return Rendered(payload, tuple(problems), length)

    def mint_key(self, delivery_id: UUID) -> str:
        """Return the record key: a timestamp id made of the delivery's own id, so always the same."""
        return tid_of(delivery_id)

    def prepare(self, call: Call, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Upload the pictures, find out who is mentioned, and freeze the record. Raises: PrepareFailed."""
        session = Session(call, seconds=PREPARE_SECONDS)
        with preparing():
            try:
                session.keep_fresh()
                images = [upload_image(session, call, entry) for entry in payload["media"]]
                record = build_record(payload, resolve_mentions(session, payload["mentions"]), images)
                if payload.get("quote"):
                    record = extras.with_quote(record, extras.quoted(session, payload["quote"]))
                prepared = {"record": record}
                if payload.get("replies"):
                    prepared["gate"] = extras.gate_of(payload["replies"], record["createdAt"])
                return prepared
            except LoginFailed as failure:
                raise PrepareFailed(failure.outcome) from failure

    def publish(
        self,
        call: Call,
        payload: Mapping[str, Any],
        prepared: Mapping[str, Any],
        *,
        remote_key: str,
        idem_key: str,
    ) -> Outcome:
        """Put the record under its key, only where nothing stands; before it, unseen, who may reply."""
        if "record" not in prepared:
            return unprepared()
        session = Session(call, seconds=self.call_seconds)
        body = {
            "repo": session.did,
            "collection": COLLECTION,
            "rkey": remote_key,
            "record": prepared["record"],
            "swapRecord": None,
        }

        def read(response: Response) -> Outcome:
            if error_of(response) == "InvalidSwap":
                return self._settled(call, payload, prepared, remote_key)
            return _read(call, response)

        try:
            if "gate" in prepared and (stopped := extras.close_gate(session, remote_key, prepared["gate"])):
                return stopped
            return attempt(lambda: session.procedure("com.atproto.repo.putRecord", body), read)
        except LoginFailed as failure:
            return failure.outcome

    def reconcile(
        self,
        call: Call,
        payload: Mapping[str, Any],
        prepared: Mapping[str, Any],
        *,
        remote_key: str,
        idem_key: str,
    ) -> Reconciled:
        """Ask for the record under its key."""
        session = Session(call, seconds=self.call_seconds)
        asked = {"repo": session.did, "collection": COLLECTION, "rkey": remote_key}
        try:
            response = session.query("com.atproto.repo.getRecord", asked)
            if error_of(response) == "RecordNotFound":
                return Reconciled(Finding.NOT_LIVE)
            if not response.ok:
                return Reconciled(Finding.UNDECIDED, reason=f"HTTP {response.status} {error_of(response)}")
            answer = response.json_object()
            is_ours = answer["value"]["text"] == payload["text"]
        except LoginFailed as failure:
            return Reconciled(Finding.UNDECIDED, reason=failure.outcome.reason)
        except (OutboundError, LookupError, TypeError) as error:
            return Reconciled(
                Finding.UNDECIDED, reason=f"The answer could not be had ({type(error).__name__})."
            )
        if not is_ours:
            return Reconciled(Finding.UNDECIDED, reason=_("Another post stands under this key."))
        return Reconciled(Finding.LIVE, remote_id=str(answer["uri"]), remote_url=_url(call, remote_key))

    def delete(self, call: Call, remote_id: str) -> Outcome:
        """Delete the record; one that is gone already counts as deleted."""
        session = Session(call, seconds=self.call_seconds)
        body = {"repo": session.did, "collection": COLLECTION, "rkey": remote_id.rsplit("/", 1)[-1]}
        try:
            return attempt(
                lambda: session.procedure("com.atproto.repo.deleteRecord", body),
                lambda response: Outcome(OutcomeKind.ACCEPTED if response.ok else OutcomeKind.UNKNOWN),
            )
        except LoginFailed as failure:
            return failure.outcome

    def _settled(
        self, call: Call, payload: Mapping[str, Any], prepared: Mapping[str, Any], remote_key: str
    ) -> Outcome:
        """Say what it means that something stands under our key: the earlier call arrived after all."""
        found = self.reconcile(call, payload, prepared, remote_key=remote_key, idem_key="")
        if found.finding == Finding.LIVE:
            return Outcome(OutcomeKind.ACCEPTED, remote_id=found.remote_id, remote_url=found.remote_url)
        return Outcome(OutcomeKind.UNKNOWN, reason=found.reason)


def _service(http: OutboundClient, text: str) -> str:
    service = text.rstrip("/")
    if "://" not in service:
        service = f"https://{service}"
    try:
        http.check(service)
    except Refused as error:
        raise _refused("service", error.message) from None
    return service


def _login_refused(outcome: Outcome) -> Invalid:
    if outcome.kind == OutcomeKind.RATE_LIMITED:
        return _refused(
            "app_password", _("The server wants no more log-ins for now; try again in some minutes.")
        )
    if outcome.kind == OutcomeKind.NEEDS_LOGIN:
        return _refused("app_password", _("Bluesky did not take this handle with this app password."))
    return _refused("service", outcome.reason)


def _refused(field: str, message: str) -> Invalid:
    return Invalid(message, fields={f"credentials.{field}": [message]})


def _problems(draft: Draft, text: str, length: int, limits: Mapping[str, Any]) -> list[Problem]:
    found = list(find_problems(draft, length, limits))
    if len(text.encode()) > TEXT_BYTES:
        found.append(
            Problem("text_too_long", _("The text is longer than %(most)s bytes.") % {"most": TEXT_BYTES})
        )
    if any(media.kind != "video" and media.mime not in IMAGE_TYPES for media in draft.media):
        found.append(Problem("image_type", _("Bluesky takes pictures as JPEG, PNG, WebP or GIF.")))
    if str(draft.options.get("label", "")) not in dict(LABELS):
        found.append(Problem("label_unknown", _("This content label is not known.")))
    return found


def _read(call: Call, response: Response) -> Outcome:
    """Read the answer to putRecord; definitive are a written record and the refusals listed above."""
    if response.ok:
        uri = str(response.json_object()["uri"])
        key = uri.rsplit("/", 1)[-1]
        return Outcome(OutcomeKind.ACCEPTED, remote_id=uri, remote_url=_url(call, key))
    error = error_of(response)
    if response.status == 400 and error == "BlobNotFound":
        reason = "An uploaded picture is no longer there."
        return Outcome(OutcomeKind.NOT_SENT, reason=reason, prepare_again=True)
    if response.status == 400 and error in REJECTIONS:
        return Outcome(OutcomeKind.REJECTED, reason=message_of(response))
    return Outcome(OutcomeKind.UNKNOWN, reason=f"The server answered HTTP {response.status} {error}.")


def _url(call: Call, key: str) -> str:
    return f"https://bsky.app/profile/{call.facts['did']}/post/{key}"
