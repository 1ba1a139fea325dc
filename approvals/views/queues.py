"""The queues of approvals: what waits for the reader, for others, what came back, what lost its time."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from approvals.permissions import SEE, SEE_OVERRIDES
from approvals.queues import ALL, COVERED, FILTERS, MINE, MOST, TABS, Asked, asked_in, cards, counted
from approvals.registry import live_refs, queue_choices
from approvals.services.bulk import MOST as MOST_AT_ONCE
from core.clock import now
from core.menus import ids_in, menu, named
from core.templatetags.ui import network_name
from core.together import Answers, ask
from teams.gates import members
from teams.permissions import can, covered_actors
from teams.selectors import members as people


@members(SEE, "GET")
def queue(request: HttpRequest) -> HttpResponse:
    """Show a page of the queue that the address asks for, with its filters."""
    actor, asked = request.actor, asked_in(request.GET)
    rows, following = cards(actor, asked, request.GET.get("after"))
    answers = ask(_choices(request), counted(actor, asked), most=MOST)
    context = {
        "tab": asked.tab,
        "asked": asked,
        "rows": rows,
        "next": following,
        "back_to": asked.query if asked.tab == TABS[0] else "",
        "tabs": _tabs(request, asked, answers.counts),
        "choices": _whose_choices(request, asked, answers.counts),
        "menus": _menus(request, answers),
        "may_see_overrides": can(actor, SEE_OVERRIDES),
        "at": now(),
        "most_at_once": MOST_AT_ONCE,
        "live_refs": live_refs(),
        "queue_url": reverse("approvals:queue", args=[request.workspace.slug]),
        "nav_key": "approvals",
    }
    template = "approvals/request_queue.html"
    return render(request, f"{template}#queue-list" if request.htmx else template, context)


def _choices(request: HttpRequest) -> dict[str, QuerySet[Any, Any]]:
    """Return the questions behind the menus, as parts of one statement."""
    found = {name: ask_(request.actor, request.GET.getlist(name)) for name, ask_ in queue_choices.items()}
    chosen = ids_in(request.GET.getlist("author"))
    return found | {"author": named(people(request.actor), "user__name", chosen)}


def _menus(request: HttpRequest, answers: Answers) -> list[dict[str, Any]]:
    labels = {"network": _("Network"), "campaign": _("Campaign"), "label": _("Label"), "author": _("Person")}
    found = {name: [(row["ident"], row["words"]) for row in answers.rows.get(name, ())] for name in FILTERS}
    found["network"] = [(kind, network_name(kind)) for kind, _words in found["network"]]
    return [menu(request.GET, name, labels[name], found[name]) for name in FILTERS if found[name]]


def _tabs(request: HttpRequest, asked: Asked, counts: Mapping[str, int]) -> list[dict[str, Any]]:
    labels = (_("To decide"), _("Waiting for others"), _("Sent back to you"), _("Expired"))
    return [
        {
            "label": label,
            "url": _address(request, Asked(key, wanted=asked.wanted)),
            "current": key == asked.tab,
            "count": _shown(counts[key]),
        }
        for key, label in zip(TABS, labels, strict=True)
    ]


def _whose_choices(request: HttpRequest, asked: Asked, counts: Mapping[str, int]) -> list[dict[str, Any]]:
    """Return the switch between mine and covered; empty while the reader covers nobody."""
    covered = {one.covered.pk: one.covered for one in covered_actors(request.actor) if one.covered}
    if not covered:
        return []
    kinds: Sequence[tuple[str, str]] = [
        (ALL, _("All")),
        (MINE, _("Mine")),
        *([(COVERED, _("Covered"))] if len(covered) > 1 else []),
        *((str(pk), _("For %(name)s") % {"name": who.user.get_short_name()}) for pk, who in covered.items()),
    ]
    return [
        {
            "label": label,
            "url": _address(request, replace(asked, tab=TABS[0], whose=key)),
            "current": key == asked.whose,
            "count": _shown(counts[TABS[0] if key == ALL else f"whose:{key}"]),
        }
        for key, label in kinds
    ]


def _address(request: HttpRequest, asked: Asked) -> str:
    return reverse("approvals:queue", args=[request.workspace.slug]) + asked.query


def _shown(number: int) -> str:
    return str(number) if number < MOST else f"{MOST}+"
