"""The filters above lists and calendar, as they stand in the address."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _

from calendar_app.models import Campaign, Label
from calendar_app.permissions import hidden_channel_ids
from calendar_app.selectors import PostFilter
from calendar_app.states import PostState
from core.menus import ids_in, menu, named
from core.together import Rows, ask
from networks.models import Channel
from teams.models import Membership

NAMES = ("channel", "campaign", "state", "author", "label")


def filter_of(request: HttpRequest) -> PostFilter:
    """Read the filter of a page's address; what makes no sense is left out."""
    return filter_from(request.GET)


def filter_from(query: QueryDict) -> PostFilter:
    """Read a filter; what makes no sense is left out."""
    states = tuple(state for state in query.getlist("state") if state in PostState.values)
    return PostFilter(
        states=states,
        channels=ids_in(query.getlist("channel")),
        campaigns=ids_in(query.getlist("campaign")),
        authors=ids_in(query.getlist("author")),
        labels=ids_in(query.getlist("label")),
        words=query.get("q", "").strip()[:200],
    )


def menus(request: HttpRequest, found: Mapping[str, Rows] | None = None) -> list[dict[str, Any]]:
    """Return the filter menus with what is chosen; `found` are the answers to `choices`, asked here where not given."""
    answers = ask(choices_of(request)).rows if found is None else found
    choices = {name: [(row["ident"], row["words"]) for row in answers.get(name, ())] for name in NAMES}
    choices["state"] = [(state.value, str(state.label)) for state in PostState]
    labels = {
        "channel": _("Channel"),
        "campaign": _("Campaign"),
        "state": _("State"),
        "author": _("Person"),
        "label": _("Label"),
    }
    return [
        menu(request.GET, name, labels[name], choices[name], is_sorted=name != "state")
        for name in NAMES
        if choices[name]
    ]


def choices_of(request: HttpRequest) -> dict[str, QuerySet[Any, Any]]:
    """Return the questions behind the menus, as parts of one statement: at most 200 of each, the chosen ones first."""
    hidden = hidden_channel_ids(request.actor)  # type: ignore[attr-defined]  # set by the middleware
    rows = {
        "channel": (Channel.objects.exclude(status="disconnected").exclude(pk__in=hidden), "name"),
        "campaign": (Campaign.objects.filter(is_archived=False), "name"),
        "label": (Label.objects.all(), "name"),
        "author": (Membership.objects.filter(status="active"), "user__name"),
    }
    return {
        name: named(queryset, words, ids_in(request.GET.getlist(name)))
        for name, (queryset, words) in rows.items()
    }
