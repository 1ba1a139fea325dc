"""Speaks XRPC for one account, and keeps its log-in alive.

A server allows 30 log-ins in five minutes, so sessions are kept and refreshed; a log-in by password is the last
way. A token that is used up answers 400, not 401.
Source: docs.bsky.app/docs/advanced-guides/rate-limits, atproto.com/specs/xrpc, read 2026-11; observed on PDS 0.5.35.
"""

import json
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from core.clock import now
from core.http import Body, NotReadable, OutboundClient, Response
from networks.outcomes import rate_limited
from networks.protocol import Call, Outcome, OutcomeKind
from networks.quotas import ends_at

TOKEN_TROUBLE = frozenset({"ExpiredToken", "InvalidToken", "AuthMissing", "AuthenticationRequired"})
ACCOUNT_TROUBLE = frozenset(
    {"AccountTakedown", "AccountDeactivated", "AccountSuspended", "AuthFactorTokenRequired"}
)
LOGIN_SECONDS = 10.0
FRESH_SECONDS = 300


class LoginFailed(Exception):
    """No session could be had; the outcome says whether somebody must log in or the server must be waited for."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome


class Session:
    """The calls of one delivery, under one total deadline."""

    def __init__(self, call: Call, *, seconds: float) -> None:
        self._call = call
        self._until = time.monotonic() + seconds
        self._credentials = call.credentials
        self._service = str(call.facts["service"])

    @property
    def did(self) -> str:
        """Return the account's identifier."""
        return str(self._call.facts["did"])

    def query(self, method: str, params: Mapping[str, str]) -> Response:
        """Ask, as the account. Raises: OutboundError, LoginFailed."""
        return self._authorised("GET", method, params=params)

    def procedure(self, method: str, body: Any) -> Response:
        """Change something, as the account; a call refused for its token had no effect and is made again.

        Raises: OutboundError, LoginFailed.
        """
        return self._authorised("POST", method, json=body)

    def upload(self, body: Body) -> Response:
        """Upload a file. Raises: OutboundError, LoginFailed."""
        return self._authorised("POST", "com.atproto.repo.uploadBlob", body=body)

    def keep_fresh(self) -> None:
        """Refresh a session that would end within minutes. Raises: OutboundError, LoginFailed."""
        ends = ends_at(self._credentials.get("access_jwt", ""))
        if ends is None or ends < now() + timedelta(seconds=FRESH_SECONDS):
            self._renew()

    def _authorised(self, verb: str, method: str, **content: Any) -> Response:
        if not self._credentials.get("access_jwt"):
            self._renew()
        response = self._send(verb, method, self._credentials["access_jwt"], **content)
        if error_of(response) in TOKEN_TROUBLE:
            self._renew()
            response = self._send(verb, method, self._credentials["access_jwt"], **content)
        if error_of(response) in TOKEN_TROUBLE | ACCOUNT_TROUBLE:
            raise LoginFailed(_lost(response))
        return response

    def _renew(self) -> None:
        self._credentials = self._call.refresh(self._credentials, self._exchange)

    def _exchange(self, standing: Mapping[str, str]) -> Mapping[str, str]:
        """Trade the refresh token for a session, or log in by password where it is used up."""
        if standing.get("refresh_jwt"):
            response = self._send("POST", "com.atproto.server.refreshSession", standing["refresh_jwt"])
            if response.ok:
                return _tokens(response)
            if error_of(response) not in TOKEN_TROUBLE:
                raise LoginFailed(_lost(response))
        return _tokens(
            log_in(self._call.http, self._service, standing["identifier"], standing["app_password"])
        )

    def _send(self, verb: str, method: str, token: str, **content: Any) -> Response:
        return self._call.http.request(
            verb,
            f"{self._service}/xrpc/{method}",
            headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
            deadline_seconds=max(self._until - time.monotonic(), 0.1),
            **content,
        )


def log_in(http: OutboundClient, service: str, identifier: str, password: str) -> Response:
    """Make a session by password. Raises: OutboundError, LoginFailed."""
    response = http.request(
        "POST",
        f"{service}/xrpc/com.atproto.server.createSession",
        json={"identifier": identifier, "password": password},
        deadline_seconds=LOGIN_SECONDS,
    )
    if not response.ok:
        raise LoginFailed(_lost(response))
    return response


def error_of(response: Response) -> str:
    """Return the name of the error that an answer carries, '' for none."""
    if response.ok or len(response.body) > 100_000:
        return ""
    try:
        answer = json.loads(response.body)
    except ValueError:
        return ""
    return str(answer.get("error", "")) if isinstance(answer, dict) else ""


def message_of(response: Response) -> str:
    """Return what an answer says for people; fit for a form, never for a log."""
    try:
        return str(json.loads(response.body).get("message", ""))[:300]
    except (ValueError, AttributeError):
        return ""


def _lost(response: Response) -> Outcome:
    """Say why there is no session: too often, no longer let in, or a server that does not work."""
    if response.status == 429:
        return rate_limited(response)
    error = error_of(response)
    if response.status == 401 or error in TOKEN_TROUBLE | ACCOUNT_TROUBLE:
        reason = message_of(response) or "The server does not take the log-in any more."
        return Outcome(OutcomeKind.NEEDS_LOGIN, http_status=response.status, reason=reason)
    reason = f"The server did not give a session (HTTP {response.status})."
    return Outcome(OutcomeKind.NOT_SENT, http_status=response.status, reason=reason)


def _tokens(response: Response) -> dict[str, str]:
    """Return the session of an answer. Raises: LoginFailed where it holds none."""
    try:
        answer = response.json_object()
        return {"access_jwt": str(answer["accessJwt"]), "refresh_jwt": str(answer["refreshJwt"])}
    except (NotReadable, KeyError):
        reason = "The server's answer holds no session."
        raise LoginFailed(Outcome(OutcomeKind.NOT_SENT, http_status=response.status, reason=reason)) from None
