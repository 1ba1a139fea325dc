"""The calls of OAuth 2: where to send a browser, a code for tokens, a refresh token for new ones.

Sources: RFC 6749 §4.1, §5, §6; RFC 7636 (PKCE, S256 only); RFC 9700 (one redirect address, state), read 2026-11-27.
"""

import base64
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode

from core.clock import now
from core.http import NotReadable, OutboundClient, Response
from networks.oauth.servers import App, OAuthServer, Tokens
from networks.outcomes import rate_limited, shorten
from networks.protocol import Outcome, OutcomeKind

DEADLINE_SECONDS = 10.0
TOKEN_MAX = 8000
LONGEST = timedelta(days=3660)
LOST = frozenset({"invalid_grant", "invalid_client", "unauthorized_client"})
"""Answers that say that the network ended what was granted, or knows the app no more. Source: RFC 6749 §5.2."""


class LoginFailed(Exception):
    """There is no token to speak with; the outcome says whether somebody must log in or it may pass."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome


def address_to_ask(server: OAuthServer, app: App, *, state: str, challenge: str, back: str) -> str:
    """Return the network's page to which a browser is sent."""
    asked = {
        "response_type": "code",
        "client_id": app.client_id,
        "redirect_uri": back,
        "scope": server.separator.join(server.scopes),
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    return f"{server.authorise_url}{'&' if '?' in server.authorise_url else '?'}{urlencode(asked)}"


def redeem(
    http: OutboundClient, server: OAuthServer, app: App, *, code: str, verifier: str, back: str
) -> Tokens:
    """Trade a code for tokens. Raises: OutboundError, LoginFailed."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": back,
        "code_verifier": verifier,
    }
    return _tokens(_ask(http, server, app, form), server, scopes=frozenset(server.scopes), refresh_token="")


def renew(http: OutboundClient, server: OAuthServer, app: App, standing: Mapping[str, str]) -> Tokens:
    """Trade the refresh token that stands for new tokens; it is kept where the network gives no other.

    Raises: OutboundError, LoginFailed.
    """
    form = {"grant_type": "refresh_token", "refresh_token": standing.get("refresh_token", "")}
    scopes = frozenset(standing.get("scope", "").split())
    answer = _ask(http, server, app, form)
    return _tokens(answer, server, scopes=scopes, refresh_token=form["refresh_token"])


def missing_scopes(server: OAuthServer, tokens: Tokens) -> list[str]:
    """Return what was asked for and not granted."""
    return [scope for scope in server.scopes if scope not in tokens.scopes]


def _ask(http: OutboundClient, server: OAuthServer, app: App, form: Mapping[str, str]) -> Response:
    headers = {"Accept": "application/json"}
    fields = {**form, **server.extra}
    if app.secret:
        pair = f"{quote(app.client_id, safe='')}:{quote(app.secret, safe='')}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    else:
        fields["client_id"] = app.client_id
    response = http.request(
        "POST", server.token_url, headers=headers, data=fields, deadline_seconds=DEADLINE_SECONDS
    )
    if not response.ok:
        raise LoginFailed(_refusal(response, server))
    return response


def _refusal(response: Response, server: OAuthServer) -> Outcome:
    """Say why there are no tokens: too often, no longer let in, or a server that does not work."""
    if response.status == 429:
        return rate_limited(response)
    try:
        answer = response.json_object()
    except NotReadable:
        answer = {}
    error = str(answer.get("error", ""))[:60]
    if error in LOST or (answer and response.status in server.lost_statuses):
        words = str(
            answer.get("error_description") or answer.get("message") or "The network ended the log-in."
        )
        error = error or str(response.status)
        return Outcome(
            OutcomeKind.NEEDS_LOGIN, http_status=response.status, reason=shorten(f"{words} ({error})")
        )
    reason = f"The network gave no token (HTTP {response.status}{', ' + error if error else ''})."
    return Outcome(OutcomeKind.NOT_SENT, http_status=response.status, reason=reason)


def _tokens(response: Response, server: OAuthServer, *, scopes: frozenset[str], refresh_token: str) -> Tokens:
    """Read an answer; what is left out of it is as it was asked. Raises: LoginFailed where it holds no token."""
    try:
        answer = response.json_object()
        kind = str(answer.get("token_type", "bearer")).lower()
        access = _text(answer["access_token"])
        newer = _text(answer["refresh_token"]) if answer.get("refresh_token") else refresh_token
        said = answer.get("scope")
        granted = frozenset(str(said).replace(",", " ").split()) if said else scopes
        if kind != "bearer":
            raise ValueError(kind)
        return Tokens(access, newer, _end(answer.get("expires_in")), granted)
    except (NotReadable, LookupError, TypeError, ValueError) as error:
        reason = "The network's answer holds no token."
        outcome = Outcome(OutcomeKind.NOT_SENT, http_status=response.status, reason=reason)
        raise LoginFailed(outcome) from error


def _text(value: Any) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= TOKEN_MAX or not value.isascii():
        raise ValueError("no token")
    return value


def _end(seconds: Any) -> Any:
    if seconds is None:
        return None
    return now() + min(timedelta(seconds=int(seconds)), LONGEST)
