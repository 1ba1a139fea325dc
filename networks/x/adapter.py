"""X's adapter, of class F: its posts take no key and no id of ours, and the account's own timeline tells what stands.

Source: docs.x.com/x-api/posts/creation-of-a-post, …/posts/manage-tweets (200 posts in 15 minutes, 300 in three hours),
…/posts/user-posts-timeline-by-user-id, …/deletion-of-a-post; OpenAPI document of API v2, 2.167; read 2026-11-27.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.clock import now
from core.errors import Invalid
from core.http import OutboundClient, OutboundError, Response
from networks.oauth.bearer import Bearer
from networks.oauth.exchange import LoginFailed
from networks.outcomes import attempt, media_entry, preparing, unprepared
from networks.problems import find_problems
from networks.protocol import (
    Call,
    Connected,
    Draft,
    Finding,
    OptionField,
    Outcome,
    OutcomeKind,
    Pace,
    PrepareFailed,
    Problem,
    Reconciled,
    Rendered,
)
from networks.texts import clean, count_x
from networks.x.answers import is_duplicate, pause_of, refusal
from networks.x.login import server_at
from networks.x.matching import CLOCK_SLACK, is_same, made_at
from networks.x.uploads import upload

UPLOADS_SECONDS = 900.0
POST_SECONDS, LOOK_SECONDS = 20.0, 10.0
"""With ten seconds for a new token between them they make the total of a call."""
GIF_BYTES = 15 * 1024 * 1024
MIMES = {
    "image": ("image/jpeg", "image/png", "image/webp"),
    "gif": ("image/gif",),
    "video": ("video/mp4", "video/quicktime", "video/webm"),
}
PAGE, MOST_PAGES = 100, 3
REPLIES = (
    ("", gettext_lazy("Everybody")),
    ("following", gettext_lazy("Whom you follow")),
    ("mentionedUsers", gettext_lazy("Who is mentioned")),
    ("subscribers", gettext_lazy("Your subscribers")),
    ("verified", gettext_lazy("Verified accounts")),
)
FLAGS = ("made_with_ai", "paid_partnership")


class XAdapter:
    """Speaks for one account of X."""

    kind = "x"
    label = "X"
    credential_fields = ()
    connect_steps = ()
    option_fields = (
        OptionField("reply_settings", gettext_lazy("Who may reply"), choices=REPLIES),
        OptionField("made_with_ai", gettext_lazy("Made with AI"), is_flag=True),
        OptionField("paid_partnership", gettext_lazy("Paid partnership"), is_flag=True),
    )
    call_seconds = 45.0
    settle_seconds = 30.0
    resend_seconds = 0.0
    pace = Pace(every_seconds=36.0, burst=20)
    """300 posts in three hours for one account."""

    def connect(self, http: OutboundClient, credentials: Mapping[str, str]) -> Connected:
        """Refuse: X lets people in by its own page. Raises: Invalid, always."""
        raise Invalid(
            _("Accounts of this network are connected by logging in there, on the page of channels.")
        )

    def render(self, draft: Draft, limits: Mapping[str, Any], facts: Mapping[str, Any]) -> Rendered:
        """Return the post as it will be sent."""
        text, options = clean(draft.text), draft.options
        payload: dict[str, Any] = {"text": text, "media": [media_entry(media) for media in draft.media]}
        if options.get("reply_settings"):
            payload["reply_settings"] = str(options["reply_settings"])
        payload |= {name: True for name in FLAGS if options.get(name)}
        length = count_x(text)
        problems = [*find_problems(draft, length, limits), *_problems(draft, payload)]
        return Rendered(payload, tuple(problems), length)

    def mint_key(self, delivery_id: UUID) -> str:
        """Return nothing: X numbers posts itself."""
        return ""

    def prepare(self, call: Call, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Upload the files with their descriptions, under a token that outlasts the call. Raises: PrepareFailed."""
        bearer, api = _bearer(call, UPLOADS_SECONDS), str(call.facts["server"])
        try:
            with preparing():
                bearer.keep_fresh()
                kept = [upload(bearer, api, entry, call.open_media(entry)) for entry in payload["media"]]
        except LoginFailed as failure:
            raise PrepareFailed(failure.outcome) from failure
        prepared: dict[str, Any] = {
            "since": now().isoformat(),
            "media_ids": [ident for ident, _until in kept],
        }
        if kept:
            prepared["until"] = min(until for _ident, until in kept).isoformat()
        return prepared

    def publish(
        self,
        call: Call,
        payload: Mapping[str, Any],
        prepared: Mapping[str, Any],
        *,
        remote_key: str,
        idem_key: str,
    ) -> Outcome:
        """Make the post."""
        if len(prepared.get("media_ids", ())) != len(payload["media"]) or _is_over(prepared):
            return unprepared()
        body = {name: payload[name] for name in ("text", "reply_settings", *FLAGS) if payload.get(name)}
        if payload["media"]:
            body["media"] = {"media_ids": list(prepared["media_ids"])}
        bearer, url = _bearer(call, POST_SECONDS), f"{call.facts['server']}/2/tweets"
        try:
            return attempt(
                lambda: bearer.request("POST", url, json=body),
                lambda response: _read(call, payload, prepared, response),
                pause_of,
            )
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
        """Look for the post among the account's own since it was prepared."""
        try:
            since = datetime.fromisoformat(prepared["since"])
            for post in _own_posts(call, since):
                if is_same(post, payload) and made_at(post) >= since - CLOCK_SLACK:
                    return Reconciled(Finding.LIVE, str(post["id"]), _link(call, str(post["id"])))
        except LoginFailed as failure:
            return Reconciled(Finding.UNDECIDED, reason=failure.outcome.reason)
        except _Unread as error:
            return Reconciled(Finding.UNDECIDED, reason=str(error))
        except (OutboundError, LookupError, TypeError, ValueError) as error:
            reason = f"The answer could not be had ({type(error).__name__})."
            return Reconciled(Finding.UNDECIDED, reason=reason)
        return Reconciled(Finding.NOT_LIVE)

    def delete(self, call: Call, remote_id: str) -> Outcome:
        """Delete the post; one that is gone already counts as deleted."""
        bearer = _bearer(call, POST_SECONDS)
        url = f"{call.facts['server']}/2/tweets/{remote_id}"
        try:
            return attempt(lambda: bearer.request("DELETE", url), _read_deletion, pause_of)
        except LoginFailed as failure:
            return failure.outcome


class _Unread(Exception):
    """The timeline could not be read to its end."""


def _bearer(call: Call, seconds: float) -> Bearer:
    return Bearer(call, server_at(str(call.facts["server"])), seconds=seconds)


def _own_posts(call: Call, since: datetime | None) -> Iterator[Mapping[str, Any]]:
    """Yield the account's own posts, the latest first, back to an instant. Raises: _Unread where that is too far."""
    params: dict[str, str | int] = {"max_results": PAGE, "exclude": "retweets"}
    if since is not None:
        params["start_time"] = (since - CLOCK_SLACK).strftime("%Y-%m-%dT%H:%M:%SZ")
    bearer = _bearer(call, LOOK_SECONDS)
    url = f"{call.facts['server']}/2/users/{call.facts['user_id']}/tweets"
    for _page in range(MOST_PAGES):
        response = bearer.request("GET", url, params=params)
        if not response.ok:
            raise _Unread(f"HTTP {response.status}")
        answer = response.json_object()
        if "meta" not in answer:
            raise _Unread("X shows no timeline.")
        yield from answer.get("data", [])
        if not answer["meta"].get("next_token"):
            return
        params["pagination_token"] = str(answer["meta"]["next_token"])
    if since is not None:
        raise _Unread(_("Too many newer posts to be sure."))


def _read(call: Call, payload: Mapping[str, Any], prepared: Mapping[str, Any], response: Response) -> Outcome:
    """Read the answer to a post; definitive are the post itself and X's own listed problems."""
    if response.ok:
        ident = str(response.json_object()["data"]["id"])
        return Outcome(OutcomeKind.ACCEPTED, remote_id=ident, remote_url=_link(call, ident))
    if is_duplicate(response):
        return _explained(call, payload, prepared)
    return refusal(response)


def _explained(call: Call, payload: Mapping[str, Any], prepared: Mapping[str, Any]) -> Outcome:
    """Say what X's refusal of the same words twice means: an earlier try that stands, or an older post.

    Where neither can be seen the outcome is unknown, since the words must stand somewhere.
    """
    unknown = Outcome(OutcomeKind.UNKNOWN, reason=_("X says that the same words stand already."))
    try:
        since = datetime.fromisoformat(prepared["since"]) - CLOCK_SLACK
        found = next((post for post in _own_posts(call, None) if is_same(post, payload)), None)
        if found is None:
            return unknown
        ident = str(found["id"])
        if made_at(found) >= since:
            return Outcome(OutcomeKind.ACCEPTED, remote_id=ident, remote_url=_link(call, ident))
    except (LoginFailed, _Unread, OutboundError, LookupError, TypeError, ValueError):
        return unknown
    reason = _("X does not take the same words twice; they stand at %(link)s.")
    return Outcome(OutcomeKind.REJECTED, reason=reason % {"link": _link(call, ident)})


def _read_deletion(response: Response) -> Outcome:
    if response.ok and response.json_object()["data"]["deleted"] is True:
        return Outcome(OutcomeKind.ACCEPTED)
    if response.status == 404:
        return Outcome(OutcomeKind.ACCEPTED)
    return refusal(response)


def _problems(draft: Draft, payload: Mapping[str, Any]) -> Iterator[Problem]:
    if payload.get("reply_settings", "") not in dict(REPLIES):
        yield Problem("replies_unknown", _("Who may reply is not known."))
    if len(draft.media) > 1 and any(media.kind != "image" for media in draft.media):
        yield Problem("media_mixed", _("A video or animation stands alone in a post."))
    for media in draft.media:
        if media.mime not in MIMES.get(str(media.kind), ()):
            yield Problem("media_type", _("X does not take a file of this type."))
        if media.kind == "gif" and media.bytes > GIF_BYTES:
            yield Problem("animation_too_large", _("An animation is larger than 15 MB."))


def _is_over(prepared: Mapping[str, Any]) -> bool:
    return bool(prepared.get("until")) and datetime.fromisoformat(prepared["until"]) <= now()


def _link(call: Call, ident: str) -> str:
    return f"https://x.com/{call.facts['username']}/status/{ident}"
