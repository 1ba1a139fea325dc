"""A request id on every log line, one line for each request, and the content security policy."""

import time
from collections.abc import Callable
from functools import cache

import structlog
from csp.constants import HEADER
from csp.middleware import CheckableLazyObject, CSPMiddleware
from csp.utils import build_policy
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from core.ids import uuid7

_HOLE = "nonce-goes-here"
_OWN_POLICIES = ("_csp_config", "_csp_update", "_csp_replace", "_csp_exempt")

log = structlog.get_logger("collab.request")


class RequestLogMiddleware:
    """Logs method, route, status and time; never queries, bodies or addresses with secrets in them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer and log."""
        started = time.perf_counter()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=str(uuid7()))
        response = self.get_response(request)
        match = request.resolver_match
        log.info(
            "request",
            method=request.method,
            route=match.route if match else None,
            status=response.status_code,
            milliseconds=round((time.perf_counter() - started) * 1000, 1),
        )
        return response


class PolicyMiddleware(CSPMiddleware):
    """Sets the policy of the settings, whose text is put together once and not for every answer.

    An answer of a view that changes the policy goes the library's way.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Set the header, with the nonce where the page used one; whoever asks for it later is told so."""
        if settings.DEBUG or any(hasattr(response, name) for name in _OWN_POLICIES):
            return super().process_response(request, response)
        nonce = getattr(request, "_csp_nonce", None)
        response.headers.setdefault(HEADER, _policy(nonce is not None).replace(_HOLE, nonce or ""))
        if nonce is None:
            request.csp_nonce = CheckableLazyObject(self._csp_nonce_post_response)
        return response


@cache
def _policy(has_nonce: bool) -> str:  # the key of the cache
    text: str = build_policy(nonce=_HOLE if has_nonce else None)
    return text
