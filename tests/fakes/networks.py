"""A network in memory, for tests of what surrounds adapters: it takes one token and remembers what was sent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.errors import Invalid
from networks.outcomes import media_entry
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
    Outcome,
    OutcomeKind,
    Reconciled,
    Rendered,
)

LIMITS = Limits(280, Counting.CHARACTERS, 4, 5_000_000)


@dataclass
class FakeNetwork:
    """Class D: what is sent stands under its key."""

    kind: str = "fake"
    label: str = "Fake"
    credential_fields = (
        CredentialField("account", "Account"),
        CredentialField("token", "Token", is_secret=True),
    )
    option_fields = ()
    call_seconds = 5.0
    settle_seconds = 1.0
    resend_seconds = 0.0
    pace = None
    live: dict[str, dict[str, Any]] = field(default_factory=dict)

    def connect(self, http: Any, credentials: Mapping[str, str]) -> Connected:
        if not credentials["token"].startswith("good"):
            raise Invalid(
                "The token is not known.", fields={"credentials.token": ["The token is not known."]}
            )
        account = credentials["account"]
        return Connected(
            handle=f"@{account}",
            remote_account_id=f"id-{account}",
            name=account,
            capability=Capability.DETERMINISTIC,
            limits=LIMITS,
            facts={"server": "fake.test"},
            credentials=dict(credentials),
        )

    def render(self, draft: Draft, limits: Mapping[str, Any], facts: Mapping[str, Any]) -> Rendered:
        payload = {"text": draft.text, "media": [media_entry(media) for media in draft.media]}
        return Rendered(payload, tuple(find_problems(draft, len(draft.text), limits)), len(draft.text))

    def mint_key(self, delivery_id: Any) -> str:
        return str(delivery_id)

    def prepare(self, call: Call, payload: Mapping[str, Any]) -> dict[str, Any]:
        return {}

    def publish(self, call: Call, payload: Any, prepared: Any, *, remote_key: str, idem_key: str) -> Outcome:
        self.live[remote_key] = dict(payload)
        return Outcome(OutcomeKind.ACCEPTED, remote_id=remote_key, http_status=200)

    def reconcile(
        self, call: Call, payload: Any, prepared: Any, *, remote_key: str, idem_key: str
    ) -> Reconciled:
        return Reconciled(Finding.LIVE if remote_key in self.live else Finding.NOT_LIVE, remote_id=remote_key)

    def delete(self, call: Call, remote_id: str) -> Outcome:
        self.live.pop(remote_id, None)
        return Outcome(OutcomeKind.ACCEPTED)
