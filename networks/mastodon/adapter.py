"""Mastodon's adapter.

Class K where the server says that it is Mastodon, which keeps an Idempotency-Key for an hour; else class F. In both
an unknown outcome is settled by reading the account's own latest posts; never is a `scheduled_at` sent, since some
servers post such items at once.
Source: docs.joinmastodon.org/methods/statuses, /media, /accounts, read 2026-11.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.clock import now
from core.errors import Invalid
from core.http import NotReadable, OutboundClient, OutboundError, Refused, Response
from networks.mastodon import polls
from networks.mastodon.client import READ_SECONDS, ask, bearer, error_of, get, token_is_refused
from networks.mastodon.instance import capability_of, limits_of, media_types_of, read_instance
from networks.mastodon.matching import CLOCK_SLACK, is_same, made_at
from networks.mastodon.uploads import upload
from networks.outcomes import attempt, media_entry, preparing, unprepared
from networks.problems import find_problems
from networks.protocol import (
    Call,
    Connected,
    CredentialField,
    Draft,
    Finding,
    OptionField,
    Outcome,
    OutcomeKind,
    Pace,
    Problem,
    Reconciled,
    Rendered,
)
from networks.quotas import ends_at
from networks.texts import clean, measure

VISIBILITIES = (
    ("public", gettext_lazy("Public")),
    ("unlisted", gettext_lazy("Quiet public")),
    ("private", gettext_lazy("Followers")),
)
PAGE = 40
MOST_PAGES = 3
_WRITES = frozenset({"write", "write:statuses"})


class MastodonAdapter:
    """Speaks for one account on a server."""

    kind = "mastodon"
    label = "Mastodon"
    credential_fields = (
        CredentialField("server", gettext_lazy("Server"), help=gettext_lazy("For example mastodon.social")),
        CredentialField(
            "access_token",
            gettext_lazy("Access token"),
            is_secret=True,
            help=gettext_lazy("Made on your server under Preferences, Development, with read and write."),
        ),
    )
    connect_steps = (
        gettext_lazy("On your server, open Preferences, Development and make a new application."),
        gettext_lazy("Give it the scopes read and write, save, and open it again."),
        gettext_lazy("Copy “Your access token” to here. The token is tried out; nothing is published."),
    )
    option_fields = (
        OptionField("content_warning", gettext_lazy("Content warning"), text_max=500),
        OptionField("visibility", gettext_lazy("Who sees it"), choices=VISIBILITIES),
        OptionField("sensitive", gettext_lazy("Hide pictures until asked for"), is_flag=True),
        *polls.OPTION_FIELDS,
    )
    call_seconds = 30.0
    settle_seconds = 60.0
    resend_seconds = 50 * 60.0
    pace = Pace(every_seconds=5.0, burst=30)
    """300 requests in five minutes for one account, of which a post with its questions takes up to three.

    Source: docs.joinmastodon.org/api/rate-limits, read 2026-11.
    """

    def connect(self, http: OutboundClient, credentials: Mapping[str, str]) -> Connected:
        """Read what the server is and who the token belongs to. Raises: Invalid, OutboundError."""
        server = _server(http, credentials["server"])
        token = credentials["access_token"]
        try:
            document = read_instance(http, server)
            account = _account(get(http, server, "/api/v1/accounts/verify_credentials", token))
        except NotReadable as error:
            raise _refused("server", error.message) from None
        _require_scopes(get(http, server, "/api/v1/apps/verify_credentials", token))
        handle = f"@{account['acct']}@{server.split('://')[1]}"
        return Connected(
            handle=handle,
            remote_account_id=f"{server}#{account['id']}",
            name=str(account.get("display_name") or account["acct"])[:120],
            capability=capability_of(document),
            limits=limits_of(document),
            facts={
                "server": server,
                "account_id": str(account["id"]),
                "media_types": media_types_of(document),
                "polls": polls.polls_of(document),
                "version": str(document.get("version", ""))[:80],
            },
            credentials={"access_token": token},
            login_ends_at=ends_at(token),
        )

    def render(self, draft: Draft, limits: Mapping[str, Any], facts: Mapping[str, Any]) -> Rendered:
        """Return the status as it will be sent."""
        text = clean(draft.text)
        warning = " ".join(clean(str(draft.options.get("content_warning", ""))).split())
        payload = {
            "status": text,
            "spoiler_text": warning,
            "visibility": str(draft.options.get("visibility") or "public"),
            "sensitive": bool(draft.options.get("sensitive")) or bool(warning),
            "language": draft.language,
            "media": [media_entry(media) for media in draft.media],
        }
        if poll := polls.poll_of(draft.options):
            payload["poll"] = poll
        length = measure(text, limits["counting"], limits["url_length"]) + measure(warning, "graphemes")
        return Rendered(payload, tuple(_problems(draft, payload, length, limits, facts)), length)

    def mint_key(self, delivery_id: UUID) -> str:
        """Return nothing: the server chooses the id."""
        return ""

    def prepare(self, call: Call, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Upload the files and wait until the server has processed them. Raises: PrepareFailed."""
        started = now().isoformat()
        with preparing():
            ids = [upload(call, entry) for entry in payload["media"]]
        return {"media_ids": ids, "since": started}

    def publish(
        self,
        call: Call,
        payload: Mapping[str, Any],
        prepared: Mapping[str, Any],
        *,
        remote_key: str,
        idem_key: str,
    ) -> Outcome:
        """Post the status under its Idempotency-Key."""
        if len(prepared.get("media_ids", ())) != len(payload["media"]):
            return unprepared()
        body = {name: payload[name] for name in ("status", "visibility", "sensitive")}
        body |= {name: payload[name] for name in ("spoiler_text", "language") if payload[name]}
        if payload["media"]:
            body["media_ids"] = prepared["media_ids"]
        if payload.get("poll"):
            body["poll"] = payload["poll"]
        headers = {**bearer(call), "Idempotency-Key": idem_key}
        return attempt(
            lambda: call.http.request(
                "POST",
                f"{call.facts['server']}/api/v1/statuses",
                headers=headers,
                json=body,
                deadline_seconds=self.call_seconds - READ_SECONDS,
            ),
            lambda response: _read(call, response),
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
        """Look for the status among the account's latest, back to when it was prepared."""
        params: dict[str, str | int] = {"limit": PAGE, "exclude_reblogs": "true"}
        path = f"/api/v1/accounts/{call.facts['account_id']}/statuses"
        try:
            since = datetime.fromisoformat(prepared["since"])
            for _page in range(MOST_PAGES):
                response = ask(call, path, params)
                if not response.ok:
                    return Reconciled(Finding.UNDECIDED, reason=f"HTTP {response.status}")
                statuses = list(response.json())
                for status in statuses:
                    if is_same(status, payload, since):
                        return Reconciled(
                            Finding.LIVE, str(status["id"]), str(status.get("url") or status["uri"])
                        )
                if not statuses or made_at(statuses[-1]) < since - CLOCK_SLACK:
                    return Reconciled(Finding.NOT_LIVE)
                params["max_id"] = str(statuses[-1]["id"])
        except (OutboundError, LookupError, TypeError, ValueError, AttributeError) as error:
            return Reconciled(
                Finding.UNDECIDED, reason=f"The answer could not be had ({type(error).__name__})."
            )
        return Reconciled(Finding.UNDECIDED, reason=_("Too many newer posts to be sure."))

    def delete(self, call: Call, remote_id: str) -> Outcome:
        """Delete the status; one that is gone already counts as deleted."""
        return attempt(
            lambda: call.http.request(
                "DELETE",
                f"{call.facts['server']}/api/v1/statuses/{remote_id}",
                headers=bearer(call),
                deadline_seconds=self.call_seconds - READ_SECONDS,
            ),
            lambda response: Outcome(
                OutcomeKind.ACCEPTED if response.ok or response.status == 404 else OutcomeKind.UNKNOWN
            ),
        )


def _server(http: OutboundClient, text: str) -> str:
    server = text.strip().rstrip("/")
    server = server if "://" in server else f"https://{server}"
    try:
        http.check(server)
    except Refused as error:
        raise _refused("server", error.message) from None
    return server


def _account(response: Response) -> Mapping[str, Any]:
    """Return the account of a token; servers refuse a bad one with 400, 401, 403 or 422."""
    if response.status in (400, 401, 403, 422):
        raise _refused("access_token", _("The server did not take this access token."))
    account = response.json_object()
    if not response.ok or "id" not in account or "acct" not in account:
        raise _refused("server", _("The server did not say whose token this is (HTTP %s).") % response.status)
    return account


def _require_scopes(response: Response) -> None:
    """Refuse a token that says itself that it cannot post; a server that says nothing is believed."""
    try:
        scopes = response.json_object().get("scopes") if response.ok else None
    except NotReadable:
        return
    if isinstance(scopes, list) and scopes and not _WRITES & {str(scope) for scope in scopes}:
        raise _refused("access_token", _("This access token may read only; make one with read and write."))


def _refused(field: str, message: str) -> Invalid:
    return Invalid(message, fields={f"credentials.{field}": [message]})


def _problems(
    draft: Draft, payload: Mapping[str, Any], length: int, limits: Mapping[str, Any], facts: Mapping[str, Any]
) -> list[Problem]:
    found = list(find_problems(draft, length, limits))
    if payload["visibility"] not in dict(VISIBILITIES):
        found.append(Problem("visibility_unknown", _("This visibility is not known.")))
    if payload.get("poll"):
        found += polls.poll_problems(payload["poll"], facts, has_files=bool(draft.media))
    types = facts.get("media_types") or []
    if types and any(media.mime not in types for media in draft.media):
        found.append(Problem("media_type", _("The server does not take a file of this type.")))
    if len(draft.media) > 1 and any(media.kind != "image" for media in draft.media):
        found.append(Problem("media_mixed", _("A video or animation stands alone in a post.")))
    return found


def _read(call: Call, response: Response) -> Outcome:
    """Read the answer to a post; definitive are the status itself, a refused token, and a failed validation."""
    if response.ok:
        status = response.json_object()
        return Outcome(
            OutcomeKind.ACCEPTED,
            remote_id=str(status["id"]),
            remote_url=str(status.get("url") or status["uri"]),
        )
    if response.status in (400, 401, 403, 422) and token_is_refused(call):
        return Outcome(OutcomeKind.NEEDS_LOGIN, reason="The server does not take the access token any more.")
    if response.status == 422 and (error := error_of(response)):
        return Outcome(OutcomeKind.REJECTED, reason=error)
    return Outcome(OutcomeKind.UNKNOWN, reason=f"The server answered HTTP {response.status}.")
