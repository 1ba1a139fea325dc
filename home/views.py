"""My work: the page that a workspace opens on."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import date_format, time_format
from django.utils.translation import gettext as _

from approvals.registry import live_refs
from core.clock import now
from home.firstrun import first_steps
from home.permissions import SEE
from home.selectors import ALL, COVERED, MINE, Work, grouped, work_of
from teams.gates import members
from teams.permissions import covered_actors, covered_until
from teams.work import WorkItem


@dataclass(frozen=True, slots=True)
class Time:
    """What stands at the end of a row: a time in words, the instant, and what it is the time of."""

    text: str
    at: datetime | None = None
    is_late: bool = False
    goes_out: bool = False


@members(SEE, "GET")
def work(request: HttpRequest) -> HttpResponse:
    """Show everything that waits for the reader, his own and by cover, as one list, fifty at a time."""
    actor, at, zone = request.actor, now(), ZoneInfo(request.workspace.timezone)
    whose, after = request.GET.get("whose", ALL), request.GET.get("after")
    found = work_of(actor, at, zone, whose=whose, cursor=after)
    covers = [one.covered for one in covered_actors(actor) if one.covered]
    until = covered_until(actor)
    groups = [
        (group, [(item, _time(item, at, zone), _since(item, at, zone)) for item in group.items])
        for group in grouped(found, at, zone, whose)
    ]
    context = {
        "groups": groups,
        "next": found.next,
        "after": after,
        "choices": _choices(request, found, covers, whose),
        "covers": [(one, until[one.pk]) for one in covers if one.pk in until],
        "live_refs": live_refs(),
        "first_steps": [] if after else first_steps(actor, request.workspace.slug),
    }
    template = "home/work_list.html"
    return render(request, f"{template}#work-list" if request.htmx else template, context)


def _choices(request: HttpRequest, found: Work, covers: list[Any], whose: str) -> list[dict[str, Any]]:
    """Return the switch between all, mine and each covered member; empty while the reader covers nobody."""
    if not covers:
        return []
    url = reverse("home:work", args=[request.workspace.slug])
    kinds = [(ALL, _("All")), (MINE, _("Mine"))]
    if len(covers) > 1:
        kinds.append((COVERED, _("Covered")))
    kinds += [(str(one.pk), _("For %(name)s") % {"name": one.user.get_short_name()}) for one in covers]
    current = whose if whose in dict(kinds) else ALL
    return [
        {"label": label, "url": f"{url}?whose={key}", "current": key == current, "count": found.count(key)}
        for key, label in kinds
    ]


def _time(item: WorkItem, at: datetime, zone: ZoneInfo) -> Time:
    """Return the time that counts for an item: when it is wanted, else when it goes out, else how soon."""
    if item.due_at is not None:
        is_late = item.due_at < at and not item.is_waiting
        return Time(_short(item.due_at, at, zone), item.due_at, is_late=is_late)
    if item.goes_out_at is not None and item.goes_out_at > at:
        return Time(_short(item.goes_out_at, at, zone), item.goes_out_at, goes_out=True)
    if item.is_waiting:
        return Time("")
    return Time(_("now") if item.tone == "red" else _("today"))


def _since(item: WorkItem, at: datetime, zone: ZoneInfo) -> str:
    """Return since when an item waits, where its time does not say how long it may."""
    return _short(item.since, at, zone) if item.due_at is None and item.since is not None else ""


def _short(when: datetime, at: datetime, zone: ZoneInfo) -> str:
    """Return a time as short as can be: its hour today, its weekday this week, its day otherwise."""
    here, today = when.astimezone(zone), at.astimezone(zone).date()
    if here.date() == today:
        return time_format(here, "H:i")
    if abs(here.date() - today) < timedelta(days=6):
        return date_format(here, "D H:i")
    return date_format(here, "j M")
