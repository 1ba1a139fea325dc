"""Who looks after what: coverage by network, duties, load, people, and both exports."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from core.clock import now
from teams import sheets
from teams.coverage import (
    Gap,
    GapKind,
    coverage_of,
    duty_label,
    gaps_of,
    many_in_words,
    reach_in_words,
    risks_of,
)
from teams.gap_work import remedy_url
from teams.gates import export, members
from teams.models import Membership
from teams.overview import Overview, overview
from teams.permissions import can
from teams.proposals import language_names, languages_of
from teams.workload import Load, live_work, loads, weeks_from

PAGE = 100
WEEKS = 4
SHOWN_OF_A_KIND = 2
SHOWN_AWAY = 8


def look(request: HttpRequest) -> Overview:
    """Return who looks after what, as the reader may see it."""
    return overview(request.actor, now(), ZoneInfo(request.workspace.timezone))


def loads_of(request: HttpRequest, view: Overview, count: int = 1) -> dict[Any, list[Load]]:
    """Return everybody's load in this week and those that follow."""
    weeks = weeks_from(view.now, view, count)
    return loads(view, weeks, live_work(request.actor, view, weeks))


@members("teams.duty.see", "GET")
def coverage(request: HttpRequest) -> HttpResponse:
    """Show people × networks, who is left, who moderates, what is missing, and who is away."""
    view = look(request)
    found = loads_of(request, view, 2)
    table = coverage_of(view, found)
    page = _page(request, table.rows)
    people = [
        (row, found[row.member.pk][0], view.backups_for(row.member.pk), _away(view, row.member))
        for row in page
    ]
    context = {
        "columns": table.columns,
        "people": people,
        "page": page,
        "gaps": _gap_lines(request, [*gaps_of(view), *risks_of(table, found)]),
        "duties": _duties(view)[:12],
        "duty_count": len(view.duties),
        "away": _away_list(view, found),
        **_head(request, "coverage"),
    }
    return render(request, "teams/team_coverage.html", context)


@members("teams.duty.see", "GET")
def duties(request: HttpRequest) -> HttpResponse:
    """Show the duties, most important first, with owner and backups."""
    view = look(request)
    page = _page(request, _duties(view))
    gaps = [gap for gap in gaps_of(view) if gap.kind in (GapKind.DUTY_OWNER, GapKind.DUTY_BACKUP)]
    context = {"rows": page, "page": page, "gap_count": len(gaps), **_head(request, "duties")}
    return render(request, "teams/team_duties.html", context)


@members("teams.duty.see", "GET")
def load(request: HttpRequest) -> HttpResponse:
    """Show everybody's weeks against the hours there are, with the duties that can be handed on."""
    view = look(request)
    found = loads_of(request, view, WEEKS)
    held: dict[Any, list[Any]] = {}
    for row in _duties(view):
        if row["owner"]:
            held.setdefault(row["owner"].pk, []).append(row)
    page = _page(request, view.members)
    rows = [(member, found[member.pk], held.get(member.pk, []), _away(view, member)) for member in page]
    weeks = weeks_from(view.now, view, WEEKS)
    context = {
        "rows": rows,
        "page": page,
        "weeks": [start.date() for start in weeks.bounds[:-1]],
        **_head(request, "load"),
    }
    return render(request, "teams/team_load.html", context)


@members("teams.duty.see", "GET")
def people(request: HttpRequest) -> HttpResponse:
    """Show for each person what is theirs: duties, channels to moderate, whom they back, who backs them."""
    view = look(request)
    backing: dict[Any, list[Membership]] = {}
    for member in view.members:
        for backup in view.backups_for(member.pk):
            backing.setdefault(backup.pk, []).append(member)
    page = _page(request, view.members)
    rows = [
        {
            "member": member,
            "away": _away(view, member),
            "duties": [row for row in _duties(view) if row["owner"] and row["owner"].pk == member.pk],
            "moderates": [one for one in view.channels if view.moderator_of(one)[0] == member],
            "backups": view.backups_for(member.pk),
            "backing": backing.get(member.pk, []),
            "languages": language_names(languages_of(member)),
        }
        for member in page
    ]
    return render(request, "teams/team_people.html", {"rows": rows, "page": page, **_head(request, "people")})


@export("teams.duty.see")
def export_csv(request: HttpRequest) -> HttpResponse:
    """Send who looks after what as CSV."""
    return _download(sheets.as_csv(_table(request)), "text/csv; charset=utf-8", "csv")


@export("teams.duty.see")
def export_xlsx(request: HttpRequest) -> HttpResponse:
    """Send who looks after what as a spreadsheet."""
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return _download(sheets.as_xlsx(_table(request), title=_("Duties")), kind, "xlsx")


def _table(request: HttpRequest) -> list[list[str]]:
    view = look(request)
    return sheets.duty_table(view, loads_of(request, view))


def _download(content: bytes, kind: str, ending: str) -> HttpResponse:
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="who-looks-after-what.{ending}"'
    return response


def _head(request: HttpRequest, here: str) -> dict[str, Any]:
    words = [
        ("coverage", _("Coverage")),
        ("duties", _("Duties")),
        ("load", _("Load")),
        ("people", _("People")),
    ]
    slug = request.workspace.slug
    return {
        "choices": [
            {"label": word, "url": reverse(f"teams:{key}", args=[slug]), "current": key == here}
            for key, word in words
        ],
        "may_edit": can(request.actor, "teams.duty.edit"),
        "may_moderate": can(request.actor, "teams.duty.moderate"),
        "may_back": can(request.actor, "teams.backup.edit"),
        "may_invite": can(request.actor, "teams.member.invite"),
        "nav_key": "team",
        "primary_taken": True,
    }


def _page(request: HttpRequest, rows: list[Any]) -> Page[Any]:
    return Paginator(rows, PAGE).get_page(request.GET.get("page"))


def _duties(view: Overview) -> list[dict[str, Any]]:
    return [
        {
            "duty": facts.duty,
            "label": duty_label(view, facts),
            "reach": reach_in_words(view, facts),
            "owner": facts.owner,
            "stand_in": facts.stand_in,
            "backups": facts.backups,
        }
        for facts in view.duties
    ]


@dataclass(frozen=True, slots=True)
class AwayLine:
    """Somebody who is away, or soon will be, who stands in, and whether that person has time."""

    member: Membership
    is_now: bool
    starts_at: datetime
    ends_at: datetime | None
    stand_in: Membership | None
    is_full: bool


def _away_list(view: Overview, found: dict[Any, list[Load]]) -> list[AwayLine]:
    soon = view.now + timedelta(days=14)
    lines = []
    for member in view.members:
        for start, end in view.spans.get(member.pk, ()):
            if start < soon and (end is None or end > view.now):
                gone = {*view.away, member.pk}
                ident = view.lists.first_here(member.pk, gone)
                stand_in = view.by_id.get(ident) if ident else None
                is_full = bool(stand_in) and not any(load.is_free for load in found[stand_in.pk])
                lines.append(AwayLine(member, start <= view.now, start, end, stand_in, is_full))
    return sorted(lines, key=lambda line: (line.starts_at, line.member.pk))[:SHOWN_AWAY]


def _away(view: Overview, member: Membership) -> dict[str, Any] | None:
    return {"until": view.away[member.pk]} if member.pk in view.away else None


def _gap_lines(request: HttpRequest, gaps: list[Gap]) -> list[dict[str, Any]]:
    """Return the gaps to be named above the table: a few of a kind by name, many of a kind as one line."""
    slug = request.workspace.slug
    lines: list[dict[str, Any]] = []
    for kind in GapKind:
        found = [gap for gap in gaps if gap.kind == kind]
        if len(found) > SHOWN_OF_A_KIND:
            count = len(found) - SHOWN_OF_A_KIND + 1
            lines += [_gap_line(gap, slug) for gap in found[: SHOWN_OF_A_KIND - 1]]
            lines.append(
                {
                    "more": many_in_words(kind, count),
                    "url": _view_of(kind, slug),
                    "is_warning": kind == GapKind.OVER,
                }
            )
        else:
            lines += [_gap_line(gap, slug) for gap in found]
    return lines


def _gap_line(gap: Gap, slug: str) -> dict[str, Any]:
    return {"gap": gap, "url": remedy_url(gap, slug), "is_warning": gap.is_warning}


def _view_of(kind: GapKind, slug: str) -> str:
    name = {GapKind.MEMBER_BACKUP: "teams:people", GapKind.OVER: "teams:load"}.get(kind, "teams:duties")
    return reverse(name, args=[slug])
