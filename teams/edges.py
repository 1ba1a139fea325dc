"""How refusals leave the product: pages for people, problem documents for programs."""

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from core.errors import Ambiguous, CollabError, Invalid, NotAllowed, TooMany


def is_api(request: HttpRequest) -> bool:
    """Tell whether a program asks."""
    return request.path_info.startswith("/api/")


def unauthenticated(request: HttpRequest) -> HttpResponse:
    """Ask a person to log in and tell a program that its credentials do not open this."""
    if is_api(request):
        detail = _("Give a valid API token of this workspace in the Authorization header.")
        response = problem(401, "unauthenticated", detail)
        response["WWW-Authenticate"] = 'Bearer realm="collab"'
        return response
    response = redirect(f"{settings.LOGIN_URL}?{urlencode({'next': request.get_full_path()})}")
    if request.headers.get("HX-Request"):
        response = HttpResponse(status=401)
        response["HX-Redirect"] = settings.LOGIN_URL
    return response


def error_response(request: HttpRequest, error: CollabError) -> HttpResponse:
    """Answer an expected refusal in the form that the asker reads."""
    if is_api(request):
        return problem_of(error)
    template = "errors/refusal.html"
    return render(request, template, {"error": error, "status": error.status}, status=error.status)


def problem_of(error: CollabError) -> JsonResponse:
    """Return the problem document of a refusal."""
    extra: dict[str, Any] = {}
    if isinstance(error, NotAllowed):
        extra["why"] = error.why
    if isinstance(error, Invalid):
        extra["errors"] = error.fields
    if isinstance(error, Ambiguous):
        extra["choices"] = error.choices
    response = problem(error.status, error.code, error.message, **extra)
    if isinstance(error, TooMany) and error.retry_after_seconds is not None:
        response["Retry-After"] = str(error.retry_after_seconds)
    return response


def problem(status: int, code: str, detail: str, **extra: Any) -> JsonResponse:
    """Return a problem document. Source: RFC 9457."""
    body = {
        "type": "about:blank",
        "title": code.replace("_", " "),
        "status": status,
        "code": code,
        "detail": detail,
    }
    return JsonResponse({**body, **extra}, status=status, content_type="application/problem+json")
