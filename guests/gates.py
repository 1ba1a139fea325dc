"""The guest's side of each page: which link this browser has opened, whether it still opens anything, for whom."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from core.clock import now
from core.errors import CollabError, NotFound
from guests.models import GuestLink
from guests.permissions import actor_of_link
from guests.selectors import ids_of, key_of_id, link_by_id
from guests.services.doors import count_ask, ending_of
from guests.states import Ending
from teams.gates import by_link
from teams.models import AccessKey
from teams.tenancy import entered

HELD = "guest_links"
MOST_HELD = 20
View = Callable[..., HttpResponseBase]


def hold(request: HttpRequest, key: AccessKey) -> None:
    """Keep in the browser's session which key it came with; what it has opened by that key stays open."""
    held = dict(request.session.get(HELD, {}))
    ident = str(key.subject_id)
    if held.get(ident, {}).get("key") != str(key.pk):
        held.pop(ident, None)
        held[ident] = {"key": str(key.pk), "open": False}
    request.session[HELD] = dict(list(held.items())[-MOST_HELD:])


def admit(request: HttpRequest, visit: "Visit") -> None:
    """Keep in the session that this browser has passed the door, and let this request in."""
    ident, held = str(visit.link.pk), dict(request.session[HELD])
    held[ident] = {**held[ident], "open": True}
    request.session[HELD] = held
    visit.is_open = True
    _let_in(request, visit.link)


def at_door(*methods: str) -> Callable[[View], View]:
    """Let a browser ask that came with a key of the link, whatever has become of it: `request.guest` says what."""
    return _declare(methods, is_inside=False, counts=True)


def inside(*methods: str, counts: bool = True) -> Callable[[View], View]:
    """Let a browser ask that has passed the door of a link which still opens; `request.actor` is the guest.

    Else the page says why not. `counts` is off for what a page loads by the dozen.
    """
    return _declare(methods, is_inside=True, counts=counts)


def guarded(response: HttpResponseBase) -> HttpResponseBase:
    """Keep a guest's page out of indexes, caches and the addresses that other sites see."""
    response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    response.setdefault("Cache-Control", "private, no-store")
    response.setdefault("Referrer-Policy", "same-origin")
    return response


class Visit:
    """What a browser holds of a link: its key, whether it passed the door, and why it may not go on."""

    def __init__(self, link: GuestLink, key: AccessKey, *, is_open: bool) -> None:
        self.link = link
        self.key = key
        self.is_open = is_open
        self.ending: Ending | None = ending_of(link, key, is_open=is_open, at=now())


def _declare(methods: tuple[str, ...], *, is_inside: bool, counts: bool) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        @by_link(*methods)
        @wraps(view)
        def guarded_view(request: HttpRequest, link: UUID, **places: Any) -> HttpResponseBase:
            try:
                visit = _enter(request, link)
                if is_inside and (visit.ending is not None or not visit.is_open):
                    return guarded(_shut(request, visit))
                if counts:
                    count_ask(visit.link)
                return guarded(view(request, visit, **places))
            except CollabError as error:
                request.must_roll_back = True
                return guarded(_refused(request, error))

        return guarded_view

    return decorate


def _enter(request: HttpRequest, ident: UUID) -> Visit:
    """Bind the request to the link's workspace. Raises: NotFound for a browser that brought no key of this link."""
    held = request.session.get(HELD, {}).get(str(ident))
    key = key_of_id(held["key"]) if held else None
    if held is None or key is None or key.subject_id != ident:
        raise NotFound(_("Open the link in your mail to get in."))
    request.scopes.enter_context(entered(key.workspace_id))
    timezone.activate(key.workspace.timezone)
    link = link_by_id(ident)
    if link is None:
        raise NotFound(_("Open the link in your mail to get in."))
    visit = Visit(link, key, is_open=bool(held["open"]))
    request.guest = visit
    if visit.is_open and visit.ending is None:
        _let_in(request, link)
    return visit


def _let_in(request: HttpRequest, link: GuestLink) -> None:
    request.actor = actor_of_link(link, ids_of(link))
    request.media_address = _media_address(link)


def _media_address(link: GuestLink) -> Callable[[Any, str], str]:
    return lambda media, size: reverse("guests:media", args=[link.pk, media.pk, size])


def _shut(request: HttpRequest, visit: Visit) -> HttpResponse:
    if visit.ending is None:
        return render(request, "guests/door.html", {"link": visit.link})
    return gone(request, visit.link, visit.ending)


def gone(request: HttpRequest, link: GuestLink, ending: Ending) -> HttpResponse:
    """Say why a link opens nothing, and offer a new mail where that helps."""
    may_renew = link.is_renewable and link.ending(now()) is None
    context = {
        "link": link,
        "reason": ending.label,
        "may_renew": may_renew,
        "address": masked(link.guest.email),
    }
    return render(request, "guests/gone.html", context, status=410)


def masked(email: str) -> str:
    """Return an address of which its owner knows enough and nobody else does."""
    name, _at, host = email.partition("@")
    return f"{name[:1]}…@{host}"


def _refused(request: HttpRequest, error: CollabError) -> HttpResponse:
    """Say what happened, without the names and rights that a refusal tells members."""
    visit = getattr(request, "guest", None)
    context = {"error": error, "link": visit.link if visit else None}
    response = render(request, "guests/refused.html", context, status=error.status)
    if (seconds := getattr(error, "retry_after_seconds", None)) is not None:
        response["Retry-After"] = str(seconds)
    return response
