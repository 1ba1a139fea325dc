"""What a provider says of somebody, and the log-ins that are under way: pure, asks no network and no database."""

import base64
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext as _

from core.clock import now
from core.errors import CollabError
from core.ids import secret_token

ATTEMPTS = "provider_attempts"
MOST_ATTEMPTS = 5
LASTS = timedelta(minutes=10)
MOST_GROUPS = 200
LOG_IN, TEST = "log_in", "test"


class ProviderTrouble(CollabError):
    """A provider did not answer, refused, or said what cannot be trusted; `reason` is a short word for admins."""

    code = "provider_trouble"
    status = 422

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(f"{message} ({reason})" if reason else message)
        self.reason = reason


def distrusted(reason: str) -> ProviderTrouble:
    """Return the trouble of an answer that is not to be believed."""
    return ProviderTrouble(_("The provider's answer could not be trusted."), reason)


def stray() -> ProviderTrouble:
    """Return the trouble of an answer that nobody here asked for."""
    return ProviderTrouble(
        _("This log-in was not begun in this browser, or took longer than ten minutes. Begin again."), ""
    )


@dataclass(frozen=True, slots=True)
class Claims:
    """Whom a provider means, in its own words; only `subject` identifies anybody."""

    subject: str
    email: str = ""
    name: str = ""
    groups: tuple[str, ...] | None = None
    factor: bool = False


def claims_of(kept: Mapping[str, Any]) -> Claims:
    """Return what was said of somebody, as a session or the cache keeps it."""
    groups = kept["groups"] if kept["groups"] is None else tuple(kept["groups"])
    return Claims(kept["subject"], kept["email"], kept["name"], groups, kept["factor"])


@dataclass(frozen=True, slots=True)
class Attempt:
    """A log-in that this browser began: what must come back, and where it leads."""

    provider: str
    state: str
    nonce: str
    verifier: str
    purpose: str
    next: str
    at: float

    @property
    def challenge(self) -> str:
        """Return the challenge of the verifier. Source: RFC 7636 §4.2 (S256)."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def begin_attempt(session: Any, provider_id: Any, *, purpose: str, leads_to: str) -> Attempt:
    """Note in the session that a log-in begins; the latest few are kept, one for each open tab."""
    attempt = Attempt(
        provider=str(provider_id),
        state=secret_token(),
        nonce=secret_token(),
        verifier=secret_token(48),
        purpose=purpose,
        next=leads_to,
        at=now().timestamp(),
    )
    kept = session.get(ATTEMPTS, [])[1 - MOST_ATTEMPTS :]
    session[ATTEMPTS] = [*kept, asdict(attempt)]
    return attempt


def take_attempt(session: Any, provider_id: Any, state: str) -> Attempt:
    """Return the log-in that an answer belongs to, which cannot be used again. Raises: ProviderTrouble."""
    kept = [Attempt(**each) for each in session.get(ATTEMPTS, [])]
    found = next((each for each in kept if each.state == state and each.provider == str(provider_id)), None)
    if found is None:
        raise stray()
    session[ATTEMPTS] = [each for each in session[ATTEMPTS] if each["state"] != state]
    if now().timestamp() - found.at > LASTS.total_seconds():
        raise stray()
    return found


def read_groups(source: Mapping[str, Any], name: str) -> tuple[str, ...] | None:
    """Return the groups that a claim or attribute lists; None where the provider says nothing about them."""
    value = source.get(name) if name else None
    if value is None:
        return None
    listed: Iterable[Any] = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return tuple(text for text in listed if isinstance(text, str) and len(text) <= 200)[:MOST_GROUPS]


def text_of(source: Mapping[str, Any], name: str, most: int) -> str:
    """Return a claim that is text and not too long, else nothing."""
    value = source.get(name)
    return value.strip() if isinstance(value, str) and len(value) <= most and "\x00" not in value else ""
