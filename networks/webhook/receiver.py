"""The calls to a receiver: one address, one signed JSON object each, one JSON object back."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from core.clock import now
from core.http import NotReadable, OutboundClient, Response
from core.ids import secret_token
from networks.webhook.signing import read_secret, signed_headers

ASK_SECONDS = 10.0
TEST, FIND, MEDIA, PUBLISH, DELETE = "channel.test", "post.find", "media.put", "post.publish", "post.delete"


@dataclass(frozen=True)
class Receiver:
    """Where calls go, and the keys that sign them; the newer key first."""

    http: OutboundClient
    url: str = field(repr=False)
    keys: tuple[bytes, ...] = field(repr=False)

    @classmethod
    def of(cls, http: OutboundClient, credentials: Mapping[str, str]) -> Self:
        """Return the receiver of a channel's credentials. Raises: ValueError."""
        secrets = [credentials[name] for name in ("secret", "previous_secret") if credentials.get(name)]
        if not secrets:
            raise ValueError("nothing is sent unsigned")
        return cls(http, credentials["url"], tuple(read_secret(secret) for secret in secrets))

    def send(
        self, kind: str, data: Mapping[str, Any], *, ident: str = "", seconds: float = ASK_SECONDS
    ) -> Response:
        """Make one call. `ident` is the same for calls that mean the same thing. Raises: OutboundError."""
        at = now()
        event = {"type": kind, "timestamp": at.isoformat(), "data": data}
        body = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
        headers = signed_headers(self.keys, ident or f"ask_{secret_token()}", int(at.timestamp()), body)
        return self.http.request(
            "POST",
            self.url,
            headers={**headers, "Content-Type": "application/json", "Accept": "application/json"},
            body=body,
            deadline_seconds=seconds,
        )

    def with_wrong_key(self) -> "Receiver":
        """Return the same receiver for whoever does not have its secret."""
        return Receiver(self.http, self.url, (secret_token().encode(),))


def error_of(response: Response) -> str:
    """Return what a receiver says is wrong; '' where it does not say it in JSON."""
    try:
        return str(response.json_object().get("error", ""))[:300]
    except NotReadable:
        return ""
