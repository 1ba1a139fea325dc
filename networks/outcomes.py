"""From what the outbound client says to what is known about a call."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from math import ceil
from typing import Any

from core.clock import now
from core.errors import NotFound, Permanent
from core.http import NotReadable, NotSent, OutboundError, Refused, Response, Unknown, retry_after
from core.http.responses import MAX_RETRY_AFTER_SECONDS
from networks.protocol import MediaFile, Outcome, OutcomeKind, PrepareFailed
from networks.quotas import quota_of

REASON_MAX = 300


Pause = Callable[[Response], float | None]


def attempt(
    call: Callable[[], Response], read: Callable[[Response], Outcome], pause: Pause | None = None
) -> Outcome:
    """Make a mutating call and say what is known after it; what `read` cannot understand is unknown.

    A 429 says that nothing was done; it is read here, the same for all networks. `pause` finds the seconds to wait
    where a network says them in the answer's body.
    """
    try:
        response = call()
    except OutboundError as error:
        return outcome_of(error)
    if response.status == 429:
        return rate_limited(response, pause)
    try:
        outcome = read(response)
    except (NotReadable, LookupError, TypeError, ValueError):
        return Outcome(
            OutcomeKind.UNKNOWN,
            http_status=response.status,
            reason="The network's answer could not be understood.",
        )
    quota = quota_of(response, now())
    return replace(outcome, http_status=response.status, reason=shorten(outcome.reason), quota=quota)


def outcome_of(error: OutboundError) -> Outcome:
    """Say what a failed call leaves behind: a guard's refusal stands, nothing sent may be repeated."""
    if isinstance(error, Refused):
        return Outcome(OutcomeKind.REJECTED, reason=shorten(error.message))
    if isinstance(error, NotSent):
        return Outcome(OutcomeKind.NOT_SENT, reason=shorten(error.message))
    status = error.answer_status if isinstance(error, Unknown | NotReadable) else None
    return Outcome(OutcomeKind.UNKNOWN, http_status=status, reason=shorten(error.message))


def rate_limited(response: Response, pause: Pause | None = None) -> Outcome:
    """Return the outcome of a 429, with the seconds to wait where the network says them, rounded up."""
    try:
        told = pause(response) if pause else None
    except (NotReadable, LookupError, TypeError, ValueError):
        told = None
    seconds = min(ceil(told), MAX_RETRY_AFTER_SECONDS) if told and told > 0 else retry_after(response, now())
    return Outcome(
        OutcomeKind.RATE_LIMITED,
        http_status=response.status,
        retry_after_seconds=seconds,
        reason="The network asks for a pause.",
        quota=quota_of(response, now()),
    )


@contextmanager
def preparing() -> Iterator[None]:
    """Turn whatever goes wrong before the visible call into PrepareFailed: nothing can be live.

    A file that is gone or is not the approved one stays so, and the delivery is refused; all else may pass.
    """
    try:
        yield
    except OutboundError as error:
        outcome = outcome_of(error)
        if outcome.kind == OutcomeKind.UNKNOWN:
            outcome = replace(outcome, kind=OutcomeKind.NOT_SENT)
        raise PrepareFailed(outcome) from error
    except (NotFound, Permanent) as error:
        raise failed(OutcomeKind.REJECTED, error.message) from error
    except OSError as error:
        raise failed(
            OutcomeKind.NOT_SENT, f"Preparing failed: {error.strerror or type(error).__name__}."
        ) from error
    except (LookupError, TypeError, ValueError) as error:
        raise failed(OutcomeKind.NOT_SENT, f"Preparing failed ({type(error).__name__}).") from error


def unprepared() -> Outcome:
    """Return the outcome of a call that lacks what `prepare` makes; nothing was sent."""
    return Outcome(OutcomeKind.NOT_SENT, reason="It must be prepared first.", prepare_again=True)


def failed(kind: OutcomeKind, reason: str, response: Response | None = None) -> PrepareFailed:
    """Return the failure of a step before the visible call, by its kind."""
    if response is not None and response.status == 429:
        return PrepareFailed(rate_limited(response))
    return PrepareFailed(
        Outcome(kind, http_status=response.status if response else None, reason=shorten(reason))
    )


def shorten(text: str) -> str:
    """Return a reason that fits its column and one line."""
    line = " ".join(text.split())
    return line if len(line) <= REASON_MAX else f"{line[: REASON_MAX - 1]}…"


def media_entry(media: MediaFile) -> dict[str, Any]:
    """Return what a payload says of a file: which one, byte for byte, and what readers get to know of it."""
    return {
        "id": str(media.pk),
        "digest": media.digest,
        "kind": str(media.kind),
        "mime": media.mime,
        "bytes": media.bytes,
        "width": media.width,
        "height": media.height,
        "duration_ms": media.duration_ms,
        "alt": media.alt,
    }
