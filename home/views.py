"""My work: the page that a workspace opens on."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import date_format, time_format
from django.utils.translation import gettext as _

from core.clock import now
from home.firstrun import first_steps
from home.permissions import SEE
from home.selectors import away_until, grouped, work_of
from teams.gates import members
from teams.permissions import covered_actors
from teams.work import WorkItem


@members(SEE, "GET")
def work(request: HttpRequest) -> HttpResponse:
    """Show everything that waits for the reader, his own and by cover, as one list."""
    actor, at, zone = request.actor, now(), ZoneInfo(request.workspace.timezone)
    items = work_of(actor)
    covers = [one.covered for one in covered_actors(actor) if one.covered]
    whose = request.GET.get("whose", "all")
    shown = _narrowed(items, covers, whose)
    groups = [
        (group, [(item, _due(item, at, zone)) for item in group.items]) for group in grouped(shown, at, zone)
    ]
    context = {
        "groups": groups,
        "choices": _choices(request, items, covers, whose),
        "covers": [(covered, away_until(covered.pk, at)) for covered in covers],
        "first_steps": first_steps(actor, request.workspace.slug),
    }
    template = "home/work_list.html"
    return render(request, f"{template}#work-list" if request.htmx else template, context)


def _narrowed(items: list[WorkItem], covers: list[Any], whose: str) -> list[WorkItem]:
    if whose == "mine":
        return [item for item in items if not item.for_name]
    name = next((covered.user.name for covered in covers if str(covered.pk) == whose), None)
    return items if name is None else [item for item in items if item.for_name == name]


def _choices(
    request: HttpRequest, items: list[WorkItem], covers: list[Any], whose: str
) -> list[dict[str, Any]]:
    """Return the switch between all, mine and each covered member; empty while the reader covers nobody."""
    if not covers:
        return []
    url = reverse("home:work", args=[request.workspace.slug])
    doing = [item for item in items if not item.is_waiting]
    kinds = [("all", _("All"), len(doing)), ("mine", _("Mine"), sum(not item.for_name for item in doing))]
    for covered in covers:
        count = sum(item.for_name == covered.user.name for item in doing)
        kinds.append((str(covered.pk), _("For %(name)s") % {"name": covered.user.get_short_name()}, count))
    return [
        {"label": label, "url": f"{url}?whose={key}", "current": key == whose, "count": count}
        for key, label, count in kinds
    ]


def _due(item: WorkItem, at: datetime, zone: ZoneInfo) -> tuple[str, bool]:
    """Return when an item is wanted, as short as can be, and whether that is over."""
    if item.due_at is None:
        return "", False
    due, today = item.due_at.astimezone(zone), at.astimezone(zone).date()
    is_late = item.due_at < at and not item.is_waiting
    if due.date() == today:
        return time_format(due, "H:i"), is_late
    if abs(due.date() - today) < timedelta(days=6):
        return date_format(due, "D H:i"), is_late
    return date_format(due, "j M"), is_late
