"""What upper apps add to the shell around every page: places of the rail, counts, facts, addresses."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise

from core.registry import Registry

Count = Callable[[Any], int]


@dataclass(frozen=True, slots=True)
class Place:
    """One entry of the rail; shown to who holds `verb`, with the number that waits there for the actor."""

    key: str
    label: "str | Promise"
    icon: str
    url_name: str
    verb: str | None = None
    count: Count | None = None


places: Registry[Place] = Registry("teams.shell.places")
shell_facts: Registry[Callable[[HttpRequest], Any]] = Registry("teams.shell.shell_facts")
"""Facts by the shell's own names (`hold`, `unread`); asked only where a page shows the shell."""

FRONTS = ("home:work", "calendar_app:month", "calendar_app:calendar")

shell_urls: Registry[str] = Registry("teams.shell.shell_urls")
"""Names of URLs within a workspace by the shell's own keys (`new_post`, `search`, `notices`)."""


def add_place(
    key: str,
    label: "str | Promise",
    icon: str,
    url_name: str,
    *,
    verb: str | None = None,
    count: Count | None = None,
) -> None:
    """Add an entry to the rail, at start; `collab.navigation` decides the order."""
    places.register(key, Place(key, label, icon, url_name, verb, count))


def front_of(slug: str) -> str:
    """Return the page on which a workspace opens: My work where it exists, else the calendar, else the people."""
    for name in FRONTS:
        try:
            return reverse(name, args=[slug])
        except NoReverseMatch:
            continue
    return reverse("teams:members", args=[slug])
