"""What a network's authorisation server is told and tells: addresses, scopes, the app, the tokens."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from django.utils.functional import Promise

from core.http import OutboundClient
from core.registry import Registry
from networks.protocol import Call, Connected


@dataclass(frozen=True, slots=True)
class OAuthServer:
    """Where a network lets people in. `scopes` says what each is needed for, in words for whoever grants it."""

    authorise_url: str
    token_url: str
    scopes: Mapping[str, str | Promise]
    separator: str = " "
    is_secret_optional: bool = False
    """Whether an app may be a public client, which has no secret and proves itself by PKCE alone."""
    lost_statuses: frozenset[int] = frozenset()
    """Statuses of a network that does not name OAuth's errors, by which it refuses what it granted, in JSON."""
    extra: Mapping[str, str] = field(default_factory=dict)
    """What else this network wants in a code's exchange and each refresh."""


@dataclass(frozen=True, slots=True)
class App:
    """What the workspace is to a network."""

    client_id: str
    secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a network gave for a code or a refresh token."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: datetime | None
    scopes: frozenset[str]

    def as_credentials(self) -> dict[str, str]:
        """Return the tokens as a channel's credentials, which are kept sealed."""
        return {
            "access_token": self.access_token,
            "refresh_token": self.refresh_token,
            "expires_at": self.expires_at.isoformat() if self.expires_at else "",
            "scope": " ".join(sorted(self.scopes)),
        }


def ends_soon(credentials: Mapping[str, str], at: datetime, ahead: timedelta) -> bool:
    """Tell whether an access token ends within a while; one that says nothing is used until it is refused."""
    text = credentials.get("expires_at", "")
    return bool(text) and datetime.fromisoformat(text) <= at + ahead


class OAuthLogin(Protocol):
    """What one network adds to the shared way in."""

    @property
    def server(self) -> OAuthServer: ...

    @property
    def app_steps(self) -> tuple[str | Promise, ...]:
        """What an admin does at the network before, one sentence a step."""
        ...

    def join(self, http: OutboundClient, tokens: Tokens) -> Connected:
        """Read whose tokens these are; changes and publishes nothing. Raises: Invalid, OutboundError."""
        ...

    def look(self, call: Call) -> str:
        """Return the id of the account that answers to the channel's tokens; changes nothing.

        Raises: LoginFailed, OutboundError, LookupError, ValueError.
        """
        ...


logins: Registry[OAuthLogin] = Registry("networks.logins")
"""The networks into which people log in with their browser, by kind."""
