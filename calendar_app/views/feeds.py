"""Feeds: a view's page of them, and the calendar that another program fetches by its secret."""

from hashlib import sha256
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _

from calendar_app.permissions import MAKE_FEED
from calendar_app.saved import feeds_of, get_feed, get_view
from calendar_app.services.feeds import end_feed, make_feed, read_feed
from core.errors import CollabError
from teams.gates import by_link, members
from teams.services.keys import find_key
from teams.states import KeyKind
from teams.tenancy import entered


@members(MAKE_FEED, "GET", "POST")
def feeds(request: HttpRequest, view: UUID) -> HttpResponse:
    """Show the feeds of a view that one may take back; POST makes one and shows its address, once."""
    found = get_view(request.actor, view)
    address = ""
    if request.method == "POST":
        _feed, secret = make_feed(view=found, purpose=request.POST.get("purpose", ""), by=request.actor)
        address = request.build_absolute_uri(reverse("feeds:calendar", args=[secret]))
    context = {
        "view": found,
        "feeds": feeds_of(request.actor, found),
        "address": address,
        "nav_key": "calendar",
    }
    response = render(request, "calendar_app/feed_list.html", context)
    response["Cache-Control"] = "no-store"
    return response


@members(MAKE_FEED, "POST")
def feed_removal(request: HttpRequest, feed: UUID) -> HttpResponse:
    """Take a feed back."""
    found = get_feed(request.actor, feed)
    end_feed(feed=found, by=request.actor)
    messages.success(request, _("The feed was taken back. Its address opens nothing any more."))
    return redirect("calendar_app:feeds", request.workspace.slug, found.view_id)


@by_link("GET")
def calendar(request: HttpRequest, secret: str) -> HttpResponse:
    """Answer a view as a calendar to whoever holds the secret: no session, no index, nothing beyond the view."""
    key = find_key(secret, KeyKind.FEED)
    if key is None:
        return _kept_out(HttpResponse(_("There is no such calendar."), status=404, content_type="text/plain"))
    request.scopes.enter_context(entered(key.workspace_id))
    try:
        body = read_feed(key=key, root=request.build_absolute_uri("/").rstrip("/"))
    except CollabError as error:
        return _kept_out(_refused(error))
    response = HttpResponse(body, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'inline; filename="calendar.ics"'
    response["ETag"] = f'"{sha256(body).hexdigest()[:32]}"'
    response["Cache-Control"] = "private, max-age=300"
    return _kept_out(get_conditional_response(request, etag=response["ETag"], response=response))


def _refused(error: CollabError) -> HttpResponse:
    response = HttpResponse(error.message, status=error.status, content_type="text/plain; charset=utf-8")
    if (seconds := getattr(error, "retry_after_seconds", None)) is not None:
        response["Retry-After"] = str(seconds)
    return response


def _kept_out(response: HttpResponse) -> HttpResponse:
    response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    response["Referrer-Policy"] = "no-referrer"
    return response
