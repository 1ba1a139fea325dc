"""What the shell shows around every page: workspace, navigation, cover, pause, notices."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.db.models import F
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import SimpleLazyObject

from core.clock import now
from core.together import Rows, ask
from teams.actors import Actor
from teams.permissions import can, covered_actors, covered_until
from teams.selectors import own_workspaces, workspaces_of
from teams.services.previews import PREVIEW
from teams.services.staff import visit_until
from teams.shell import Place, add_place, places, shell_facts, shell_urls
from teams.states import ActorKind
from teams.tenancy import memberships_of

__all__ = ["ORDER", "add_place", "items", "places", "shell", "shell_facts", "shell_urls"]

items = places

ORDER = (
    "work calendar posts approvals checkins team surveys library guides inbox reports channels log settings"
).split()
"""The rail from top to bottom; what an app adds under another key comes before the log."""

MOST_TOLD = 99
"""How many waiting things the rail tells apart."""

WORKSPACES = "workspaces"
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
    is_vouched = known and actor is not None and SESSION_KEY not in request.session
    found: dict[str, Any] = {
        "workspace": workspace if actor is not None else None,
        "user": user if known else None,
        "theme": user.theme if known and not is_vouched else request.COOKIES.get("theme", "system"),
        "density": user.density if known else "comfortable",
        "nav": [],
        "covering": [],
        "hold": None,
        "visit": None,
        "preview": None,
        "unread": 0,
        "workspaces": SimpleLazyObject(lambda: workspaces_of(user.pk)) if known and actor is None else [],
        "signup_open": settings.SIGNUP == "open",
        "urls": {key: reverse(name) for key, name in SITE_URLS.items()},
    }
    if is_vouched:
        found["urls"]["sign_out"] = reverse("site:sso_leaving")
    if actor is None or workspace is None:
        return found
    shown = [place for place in _ordered() if _shown(place, actor)]
    counts, facts = _asked(actor, user, shown, is_vouched=is_vouched)
    entries = (_entry(place, workspace.slug, counts) for place in shown)
    found["nav"] = [entry for entry in entries if entry["url"]]
    found["covering"] = _covering(actor)
    found["visit"] = _visit(actor, workspace)
    found["preview"] = _preview(request, actor)
    found["urls"] |= {key: _address(name, workspace.slug) for key, name in shell_urls.items()}
    found["workspaces"] = facts.pop(WORKSPACES)
    found.update({name: shell_facts.get(name).meaning(request, rows) for name, rows in facts.items()})
    return found


def _asked(
    actor: Actor, user: Any, shown: list[Place], *, is_vouched: bool
) -> tuple[dict[str, int], dict[str, Rows]]:
    """Ask all that the shell shows in one statement: what waits at the places, the facts, the workspaces.

    A session for which only this workspace's provider vouches is told of no other workspace.
    """
    waiting = {place.key: place.waiting(actor) for place in shown if place.waiting}
    facts = {name: fact.rows(actor) for name, fact in shell_facts.items()}
    facts[WORKSPACES] = own_workspaces(user.pk, only=actor.workspace_id if is_vouched else None).values(
        "workspace_id", slug=F("workspace__slug"), name=F("workspace__name")
    )
    with memberships_of(user.pk):
        found = ask(
            {name: rows for name, rows in facts.items() if rows is not None},
            {key: rows for key, rows in waiting.items() if rows is not None},
            most=MOST_TOLD + 1,
        )
    return dict(found.counts), {name: found.rows.get(name, []) for name in facts}


def _told(count: int | None) -> str:
    """Return a count as the rail says it."""
    return f"{MOST_TOLD}+" if count and count > MOST_TOLD else str(count or "")


def _covering(actor: Any) -> list[dict[str, Any]]:
    """Return whom the reader covers now, and until which day."""
    absent = [cover.covered for cover in covered_actors(actor) if cover.covered]
    if not absent:
        return []
    until = covered_until(actor)
    away = [member for member in absent if member.pk in until]  # not those who are merely unseen
    return [
        {
            "name": member.user.get_short_name(),
            "who": member.pk,
            "id": member.pk,
            "until": _day(until.get(member.pk)),
        }
        for member in away
    ]


def _visit(actor: Actor, workspace: Any) -> dict[str, Any] | None:
    """Return until when an operator looks at the workspace, and whether it is the reader; None where none does."""
    until = visit_until(workspace, now())
    return {"until": until, "is_own": actor.kind == ActorKind.STAFF} if until else None


def _preview(request: HttpRequest, actor: Actor) -> dict[str, Any] | None:
    """Return as which role the reader looks, and until when; None where he is himself."""
    if not actor.is_preview or actor.member is None:
        return None
    return {
        "role": str(actor.member.role),
        "until": datetime.fromisoformat(request.session[PREVIEW]["until"]),
    }


def _day(moment: datetime | None) -> str:
    return date_format(timezone.localtime(moment), "D j") if moment else ""


def _ordered() -> list[Place]:
    spot = {key: number for number, key in enumerate(ORDER)}
    last = spot["log"] - 0.5
    return sorted(places.values(), key=lambda place: spot.get(place.key, last))


def _shown(place: Place, actor: Any) -> bool:
    return place.verb is None or can(actor, place.verb)


def _entry(place: Place, slug: str, counts: dict[str, int]) -> dict[str, Any]:
    return {
        "key": place.key,
        "label": place.label,
        "icon": place.icon,
        "url": _address(place.url_name, slug),
        "count": _told(counts.get(place.key)),
    }


def _address(name: str, slug: str) -> str:
    """Return a page's address, "" where this installation has no such page; a test holds that each exists."""
    try:
        return reverse(name, args=[slug])
    except NoReverseMatch:
        return ""
