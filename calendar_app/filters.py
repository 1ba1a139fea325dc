"""The filters above lists and calendar, as they stand in the address."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import CharField, F, Value
from django.db.models.functions import Cast
from django.http import HttpRequest
from django.utils.translation import gettext as _

from calendar_app.models import Campaign, Label
from calendar_app.permissions import hidden_channel_ids
from calendar_app.selectors import PostFilter
from calendar_app.states import PostState
from networks.models import Channel
from teams.models import Membership

NAMES = ("channel", "campaign", "state", "author", "label")


def filter_of(request: HttpRequest) -> PostFilter:
    """Read the filter of an address; what makes no sense is left out."""
    states = tuple(state for state in request.GET.getlist("state") if state in PostState.values)
    return PostFilter(
        states=states,
        channels=_ids(request.GET.getlist("channel")),
        campaigns=_ids(request.GET.getlist("campaign")),
        authors=_ids(request.GET.getlist("author")),
        labels=_ids(request.GET.getlist("label")),
        words=request.GET.get("q", "").strip()[:200],
    )


def menus(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the filter menus with what is chosen, in one query."""
    choices: dict[str, list[tuple[str, str]]] = {name: [] for name in NAMES}
    for row in _choices(request):
        choices[row["what"]].append((str(row["ident"]), row["words"]))
    choices["state"] = [(state.value, str(state.label)) for state in PostState]
    labels = {
        "channel": _("Channel"),
        "campaign": _("Campaign"),
        "state": _("State"),
        "author": _("Person"),
        "label": _("Label"),
    }
    return [_menu(request, name, labels[name], choices[name]) for name in NAMES if choices[name]]


def _menu(request: HttpRequest, name: str, label: str, choices: list[tuple[str, str]]) -> dict[str, Any]:
    asked = set(request.GET.getlist(name))
    chosen = [words for value, words in choices if value in asked]
    query = request.GET.copy()
    query.pop(name, None)
    query.pop("after", None)
    many = _("%(n)d of %(all)d") % {"n": len(chosen), "all": len(choices)}
    return {
        "name": name,
        "label": label,
        "choices": [
            {"value": value, "label": words, "chosen": value in asked}
            for value, words in sorted(choices, key=lambda each: each[1].casefold())
        ]
        if name != "state"
        else [{"value": value, "label": words, "chosen": value in asked} for value, words in choices],
        "chosen_label": chosen[0] if len(chosen) == 1 else many if chosen else "",
        "clear_url": f"?{query.urlencode()}",
    }


def _choices(request: HttpRequest) -> Iterable[dict[str, Any]]:
    hidden = hidden_channel_ids(request.actor)  # type: ignore[attr-defined]  # set by the middleware
    channels = Channel.objects.exclude(status="disconnected").exclude(pk__in=hidden)
    members = Membership.objects.filter(status="active")
    rows = _named(channels, "channel", "name").union(
        _named(Campaign.objects.filter(is_archived=False), "campaign", "name"),
        _named(Label.objects.all(), "label", "name"),
        _named(members, "author", "user__name"),
        all=True,
    )
    return list(rows)


def _named(rows: Any, what: str, words: str) -> Any:
    return (
        rows.order_by()
        .annotate(what=Value(what), ident=F("id"), words=Cast(words, CharField()))
        .values("what", "ident", "words")
    )


def _ids(values: Iterable[str]) -> tuple[UUID, ...]:
    found = []
    for value in values:
        try:
            found.append(UUID(value))
        except ValueError:
            continue
    return tuple(found)
