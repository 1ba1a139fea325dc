"""Ticking parts of what is judged off, each reviewer for himself."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from approvals.permissions import SEE
from approvals.reviewed import parts_for
from approvals.selectors import get_request
from approvals.services.sightings import mark_part
from core.errors import Invalid
from teams.gates import members


@members(SEE, "POST")
def part_mark(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Tick a part off, or take the mark away, and show the parts again."""
    found = get_request(request.actor, pk)
    mark_part(
        request=found,
        part=request.POST.get("part", ""),
        revision_id=_revision(request.POST.get("revision", "")),
        is_reviewed=request.POST.get("reviewed") != "no",
        by=request.actor,
    )
    if request.htmx:
        context = {"item": found, "parts": parts_for(request.actor, found), "mark_url": request.path}
        return render(request, "approvals/request_parts.html", context)
    return redirect(reverse("approvals:request", args=[request.workspace.slug, found.pk]) + "#request-parts")


def _revision(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Invalid(_("Load the page again: it does not say which revision you looked at.")) from None
