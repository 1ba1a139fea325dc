"""Posts out of a file: the template, the upload, what would come in, and taking it in."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from calendar_app.importing import get_import, imports_of, rows_of, tally_of
from calendar_app.models import Import
from calendar_app.permissions import CREATE
from calendar_app.reading import MOST_ROWS
from calendar_app.selectors import channels_for_writing
from calendar_app.services.imports import read_again, remove_import, start_import, stop_import, upload_file
from calendar_app.states import ImportState, RowAction, RowState
from calendar_app.template import template_for
from calendar_app.views.exports import XLSX
from core.errors import Invalid
from core.paging import keyset
from teams.gates import export, members

MOST_LISTED = 20
ROWS_SHOWN = 100


@members(CREATE, "GET", "POST")
def imports(request: HttpRequest) -> HttpResponse:
    """Offer the template and the upload, and show the files that one brought; POST takes a file."""
    error = ""
    if request.method == "POST":
        file = request.FILES.get("file")
        try:
            if file is None:
                raise Invalid(_("Choose a file first."))
            source = upload_file(
                file=file, name=file.name or "", channels=request.POST.getlist("channel"), by=request.actor
            )
        except Invalid as refusal:
            error = refusal.message
        else:
            return redirect("calendar_app:import", request.workspace.slug, source.pk)
    context = {
        "files": imports_of(request.actor)[:MOST_LISTED],
        "channels": channels_for_writing(request.actor),
        "chosen": request.POST.getlist("channel"),
        "error": error,
        "most_rows": MOST_ROWS,
        "nav_key": "posts",
    }
    return render(request, "calendar_app/import_list.html", context, status=422 if error else 200)


@export(CREATE)
def template(request: HttpRequest) -> HttpResponse:
    """Send the spreadsheet to be filled."""
    response = HttpResponse(template_for(request.actor), content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="{_("posts-template")}.xlsx"'
    response["Cache-Control"] = "private, no-store"
    return response


@members(CREATE, "GET")
def import_(request: HttpRequest, source: UUID) -> HttpResponse:
    """Show where a file stands: how far it is read, what would come in, what came of it."""
    found = get_import(request.actor, source)
    tally = tally_of(found)
    shown = _shown(request, found, tally)
    page = keyset(
        rows_of(found, shown), by=["number", "id"], cursor=request.GET.get("after"), size=ROWS_SHOWN
    )
    context = {
        "source": found,
        "tally": tally,
        "rows": page.rows,
        "next": page.next,
        "parts": _parts(request, found, tally, shown),
        "channels": channels_for_writing(request.actor) if found.state == ImportState.READY else [],
        "nav_key": "posts",
    }
    part = "#import-state" if request.htmx and request.GET.get("part") == "state" else ""
    return render(request, f"calendar_app/import_page.html{part}", context)


@members(CREATE, "POST")
def reading(request: HttpRequest, source: UUID) -> HttpResponse:
    """Read a file again, with its days in another order or other channels."""
    found = get_import(request.actor, source)
    read_again(
        source=found,
        date_order=request.POST.get("date_order", ""),
        channels=request.POST.getlist("channel"),
        by=request.actor,
    )
    return redirect("calendar_app:import", request.workspace.slug, found.pk)


@members(CREATE, "POST")
def arrival(request: HttpRequest, source: UUID) -> HttpResponse:
    """Take the good rows in; or stop doing so."""
    found = get_import(request.actor, source)
    if "stop" in request.POST:
        stop_import(source=found, by=request.actor)
    else:
        start_import(
            source=found,
            submits="submits" in request.POST,
            may_unapprove="may_unapprove" in request.POST,
            by=request.actor,
        )
    return redirect("calendar_app:import", request.workspace.slug, found.pk)


@members(CREATE, "POST")
def import_removal(request: HttpRequest, source: UUID) -> HttpResponse:
    """Forget a file; its posts stay."""
    found = get_import(request.actor, source)
    remove_import(source=found, by=request.actor)
    messages.success(request, _("The file is forgotten. The posts that came of it stay."))
    return redirect("calendar_app:imports", request.workspace.slug)


def _shown(request: HttpRequest, found: Import, tally: Any) -> str:
    asked = request.GET.get("rows", "")
    if asked in (*RowAction.values, RowState.REFUSED):
        return asked
    if found.state in (ImportState.DONE, ImportState.STOPPED) and tally.refused:
        return RowState.REFUSED
    first = [name for name in ("bad", "create", "update", "same") if getattr(tally, name)]
    return first[0] if first else ""


def _parts(request: HttpRequest, found: Import, tally: Any, shown: str) -> list[dict[str, Any]]:
    counts = {
        RowAction.BAD: tally.bad,
        RowAction.CREATE: tally.create,
        RowAction.UPDATE: tally.update,
        RowAction.SAME: tally.same,
    }
    named = [(str(action), str(RowAction(action).label), n) for action, n in counts.items() if n]
    if tally.refused:
        named.insert(0, (str(RowState.REFUSED), _("Refused"), tally.refused))
    url = reverse("calendar_app:import", args=[request.workspace.slug, found.pk])  # type: ignore[attr-defined]  # set by the middleware
    return [
        {"label": label, "count": count, "url": f"{url}?rows={name}", "current": name == shown}
        for name, label, count in named
    ]
