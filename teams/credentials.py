"""Who asks the API, as the middleware found it; apart from `teams.rest`, since the REST framework loads it early."""

from typing import Any

from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.request import Request

from teams.states import ActorKind


class WorkspaceAuthentication(BaseAuthentication):
    """Takes over who the middleware found; a browser's session must carry the CSRF token on writes."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        """Return user and actor."""
        actor = getattr(request._request, "actor", None)
        user = getattr(request._request, "user", None)
        if actor is None and (user is None or not user.is_authenticated):
            return None
        if actor is None:
            if getattr(request._request, "home", None) is None:
                SessionAuthentication().enforce_csrf(request)
            return user, None
        if actor.kind == ActorKind.TOKEN:
            return actor.member.user, actor
        SessionAuthentication().enforce_csrf(request)
        return actor.member.user, actor

    def authenticate_header(self, request: Request) -> str:
        """Name the scheme, so that missing credentials answer 401."""
        return 'Bearer realm="collab"'
