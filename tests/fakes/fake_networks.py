"""One network for each capability class, spoken to over real sockets; see tests.support.fakenet for the other side."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from core.http import NotSent, OutboundError, Response
from networks.adapters import adapters
from networks.outcomes import attempt, failed
from networks.protocol import (
    Call,
    Capability,
    Connected,
    Counting,
    Draft,
    Finding,
    Limits,
    MediaFile,
    Outcome,
    OutcomeKind,
    Pace,
    Reconciled,
    Rendered,
)

LIMITS = Limits(500, Counting.CHARACTERS, 4, 1_000_000)
_KINDS = {201: OutcomeKind.ACCEPTED, 401: OutcomeKind.NEEDS_LOGIN, 422: OutcomeKind.REJECTED}


@dataclass
class FakeAdapter:
    """A network of one class; where its server listens stands in the channel's facts."""

    capability: Capability
    call_seconds: float = 2.0
    settle_seconds: float = 1.0
    pace: Pace | None = None
    spool: str = ""
    credential_fields = ()
    option_fields = ()

    @property
    def kind(self) -> str:
        return f"fake_{self.capability.lower()}"

    @property
    def label(self) -> str:
        return f"Fake {self.capability}"

    @property
    def resend_seconds(self) -> float:
        return 3000.0 if self.capability == Capability.KEY else 0.0

    def connect(self, http: Any, credentials: Mapping[str, str]) -> Connected:
        return Connected("fake", "fake", "Fake", self.capability, LIMITS)

    def render(self, draft: Draft, limits: Mapping[str, Any], facts: Mapping[str, Any]) -> Rendered:
        return Rendered({"text": draft.text, "media": []}, (), len(draft.text))

    def mint_key(self, delivery_id: UUID) -> str:
        return f"key-{delivery_id}" if self.capability == Capability.DETERMINISTIC else ""

    def prepare(self, call: Call, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Ask whether the network is there, where the channel wants that; carry pretended media."""
        if "spool" in payload:
            with open(self.spool or payload["spool"], "w") as file:
                file.write("a picture")
        if payload.get("refuse_prepare"):
            raise failed(OutcomeKind.REJECTED, "The picture is broken.")
        if payload.get("media"):
            response = call.http.request("GET", f"{call.facts['url']}/healthy")
            return {"carried": len(payload["media"]), "status": response.status}
        return {"session": secrets.token_hex(8)} if self.capability == Capability.SESSION else {}

    def publish(
        self,
        call: Call,
        payload: Mapping[str, Any],
        prepared: Mapping[str, Any],
        *,
        remote_key: str,
        idem_key: str,
    ) -> Outcome:
        method, url = "POST", f"{call.facts['url']}/posts"
        if self.capability == Capability.DETERMINISTIC:
            method, url = "PUT", f"{url}/{remote_key}"
        keys = {Capability.KEY: idem_key, Capability.SESSION: prepared.get("session", "")}
        headers = {"Idempotency-Key": keys[self.capability]} if self.capability in keys else {}
        return attempt(
            lambda: call.http.request(
                method,
                url,
                headers=headers,
                json={"text": payload["text"]},
                deadline_seconds=self.call_seconds,
            ),
            _read,
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
        if self.capability == Capability.NEITHER:
            return Reconciled(Finding.UNDECIDED)
        path, params = "/posts", {"text": payload["text"]}
        if self.capability == Capability.DETERMINISTIC:
            path, params = f"/posts/{remote_key}", {}
        if self.capability == Capability.KEY:
            params = {"key": idem_key}
        if self.capability == Capability.SESSION:
            params = {"key": prepared["session"]}
        try:
            response = call.http.request(
                "GET", f"{call.facts['url']}{path}", params=params, deadline_seconds=2
            )
        except (NotSent, OutboundError):
            return Reconciled(Finding.UNDECIDED)
        items = response.json()["items"]
        if not items:
            return Reconciled(Finding.NOT_LIVE)
        return Reconciled(Finding.LIVE, items[0]["id"], f"https://fake.test/{items[0]['id']}")

    def delete(self, call: Call, remote_id: str) -> Outcome:
        return Outcome(OutcomeKind.ACCEPTED)

    def media_problem(self, media: MediaFile) -> None:
        return None


def _read(response: Response) -> Outcome:
    kind = _KINDS.get(response.status, OutcomeKind.UNKNOWN)
    ident = response.json()["id"] if kind == OutcomeKind.ACCEPTED else ""
    return Outcome(
        kind, ident, f"https://fake.test/{ident}" if ident else "", reason=f"status {response.status}"
    )


FAKES = {capability: FakeAdapter(capability) for capability in Capability}


def register_fakes() -> None:
    """Add the fake networks to this process."""
    for adapter in FAKES.values():
        if adapter.kind not in adapters:
            adapters.register(adapter.kind, adapter)
