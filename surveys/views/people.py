"""The team by what its members share: results side by side, what motivates whom, whom which work may suit."""

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from core.clock import now
from surveys.fit import suggest
from surveys.permissions import SEE_TRAITS
from surveys.selectors.traits import Told, domain_counts, kind_names, reward_counts, told_by
from surveys.views.tabs import head
from teams.gates import members
from teams.models import Membership
from teams.permissions import can
from teams.selectors import members as members_of

PAGE = 100
MOST = 1000


@members(SEE_TRAITS, "GET")
def grid(request: HttpRequest) -> HttpResponse:
    """Show types and first strengths, as far as each shares them with the reader."""
    page, told = _told(request)
    shared = [one for one in told.values() if one.themes]
    context = {
        "rows": [told[member.pk] for member in page],
        "page": page,
        "domains": domain_counts(shared),
        "sharing": len(shared),
        "hidden": sum(one.is_empty for one in told.values()),
        **head(request, "grid"),
    }
    return _answer(request, "surveys/team_grid.html", context)


@members(SEE_TRAITS, "GET")
def motivation(request: HttpRequest) -> HttpResponse:
    """Show what reward motivates whom, as far as each shares it with the reader."""
    page, told = _told(request)
    shared = [one for one in told.values() if one.rewards]
    names = kind_names(request.actor, shared)
    context = {
        "rows": [(told[member.pk], names.get(member.pk, [])) for member in page],
        "page": page,
        "rewards": reward_counts(shared),
        "sharing": len(shared),
        **head(request, "motivation"),
    }
    return _answer(request, "surveys/team_motivation.html", context)


@members(SEE_TRAITS, "GET")
def fit(request: HttpRequest) -> HttpResponse:
    """Suggest whom which kind of work may suit, with reasons; it changes nothing."""
    context = {
        "rows": suggest(request.actor, now(), ZoneInfo(request.workspace.timezone)),
        "may_hand_over": can(request.actor, "teams.duty.edit"),
        **head(request, "fit"),
    }
    return _answer(request, "surveys/team_fit.html", context)


def _told(request: HttpRequest) -> tuple[Page[Membership], dict[UUID, Told]]:
    people = list(members_of(request.actor)[:MOST])
    return Paginator(people, PAGE).get_page(request.GET.get("page")), told_by(request.actor, people)


def _answer(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """Answer a page that no browser keeps, so that what is taken back is gone with the next look."""
    response = render(request, template, context)
    response["Cache-Control"] = "no-store"
    return response
