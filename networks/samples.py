"""Sample channels: networks whose look and limits can be tried without an account.

They render and count, so that composer and previews are true, and never talk to the outside: there is nothing in
them that could. Limits are those that the networks publish for ordinary accounts, read 2026-11.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn
from uuid import UUID

from django.utils.translation import gettext as _

from core.errors import Invalid
from core.http import OutboundClient
from networks.discord.adapter import LIMITS as DISCORD
from networks.outcomes import media_entry
from networks.pinterest.login import LIMITS as PINTEREST
from networks.problems import find_problems
from networks.protocol import (
    Call,
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
from networks.telegram.adapter import LIMITS as TELEGRAM
from networks.texts import clean, measure
from networks.x.login import LIMITS as X

MB = 1024 * 1024

SAMPLES: dict[str, Limits] = {
    "instagram": Limits(2200, Counting.CHARACTERS, 10, 8 * MB, 300 * MB, 900, alt_max=1000),
    "facebook": Limits(63_206, Counting.CHARACTERS, 10, 10 * MB, 1024 * MB, 14_400),
    "linkedin": Limits(3000, Counting.CHARACTERS, 20, 10 * MB, 500 * MB, 1800),
    "tiktok": Limits(2200, Counting.CHARACTERS, 35, 20 * MB, 1024 * MB, 600, alt_max=0),
    "x": X,
    "youtube": Limits(5000, Counting.CHARACTERS, 1, 2 * MB, 1024 * MB, 43_200, alt_max=0),
    "pinterest": PINTEREST,
    "threads": Limits(500, Counting.CHARACTERS, 20, 8 * MB, 1024 * MB, 300, alt_max=1000),
    "bluesky": Limits(300, Counting.GRAPHEMES, 4, 2_000_000, alt_max=2000),
    "discord": DISCORD,
    "telegram": TELEGRAM,
    "mastodon": Limits(500, Counting.MASTODON, 4, 16 * MB, 99 * MB, 0, url_length=23),
}


@dataclass(frozen=True, slots=True)
class SampleAdapter:
    """Renders for a sample channel and refuses all else, at once and for good."""

    kind: str
    label: str
    credential_fields: tuple[CredentialField, ...] = ()
    connect_steps: tuple[str, ...] = ()
    option_fields: tuple[OptionField, ...] = ()
    call_seconds: float = 1.0
    settle_seconds: float = 0.0
    resend_seconds: float = 0.0
    pace: Pace | None = None

    def connect(self, http: OutboundClient, credentials: Mapping[str, str]) -> Connected:
        """Refuse: there is no account behind a sample."""
        message = _("Accounts of this network cannot be connected yet.")
        raise Invalid(message, fields={"network": [message]})

    def render(self, draft: Draft, limits: Mapping[str, Any], facts: Mapping[str, Any]) -> Rendered:
        """Show the text as it would stand, with what the network would object to."""
        text = clean(draft.text)
        length = measure(text, limits["counting"], limits.get("url_length"))
        payload = {"text": text, "language": draft.language, "media": [media_entry(m) for m in draft.media]}
        return Rendered(payload, tuple(find_problems(draft, length, limits)), length)

    def mint_key(self, delivery_id: UUID) -> str:
        """Return nothing: nothing will be live."""
        return ""

    def prepare(self, call: Call, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Refuse. Raises: PrepareFailed, always."""
        self._refuse()

    def publish(
        self,
        call: Call,
        payload: Mapping[str, Any],
        prepared: Mapping[str, Any],
        *,
        remote_key: str,
        idem_key: str,
    ) -> Outcome:
        """Refuse without a call."""
        return Outcome(OutcomeKind.REJECTED, reason=_("This is a sample channel; nothing is sent from it."))

    def reconcile(
        self,
        call: Call,
        payload: Mapping[str, Any],
        prepared: Mapping[str, Any],
        *,
        remote_key: str,
        idem_key: str,
    ) -> Reconciled:
        """Say that nothing is live, since nothing was ever sent."""
        return Reconciled(Finding.NOT_LIVE)

    def delete(self, call: Call, remote_id: str) -> Outcome:
        """Refuse without a call."""
        return Outcome(OutcomeKind.REJECTED, reason=_("This is a sample channel; nothing is live on it."))

    def _refuse(self) -> NoReturn:
        reason = _("This is a sample channel; nothing is sent from it.")
        raise PrepareFailed(Outcome(OutcomeKind.REJECTED, reason=reason))


def sample_adapter(kind: str) -> SampleAdapter:
    """Return the adapter of a sample channel."""
    return SampleAdapter(kind, kind.replace("_", " ").title())


def sample_limits(kind: str) -> Limits:
    """Return the published limits of a network, or modest ones for a network not listed."""
    return SAMPLES.get(kind, Limits(500, Counting.CHARACTERS, 4, 5 * MB))
