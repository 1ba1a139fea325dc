"""What upper apps add to the shell around every page: places of the rail, counts, facts, addresses."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise

from core.registry import Registry
from core.together import Rows
from core.written import Written
from teams.actors import Actor

Question = Callable[[Actor], "QuerySet[Any, Any] | None"]
Counted = Callable[[Actor], "QuerySet[Any, Any] | Written | None"]
"""Builds the question of an entry of the shell, None where there is nothing to ask for this actor."""


@dataclass(frozen=True, slots=True)
class Place:
    """One entry of the rail; shown to who holds `verb`, with how many rows of `waiting` there are."""

    key: str
    label: "str | Promise"
    icon: str
    url_name: str
    verb: str | None = None
    waiting: Counted | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """What the shell says besides places: the rows that tell it, made by `values()`, and their meaning."""

    rows: Question
    meaning: Callable[[HttpRequest, Rows], Any]


places: Registry[Place] = Registry("teams.shell.places")
shell_facts: Registry[Fact] = Registry("teams.shell.shell_facts")
"""Facts by the shell's own names (`hold`, `unread`); asked only where a page shows the shell, all in one statement."""

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
    waiting: Counted | None = None,
) -> None:
    """Add an entry to the rail, at start; `collab.navigation` decides the order."""
    places.register(key, Place(key, label, icon, url_name, verb, waiting))


def front_of(slug: str) -> str:
    """Return the page on which a workspace opens: My work where it exists, else the calendar, else the people."""
    for name in FRONTS:
        try:
            return reverse(name, args=[slug])
        except NoReverseMatch:
            continue
    return reverse("teams:members", args=[slug])
