"""Saved views: whose one may see, what they say in an address, and with which the calendar begins."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Lower
from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from calendar_app.filters import NAMES, filter_from
from calendar_app.models import DefaultView, Feed, SavedView
from calendar_app.selectors import PostFilter
from calendar_app.states import ViewPage
from core.errors import NotFound
from teams.actors import Actor
from teams.permissions import can

WORDS = "q"
END_MEMBER = "teams.member.end"
MOST_VALUES = 50
MOST_LISTED = 200
Filters = Mapping[str, Sequence[str]]


def views_visible_to(by: Actor) -> QuerySet[Any]:
    """Return the actor's own views and the shared ones; `is_default` tells with which the calendar begins."""
    chosen = DefaultView.objects.filter(member=by.member_id, view=OuterRef("pk"))
    rows = SavedView.objects.filter(Q(is_shared=True) | Q(owner=by.member_id))
    rows = rows.annotate(is_default=Exists(chosen)).select_related("owner__user")
    return rows.order_by("-is_default", Lower("name"), "pk")


def get_view(by: Actor, pk: UUID) -> SavedView:
    """Return a view that the actor may see. Raises: NotFound."""
    found: SavedView | None = views_visible_to(by).filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such view."))
    return found


def feeds_of(by: Actor, view: SavedView) -> list[Feed]:
    """Return the feeds of a view that the actor may take back: his own, and all where he may end members."""
    rows = Feed.objects.filter(view=view).select_related("member__user")
    if not can(by, END_MEMBER):
        rows = rows.filter(member=by.member_id)
    return list(rows.order_by("-id")[:MOST_LISTED])


def get_feed(by: Actor, pk: UUID) -> Feed:
    """Return a feed that the actor may take back. Raises: NotFound."""
    found = Feed.objects.filter(pk=pk).select_related("view").first()
    if found is None or not (found.member_id == by.member_id or can(by, END_MEMBER)):
        raise NotFound(_("There is no such feed."))
    return found


def choices_of_views(by: Actor) -> QuerySet[Any, Any]:
    """Return the question behind the menu of views, as a part of one statement."""
    rows = views_visible_to(by).values("id", "name", "page", "filters", "is_shared", "is_default", "owner_id")
    return rows[:MOST_LISTED]


def filters_in(query: QueryDict) -> dict[str, list[str]]:
    """Return the filters of an address in one order, without what makes no sense and without its place in time."""
    wanted = filter_from(query)
    kept: dict[str, Iterable[Any]] = {
        "channel": wanted.channels,
        "campaign": wanted.campaigns,
        "state": wanted.states,
        "author": wanted.authors,
        "label": wanted.labels,
        WORDS: (wanted.words,) if wanted.words else (),
    }
    found = {name: sorted({str(value) for value in values})[:MOST_VALUES] for name, values in kept.items()}
    return {name: values for name, values in found.items() if values}


def filter_of_view(filters: Filters) -> PostFilter:
    """Return what a view's filters narrow posts to."""
    return filter_from(QueryDict(query_of(filters)))


def query_of(filters: Filters) -> str:
    """Return filters as they stand in an address."""
    return urlencode({name: filters[name] for name in (*NAMES, WORDS) if filters.get(name)}, doseq=True)


def address_of(slug: str, ident: Any, page: str, filters: Filters, today: str) -> str:
    """Return where a view is looked at: its page with its filters, and which view it is."""
    places = {
        ViewPage.YEAR: ("year", [today]),
        ViewPage.QUARTER: ("quarter", [today]),
        ViewPage.MONTH: ("calendar", []),
        ViewPage.WEEK: ("week", [today]),
        ViewPage.DAY: ("day", [today]),
        ViewPage.BOARD: ("board", []),
        ViewPage.LIST: ("posts", []),
    }
    route, args = places[ViewPage(page)]
    query = "&".join(part for part in (urlencode({"view": ident}), query_of(filters)) if part)
    return f"{reverse(f'calendar_app:{route}', args=[slug, *args])}?{query}"
