"""What stands beside a post on Bluesky: another post that it quotes, and who may answer.

Source: lexicons app.bsky.embed.record, app.bsky.embed.recordWithMedia, app.bsky.feed.threadgate, and
docs.bsky.app/docs/tutorials/thread-gates, read 2026-11-27.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import regex
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.http import Response
from networks.bluesky.records import COLLECTION, REJECTIONS
from networks.bluesky.session import Session, error_of, message_of
from networks.outcomes import attempt, failed
from networks.protocol import OptionField, Outcome, OutcomeKind, Problem

GATE = "app.bsky.feed.threadgate"
RULES = {"mentioned": "mentionRule", "following": "followingRule", "followers": "followerRule"}
REPLIES = (
    ("", gettext_lazy("Everybody")),
    ("mentioned", gettext_lazy("Who is mentioned")),
    ("following", gettext_lazy("Whom you follow")),
    ("followers", gettext_lazy("Your followers")),
    ("nobody", gettext_lazy("Nobody")),
)
OPTION_FIELDS = (
    OptionField("replies", gettext_lazy("Who may reply"), choices=REPLIES),
    OptionField("quote", gettext_lazy("Address of a post to quote"), text_max=400),
)
_POST = regex.compile(
    r"(?:https://bsky\.app/profile/([a-zA-Z0-9.:_-]+)/post/([a-z2-7]{13})"
    rf"|at://([a-zA-Z0-9.:_-]+)/{regex.escape(COLLECTION)}/([a-z2-7]{{13}}))/?"
)


def extras_of(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a variant says of replies and of a quoted post, as far as it says something."""
    said = {name: str(options.get(name, "")).strip() for name in ("replies", "quote")}
    return {name: value for name, value in said.items() if value}


def extra_problems(payload: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield what cannot be sent."""
    if payload.get("replies", "") not in dict(REPLIES):
        yield Problem("replies_unknown", _("Who may reply is not known."))
    if "quote" in payload and not _POST.fullmatch(payload["quote"]):
        message = _("The address of a quoted post looks like https://bsky.app/profile/…/post/…")
        yield Problem("quote_unknown", message)


def quoted(session: Session, address: str) -> dict[str, str]:
    """Return the quoted post by its name and content hash. Raises: PrepareFailed, OutboundError, LookupError."""
    found = _POST.fullmatch(address)
    if found is None:
        raise failed(OutcomeKind.REJECTED, "The address of the quoted post is none.")
    repo, key = found[1] or found[3], found[2] or found[4]
    response = session.query(
        "com.atproto.repo.getRecord", {"repo": repo, "collection": COLLECTION, "rkey": key}
    )
    if error_of(response) in ("RecordNotFound", "RepoNotFound", "InvalidRequest"):
        raise failed(OutcomeKind.REJECTED, "The quoted post is not there.", response)
    if not response.ok:
        raise failed(
            OutcomeKind.NOT_SENT, f"The quoted post could not be read (HTTP {response.status}).", response
        )
    answer = response.json_object()
    return {"uri": str(answer["uri"]), "cid": str(answer["cid"])}


def with_quote(record: Mapping[str, Any], quote: Mapping[str, str]) -> dict[str, Any]:
    """Return a record that quotes a post, beside its pictures where it has some."""
    embed: dict[str, Any] = {"$type": "app.bsky.embed.record", "record": dict(quote)}
    if "embed" in record:
        embed = {"$type": "app.bsky.embed.recordWithMedia", "record": embed, "media": record["embed"]}
    return {**record, "embed": embed}


def gate_of(replies: str, moment: str) -> dict[str, Any]:
    """Return the record that says who may reply, all but the post that it is about."""
    rules = [{"$type": f"{GATE}#{RULES[replies]}"}] if replies in RULES else []
    return {"$type": GATE, "allow": rules, "createdAt": moment}


def close_gate(session: Session, key: str, gate: Mapping[str, Any]) -> Outcome | None:
    """Say who may reply, before the post is there; None when it stands. Unseen until then, so it may be repeated."""
    record = {**gate, "post": f"at://{session.did}/{COLLECTION}/{key}"}
    body = {"repo": session.did, "collection": GATE, "rkey": key, "record": record}
    outcome = attempt(lambda: session.procedure("com.atproto.repo.putRecord", body), _read)
    if outcome.kind == OutcomeKind.ACCEPTED:
        return None
    return replace(outcome, kind=OutcomeKind.NOT_SENT) if outcome.kind == OutcomeKind.UNKNOWN else outcome


def _read(response: Response) -> Outcome:
    if response.ok:
        return Outcome(OutcomeKind.ACCEPTED)
    if response.status == 400 and error_of(response) in REJECTIONS:
        return Outcome(OutcomeKind.REJECTED, reason=message_of(response))
    return Outcome(OutcomeKind.UNKNOWN, reason=f"Who may reply could not be said (HTTP {response.status}).")
