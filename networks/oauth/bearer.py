"""Speaks for one channel with its access token, and gets a new one where that has ended."""

import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from core.clock import now
from core.http import NotReadable, Response
from networks.oauth.exchange import LoginFailed, renew
from networks.oauth.servers import App, OAuthServer, ends_soon
from networks.protocol import Call, Outcome, OutcomeKind

AHEAD = timedelta(minutes=5)


class Bearer:
    """The calls of one delivery, under one total deadline."""

    def __init__(self, call: Call, server: OAuthServer, *, seconds: float) -> None:
        self._call, self._server = call, server
        self._until = time.monotonic() + seconds
        self._credentials = call.credentials

    def keep_fresh(self) -> None:
        """Get a new token where the standing one ends within minutes. Raises: OutboundError, LoginFailed."""
        if ends_soon(self._credentials, now(), AHEAD):
            self._renew()

    def request(self, method: str, url: str, **content: Any) -> Response:
        """Ask or change something, as the account; a call refused for its token had no effect and is made again.

        Raises: OutboundError, LoginFailed.
        """
        response = self._send(method, url, **content)
        if not is_refused(response):
            return response
        self._renew()
        response = self._send(method, url, **content)
        if is_refused(response):
            reason = "The network does not take the new token either."
            raise LoginFailed(Outcome(OutcomeKind.NEEDS_LOGIN, http_status=401, reason=reason))
        return response

    def _renew(self) -> None:
        self._credentials = self._call.refresh(self._credentials, self._exchange)

    def _exchange(self, standing: Mapping[str, str]) -> Mapping[str, str]:
        """Trade the refresh token. What it may do can shrink on the way, which is found out here, not by a post."""
        if not standing.get("refresh_token"):
            reason = "The log-in has ended and cannot be renewed."
            raise LoginFailed(Outcome(OutcomeKind.NEEDS_LOGIN, reason=reason))
        app = App(self._call.app.get("client_id", ""), self._call.app.get("client_secret", ""))
        return renew(self._call.http, self._server, app, standing).as_credentials()

    def _send(self, method: str, url: str, **content: Any) -> Response:
        headers = {"Authorization": f"Bearer {self._credentials['access_token']}"}
        seconds = max(self._until - time.monotonic(), 0.1)
        return self._call.http.request(method, url, headers=headers, deadline_seconds=seconds, **content)


def is_refused(response: Response) -> bool:
    """Tell whether the network's own API, and nothing on the way to it, refused the token.

    Source: RFC 6750 §3.1: 401 with invalid_token means that the request was not authorised, so nothing was done.
    """
    if response.status != 401:
        return False
    try:
        response.json_object()
    except NotReadable:
        return False
    return True
