"""A request id on every log line, and one line for each request."""

import time
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse

from core.ids import uuid7

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
