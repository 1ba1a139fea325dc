"""The newsroom's adapter: speaks HTTP to the newsroom's own endpoint, as to any other network.

Class D: the key is the delivery's id, so putting it again is the same item.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.errors import Invalid
from core.http import OutboundClient, OutboundError, Response
from networks.newsroom.payloads import TEXT_MAX, TITLE_MAX, digest_of
from networks.outcomes import attempt
from networks.problems import render_titled
from networks.protocol import (
    Call,
    Capability,
    Connected,
    Counting,
    CredentialField,
    Draft,
    Finding,
    Limits,
    OptionField,
    Outcome,
    OutcomeKind,
    Reconciled,
    Rendered,
)

MB = 1024 * 1024
LIMITS = Limits(TEXT_MAX, Counting.CHARACTERS, 20, 50 * MB, 1024 * MB, 0, options=("title",))
CAPABILITY = Capability.DETERMINISTIC
_KINDS = {
    201: OutcomeKind.ACCEPTED,
    200: OutcomeKind.ACCEPTED,
    204: OutcomeKind.ACCEPTED,
    401: OutcomeKind.NEEDS_LOGIN,
    409: OutcomeKind.REJECTED,
    410: OutcomeKind.REJECTED,
    422: OutcomeKind.REJECTED,
}
"""What the endpoint answers on purpose; anything else is unknown."""


@lru_cache(maxsize=2)
def _client(url: str) -> OutboundClient:
    parts = urlsplit(url)
    place = f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"
    return OutboundClient(
        allow_private_hosts=frozenset({place}),
        only_hosts=frozenset({place}),
        ca_bundle=settings.OUTBOUND_CA_BUNDLE,
    )


def newsroom_client() -> OutboundClient:
    """Return the client that may reach NEWSROOM_URL, wherever it lies, and nothing else."""
    return _client(settings.NEWSROOM_URL)


class NewsroomAdapter:
    """Publishes to the public page that every workspace has."""

    kind = "newsroom"
    label = gettext_lazy("Newsroom")
    credential_fields: tuple[CredentialField, ...] = ()
    connect_steps: tuple[str, ...] = ()
    option_fields = (OptionField("title", gettext_lazy("Headline"), text_max=TITLE_MAX),)
    call_seconds = 10.0
    settle_seconds = 15.0
    resend_seconds = 0.0
    pace = None

    def connect(self, http: OutboundClient, credentials: Mapping[str, str]) -> Connected:
        """Refuse: each workspace is given its newsroom when it is made."""
        message = _("The newsroom is built in and needs no connecting.")
        raise Invalid(message, fields={"network": [message]})

    def render(self, draft: Draft, limits: Mapping[str, Any], facts: Mapping[str, Any]) -> Rendered:
        """Return title, text and media as the page will show them."""
        return render_titled(draft, limits, TITLE_MAX)

    def mint_key(self, delivery_id: UUID) -> str:
        """Return the item's key: the delivery itself."""
        return str(delivery_id)

    def prepare(self, call: Call, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Do nothing: the page shows files from where they are."""
        return {}

    def publish(
        self,
        call: Call,
        payload: Mapping[str, Any],
        prepared: Mapping[str, Any],
        *,
        remote_key: str,
        idem_key: str,
    ) -> Outcome:
        """Put the item under its key."""
        return attempt(
            lambda: self._request("PUT", call, remote_key, seconds=self.call_seconds, json=dict(payload)),
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
        """Ask for the item by its key; one that was taken down since did arrive."""
        try:
            response = self._request("GET", call, remote_key, seconds=self.call_seconds)
            if response.status == 404 and response.json_object().get("code") == "not_found":
                return Reconciled(Finding.NOT_LIVE)
            if response.status not in (200, 410):
                return Reconciled(Finding.UNDECIDED, reason=f"HTTP {response.status}")
            item = response.json_object()
        except OutboundError as error:
            return Reconciled(Finding.UNDECIDED, reason=error.message)
        if item.get("digest") != digest_of(payload):
            return Reconciled(Finding.UNDECIDED, reason=_("Another item stands under this key."))
        return Reconciled(Finding.LIVE, remote_id=remote_key, remote_url=str(item.get("url", "")))

    def delete(self, call: Call, remote_id: str) -> Outcome:
        """Take the item down."""
        return attempt(lambda: self._request("DELETE", call, remote_id, seconds=self.call_seconds), _read)

    def _request(self, method: str, call: Call, key: str, *, seconds: float, json: Any = None) -> Response:
        url = f"{settings.NEWSROOM_URL}/n/{call.facts['workspace']}/items/{key}/"
        headers = {"Authorization": f"Bearer {call.credentials['secret']}", "Accept": "application/json"}
        return newsroom_client().request(method, url, headers=headers, json=json, deadline_seconds=seconds)


def _read(response: Response) -> Outcome:
    kind = _KINDS.get(response.status, OutcomeKind.UNKNOWN)
    if response.status == 204:
        return Outcome(kind)
    answer = response.json_object()
    if kind == OutcomeKind.ACCEPTED:
        return Outcome(kind, remote_id=str(answer["key"]), remote_url=str(answer["url"]))
    return Outcome(kind, reason=str(answer.get("detail", "")))
