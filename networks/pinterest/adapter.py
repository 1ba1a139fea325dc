"""Pinterest's adapter, of class F: a pin takes no key and no id of ours, and its board tells what stands on it.

Nothing says in which order a board lists its pins, so that a pin is missing is believed only of a board that was
read to its end.
Source: OpenAPI document of API v5, 5.23.0; developers.pinterest.com/docs/reference/rate-limits,
…/docs/work-with-organic-content-and-users/create-boards-and-pins; read 2026-11-27.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.clock import now
from core.errors import Invalid
from core.http import NotReadable, OutboundClient, OutboundError, Response
from networks.oauth.bearer import Bearer
from networks.oauth.exchange import LoginFailed
from networks.outcomes import attempt, media_entry, preparing
from networks.pinterest.login import MB, server_at
from networks.pinterest.pins import is_same, pin_of
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
from networks.texts import clean

POST_SECONDS, LOOK_SECONDS = 60.0, 20.0
PAGE, MOST_PAGES = 250, 8
TITLE_MAX, LINK_MAX, TOGETHER_BYTES = 100, 2048, 32 * MB
MIMES = ("image/jpeg", "image/png")
_REFUSED = frozenset({400, 403, 404})
"""Statuses by which Pinterest itself, with a code and words of its own, says that it made nothing of the request."""


class PinterestAdapter:
    """Speaks for one account of Pinterest."""

    kind = "pinterest"
    label = "Pinterest"
    credential_fields = ()
    connect_steps = ()
    option_fields = (
        OptionField("title", gettext_lazy("Title"), text_max=TITLE_MAX),
        OptionField("board", gettext_lazy("Board"), text_max=180),
        OptionField("link", gettext_lazy("Address that the pin leads to"), text_max=LINK_MAX),
    )
    call_seconds = 75.0
    settle_seconds = 30.0
    resend_seconds = 0.0
    pace = Pace(every_seconds=6.0, burst=10)
    """A guess on the safe side of what trial and standard access allow."""

    def connect(self, http: OutboundClient, credentials: Mapping[str, str]) -> Connected:
        """Refuse: Pinterest lets people in by its own page. Raises: Invalid, always."""
        raise Invalid(
            _("Accounts of this network are connected by logging in there, on the page of channels.")
        )

    def render(self, draft: Draft, limits: Mapping[str, Any], facts: Mapping[str, Any]) -> Rendered:
        """Return the pin as it will stand: words, board, pictures; descriptions of several become one."""
        text, options = clean(draft.text), draft.options
        alts = [" ".join(media.alt.split()) for media in draft.media]
        payload = {
            "title": " ".join(clean(str(options.get("title", ""))).split()),
            "description": text,
            "link": str(options.get("link", "")).strip(),
            "alt_text": "; ".join(alt for alt in alts if alt),
            "board_id": _board(str(options.get("board", "")), facts),
            "media": [media_entry(media) for media in draft.media],
        }
        problems = [*find_problems(draft, len(text), limits), *_problems(draft, payload, limits, facts)]
        return Rendered(payload, tuple(problems), len(text))

    def mint_key(self, delivery_id: UUID) -> str:
        """Return nothing: Pinterest numbers pins itself."""
        return ""

    def prepare(self, call: Call, payload: Mapping[str, Any]) -> dict[str, Any]:
        """See that the files are there and that a token outlasts the call. Raises: PrepareFailed."""
        try:
            with preparing():
                _bearer(call, LOOK_SECONDS).keep_fresh()
                for entry in payload["media"]:
                    call.open_media(entry)
        except LoginFailed as failure:
            raise PrepareFailed(failure.outcome) from failure
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
        """Make the pin, its pictures with it."""
        bearer, url = _bearer(call, POST_SECONDS), f"{call.facts['server']}/v5/pins"
        try:
            with preparing():
                body = pin_of(call, payload)
            return attempt(lambda: bearer.request("POST", url, json=body), _read)
        except PrepareFailed as failure:
            return failure.outcome
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
        """Look for the pin on its board."""
        params: dict[str, str | int] = {"page_size": PAGE}
        bearer, url = (
            _bearer(call, LOOK_SECONDS),
            f"{call.facts['server']}/v5/boards/{payload['board_id']}/pins",
        )
        try:
            since = datetime.fromisoformat(prepared["since"])
            for _page in range(MOST_PAGES):
                response = bearer.request("GET", url, params=params)
                if not response.ok:
                    return Reconciled(Finding.UNDECIDED, reason=f"HTTP {response.status}")
                answer = response.json_object()
                for pin in answer["items"]:
                    if is_same(pin, payload, since):
                        return Reconciled(Finding.LIVE, str(pin["id"]), _link(str(pin["id"])))
                if not answer.get("bookmark"):
                    return Reconciled(Finding.NOT_LIVE)
                params["bookmark"] = str(answer["bookmark"])
        except LoginFailed as failure:
            return Reconciled(Finding.UNDECIDED, reason=failure.outcome.reason)
        except (OutboundError, LookupError, TypeError, ValueError) as error:
            reason = f"The answer could not be had ({type(error).__name__})."
            return Reconciled(Finding.UNDECIDED, reason=reason)
        return Reconciled(Finding.UNDECIDED, reason=_("The board holds too many pins to be sure."))

    def delete(self, call: Call, remote_id: str) -> Outcome:
        """Delete the pin; one that is gone already counts as deleted."""
        bearer, url = _bearer(call, LOOK_SECONDS), f"{call.facts['server']}/v5/pins/{remote_id}"
        try:
            return attempt(lambda: bearer.request("DELETE", url), _read_deletion)
        except LoginFailed as failure:
            return failure.outcome


def _bearer(call: Call, seconds: float) -> Bearer:
    return Bearer(call, server_at(str(call.facts["server"])), seconds=seconds)


def _board(wanted: str, facts: Mapping[str, Any]) -> str:
    """Return the board that is meant by name or number, the first one where none is said, '' for none there is."""
    boards, wanted = facts.get("boards") or [], " ".join(wanted.split()).casefold()
    if not wanted:
        return str(boards[0]["id"]) if boards else ""
    found = (
        board["id"] for board in boards if wanted in (" ".join(board["name"].split()).casefold(), board["id"])
    )
    return str(next(found, ""))


def _problems(
    draft: Draft, payload: Mapping[str, Any], limits: Mapping[str, Any], facts: Mapping[str, Any]
) -> Iterator[Problem]:
    if not draft.media:
        yield Problem("media_needed", _("A pin needs a picture."))
    if not payload["board_id"]:
        names = ", ".join(board["name"] for board in (facts.get("boards") or [])[:10])
        yield Problem("board_unknown", _("There is no such board. There are: %(boards)s") % {"boards": names})
    if len(payload["title"]) > TITLE_MAX:
        yield Problem(
            "title_too_long", _("The title is longer than %(most)s characters.") % {"most": TITLE_MAX}
        )
    link = payload["link"]
    if link and (len(link) > LINK_MAX or not link.startswith(("https://", "http://")) or " " in link):
        yield Problem("link_wrong", _("The pin’s address is none, or is too long."))
    if any(media.mime not in MIMES for media in draft.media):
        yield Problem("media_type", _("Pinterest takes JPEG and PNG here."))
    if sum(media.bytes for media in draft.media) > TOGETHER_BYTES:
        yield Problem("media_too_large", _("The pictures are larger than 32 MB together."))
    if len(draft.media) > 1 and len(payload["alt_text"]) > limits["alt_max"]:
        yield Problem("alt_too_long", _("The descriptions together are longer than 500 characters."))


def _own_words(response: Response) -> str:
    """Return Pinterest's own words of a refusal, '' where something else answered."""
    try:
        answer = response.json_object()
    except NotReadable:
        return ""
    return str(answer.get("message", ""))[:300] if isinstance(answer.get("code"), int) else ""


def _read(response: Response) -> Outcome:
    """Read the answer to a pin; definitive are the pin itself and Pinterest's own refusals."""
    if response.ok:
        ident = str(response.json_object()["id"])
        return Outcome(OutcomeKind.ACCEPTED, remote_id=ident, remote_url=_link(ident))
    words = _own_words(response)
    if response.status in _REFUSED and words:
        return Outcome(OutcomeKind.REJECTED, reason=words)
    return Outcome(OutcomeKind.UNKNOWN, reason=f"Pinterest answered HTTP {response.status}.")


def _read_deletion(response: Response) -> Outcome:
    if response.status == 204 or (response.status == 404 and _own_words(response)):
        return Outcome(OutcomeKind.ACCEPTED)
    return _read(response) if not response.ok else Outcome(OutcomeKind.UNKNOWN)


def _link(ident: str) -> str:
    return f"https://www.pinterest.com/pin/{ident}/"
