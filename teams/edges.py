"""How refusals leave the product: pages for people, problem documents for programs."""

import sys
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

import structlog
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from core.errors import Ambiguous, CollabError, Invalid, NotAllowed, TooMany
from core.trouble import trouble_of
from teams.proofs import SECOND_STEPS, ProveAgain, ProviderRequired, SecondStepRequired
from teams.scim.errors import document as scim_error

Leading = ProveAgain | ProviderRequired | SecondStepRequired
"""Refusals that a page answers with the way to mend them."""


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
    if request.headers.get("HX-Request"):
        fragment = HttpResponse(status=401)
        fragment["HX-Redirect"] = settings.LOGIN_URL
        return fragment
    return redirect(f"{settings.LOGIN_URL}?{urlencode({'next': request.get_full_path()})}")


def error_response(request: HttpRequest, error: CollabError) -> HttpResponse:
    """Answer an expected refusal in the form that the asker reads."""
    if is_api(request):
        return problem_of(error)
    if isinstance(error, Leading):
        return _lead(request, _way_to_prove(request, error))
    context = {"error": error, "status": error.status}
    response = render(request, "errors/refusal.html", context, status=error.status)
    if isinstance(error, TooMany) and error.retry_after_seconds is not None:
        response["Retry-After"] = str(error.retry_after_seconds)
    return response


def _way_to_prove(request: HttpRequest, error: Leading) -> str:
    """Return the page on which somebody shows who he is; afterwards it leads back to where he came from."""
    if isinstance(error, ProviderRequired):
        slug = request.path_info.split("/")[2]
        return f"{reverse('site:sso_door', args=[slug])}?{urlencode({'next': request.get_full_path()})}"
    if isinstance(error, SecondStepRequired):
        return f"{reverse('site:second_step')}?{urlencode({'workspace': request.path_info.split('/')[2]})}"
    back = urlsplit(request.headers.get("Referer", ""))
    is_ours = back.netloc == request.get_host() and back.path.startswith("/w/")
    page = "account_reauthenticate"
    kinds = set(request.user.authenticator_set.values_list("type", flat=True))
    if SESSION_KEY not in request.session:  # a provider vouches: nothing of the person's own was shown yet
        page = "account_login"
    elif kinds & set(SECOND_STEPS):
        page = "mfa_reauthenticate" if "totp" in kinds else "mfa_reauthenticate_webauthn"
    whence = urlunsplit(("", "", back.path, back.query, "")) if is_ours else request.path_info
    return f"{reverse(page)}?{urlencode({'next': whence})}"


def _lead(request: HttpRequest, address: str) -> HttpResponse:
    """Send somebody to a page, also out of a fragment."""
    if request.headers.get("HX-Request"):
        response = HttpResponse(status=403)
        response["HX-Redirect"] = address
        return response
    return redirect(address)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer for what is not there, or not to be known of: `handler404` of the root URLs."""
    if is_api(request):
        return problem(404, "not_found", _("There is no such thing here."))
    if request.path_info.startswith("/scim/"):
        return JsonResponse(scim_error(404, "There is no such thing here."), status=404)
    return render(request, "errors/404.html", status=404)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form that does not prove that it came from one of our pages: `CSRF_FAILURE_VIEW`."""
    message = _("This page was open for too long, or the browser keeps no cookies. Load it again and repeat.")
    return error_response(request, NotAllowed(message, code="csrf_failed"))


def broken(request: HttpRequest) -> HttpResponse:
    """Answer for a fault of ours: `handler500` of the root URLs; asks nothing of the database.

    Django calls it while it handles the error, which may be one of the machine below: then the answer is 503.
    """
    if trouble := trouble_of(sys.exc_info()[1]):
        return unavailable(request, trouble)
    number = structlog.contextvars.get_contextvars().get("request_id", "")
    if is_api(request):
        detail = _("Something broke on our side. Nothing was changed.")
        return problem(500, "broken", detail, request_id=number)
    return HttpResponse(render_to_string("errors/500.html", {"request_id": number}), status=500)


TROUBLE_SECONDS = 30


def unavailable(request: HttpRequest, trouble: str) -> HttpResponse:
    """Say that the disk is full or the database away: nothing was changed, and it goes on by itself."""
    detail = (
        _(
            "The server's disk is full. What was saved before is safe and can be read; your last change was not saved."
        )
        if trouble == "full"
        else _("The server's database is away for a moment. Your last change was not saved.")
    )
    if is_api(request):
        response: HttpResponse = problem(
            503, "storage_full" if trouble == "full" else "database_away", detail
        )
    else:
        text = render_to_string("errors/503.html", {"trouble": trouble, "detail": detail})
        response = HttpResponse(text, status=503)
    response["Retry-After"] = str(TROUBLE_SECONDS)
    response["Cache-Control"] = "no-store"
    return response


def tell_form(form: BaseForm, error: Invalid) -> None:
    """Show a service's reasons at the fields they are about; a reason about no field stands above the form."""
    for name, texts in error.fields.items():
        for text in texts:
            form.add_error(name if name in form.fields else None, text)
    if not error.fields:
        form.add_error(None, error.message)


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
