"""What the shell shows around every page: workspace, navigation, cover, pause, notices."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise, SimpleLazyObject

from core.registry import Registry
from teams.permissions import covered_actors
from teams.selectors import workspaces_of

Count = Callable[[Any], int]


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of the rail."""

    key: str
    label: "str | Promise"
    icon: str
    url_name: str
    count: Count | None = None


shell_facts: Registry[Callable[[HttpRequest], Any]] = Registry("collab.navigation.shell_facts")
items: Registry[Item] = Registry("collab.navigation.items")


def add_item(key: str, label: "str | Promise", icon: str, url_name: str, count: Count | None = None) -> None:
    """Add an entry to the rail, in order."""
    items.register(key, Item(key, label, icon, url_name, count))


def shell(request: HttpRequest) -> dict[str, Any]:
    """Give templates the shell; nothing is asked of the database until a template shows it."""
    return {"shell": SimpleLazyObject(lambda: _shell(request))}


def _shell(request: HttpRequest) -> dict[str, Any]:
    user = getattr(request, "user", None)
    known = user is not None and user.is_authenticated
    actor, workspace = getattr(request, "actor", None), getattr(request, "workspace", None)
    found: dict[str, Any] = {
        "workspace": workspace,
        "user": user if known else None,
        "theme": user.theme if known else request.COOKIES.get("theme", "system"),
        "density": user.density if known else "comfortable",
        "nav": [],
        "covering": [],
        "hold": None,
        "unread": 0,
        "workspaces": SimpleLazyObject(lambda: workspaces_of(user.pk)) if known else [],
    }
    if actor is None or workspace is None:
        return found
    found["nav"] = [_entry(item, actor, workspace.slug) for item in items.values()]
    found["covering"] = [
        {"name": cover.covered.user.name, "id": cover.covered.pk}
        for cover in covered_actors(actor)
        if cover.covered
    ]
    found.update({name: fact(request) for name, fact in shell_facts.items()})
    return found


def _entry(item: Item, actor: Any, slug: str) -> dict[str, Any]:
    return {
        "key": item.key,
        "label": item.label,
        "icon": item.icon,
        "url": reverse(item.url_name, args=[slug]),
        "count": item.count(actor) if item.count else None,
    }
