"""What the shell shows around every page: workspace, navigation, cover, pause, notices."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import SimpleLazyObject

from core.clock import now
from teams.cover import away_until
from teams.permissions import can, covered_actors
from teams.selectors import workspaces_of
from teams.shell import Place, add_place, places, shell_facts, shell_urls

__all__ = ["ORDER", "add_place", "items", "places", "shell", "shell_facts", "shell_urls"]

items = places

ORDER = (
    "work calendar posts approvals checkins team library guides inbox reports channels log settings"
).split()
"""The rail from top to bottom; what an app adds under another key comes before the log."""

SITE_URLS = {
    "profile": "site:profile",
    "sessions": "usersessions_list",
    "sign_out": "account_logout",
    "appearance": "site:appearance",
    "new_workspace": "site:new_workspace",
}


def shell(request: HttpRequest) -> dict[str, Any]:
    """Give templates the shell; nothing is asked of the database until a template shows it."""
    return {"shell": SimpleLazyObject(lambda: _shell(request))}


def _shell(request: HttpRequest) -> dict[str, Any]:
    user = getattr(request, "user", None)
    known = user is not None and user.is_authenticated
    actor, workspace = getattr(request, "actor", None), getattr(request, "workspace", None)
    found: dict[str, Any] = {
        "workspace": workspace if actor is not None else None,
        "user": user if known else None,
        "theme": user.theme if known else request.COOKIES.get("theme", "system"),
        "density": user.density if known else "comfortable",
        "nav": [],
        "covering": [],
        "hold": None,
        "unread": 0,
        "workspaces": SimpleLazyObject(lambda: workspaces_of(user.pk)) if known else [],
        "signup_open": settings.SIGNUP == "open",
        "urls": {key: reverse(name) for key, name in SITE_URLS.items()},
    }
    if actor is None or workspace is None:
        return found
    entries = (_entry(place, actor, workspace.slug) for place in _ordered() if _shown(place, actor))
    found["nav"] = [entry for entry in entries if entry["url"]]
    found["covering"] = _covering(actor)
    found["urls"] |= {key: _address(name, workspace.slug) for key, name in shell_urls.items()}
    found.update({name: fact(request) for name, fact in shell_facts.items()})
    return found


def _covering(actor: Any) -> list[dict[str, Any]]:
    """Return whom the reader covers now, and until which day."""
    absent = [cover.covered for cover in covered_actors(actor) if cover.covered]
    if not absent:
        return []
    until = away_until({member.pk for member in absent}, now())
    return [
        {
            "name": member.user.get_short_name(),
            "who": member.pk,
            "id": member.pk,
            "until": _day(until.get(member.pk)),
        }
        for member in absent
    ]


def _day(moment: datetime | None) -> str:
    return date_format(timezone.localtime(moment), "D j") if moment else ""


def _ordered() -> list[Place]:
    spot = {key: number for number, key in enumerate(ORDER)}
    last = spot["log"] - 0.5
    return sorted(places.values(), key=lambda place: spot.get(place.key, last))


def _shown(place: Place, actor: Any) -> bool:
    return place.verb is None or can(actor, place.verb)


def _entry(place: Place, actor: Any, slug: str) -> dict[str, Any]:
    return {
        "key": place.key,
        "label": place.label,
        "icon": place.icon,
        "url": _address(place.url_name, slug),
        "count": place.count(actor) if place.count else None,
    }


def _address(name: str, slug: str) -> str:
    """Return a page's address, "" where this installation has no such page; a test holds that each exists."""
    try:
        return reverse(name, args=[slug])
    except NoReverseMatch:
        return ""
