"""What X's answers say: its problems by their type, and how long it wants to be left alone.

Source: docs.x.com/x-api/fundamentals/response-codes-and-errors, …/rate-limits (x-rate-limit-reset, no Retry-After),
read 2026-11-27; types by the OpenAPI document 2.167.
"""

from dataclasses import replace

from core.clock import now
from core.http import NotReadable, Response
from networks.outcomes import Pause, failed, rate_limited
from networks.protocol import Outcome, OutcomeKind, PrepareFailed

PROBLEMS = "https://api.x.com/2/problems/"
_SHUT_OUT = frozenset({"client-forbidden", "unsupported-authentication", "oauth1-permissions"})
_REFUSED = frozenset({"invalid-request", "not-authorized-for-resource", "disallowed-resource"})
_DUPLICATE = "duplicate content"
_LOST_FILE = "media id"


def problem_of(response: Response) -> tuple[str, str]:
    """Return the type of X's problem, without its address, and its words; nothing where X itself does not say so."""
    try:
        answer = response.json_object()
    except NotReadable:
        return "", ""
    kind, words = str(answer.get("type", "")), str(answer.get("detail") or answer.get("title") or "")
    return kind.removeprefix(PROBLEMS), words[:300]


def detail_of(response: Response) -> str:
    """Return X's words, or the status where it says none."""
    return problem_of(response)[1] or f"HTTP {response.status}"


def pause_of(response: Response) -> float | None:
    """Return the seconds until the window of calls begins anew."""
    return float(response.headers["x-rate-limit-reset"]) - now().timestamp()


def is_duplicate(response: Response) -> bool:
    """Tell whether X refuses a post since the same words stand already: by an earlier try of it, or by another one."""
    return response.status == 403 and _DUPLICATE in problem_of(response)[1].lower()


def refusal(response: Response) -> Outcome:
    """Say what an answer other than a 2xx leaves behind; definitive are X's own problems that are listed above."""
    kind, words = problem_of(response)
    if response.status == 403 and kind in _SHUT_OUT:
        return Outcome(OutcomeKind.NEEDS_LOGIN, reason=words)
    if response.status == 400 and kind == "invalid-request" and _LOST_FILE in words.lower():
        return Outcome(OutcomeKind.NOT_SENT, reason=words, prepare_again=True)
    if response.status in (400, 403) and kind in _REFUSED and words:
        return Outcome(OutcomeKind.REJECTED, reason=words)
    return Outcome(
        OutcomeKind.UNKNOWN, reason=f"X answered HTTP {response.status} ({kind or 'no problem type'})."
    )


def refused_before(response: Response, reason: str, pause: Pause) -> PrepareFailed:
    """Return the failure of a step before the visible call."""
    if response.status == 429:
        return PrepareFailed(rate_limited(response, pause))
    outcome = refusal(response)
    if outcome.kind == OutcomeKind.UNKNOWN:
        return failed(OutcomeKind.NOT_SENT, reason, response)
    return PrepareFailed(replace(outcome, http_status=response.status, reason=reason))
