"""Saved views: their page, and keeping, changing, choosing and removing them."""

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from calendar_app.forms import ViewForm
from calendar_app.models import SavedView
from calendar_app.permissions import MAKE_FEED, SAVE_VIEW, SEE, SHARE_VIEW
from calendar_app.saved import address_of, filters_in, get_view, views_visible_to
from calendar_app.services.views import begin_with, edit_view, remove_view, save_view
from calendar_app.views.ways import back_to
from core.clock import now
from core.paging import keyset
from teams.gates import members, members_by
from teams.permissions import can


@members_by({"GET": SEE, "POST": SAVE_VIEW})
def views(request: HttpRequest) -> HttpResponse:
    """Show one's own views and the shared ones; POST keeps what an address says under a name."""
    if request.method == "POST":
        return _save(request)
    page = keyset(views_visible_to(request.actor), by=["id"], cursor=request.GET.get("after"), size=100)
    context = {
        "rows": [_row(request, view) for view in page.rows],
        "next": page.next,
        "can_share": can(request.actor, SHARE_VIEW),
        "can_feed": can(request.actor, MAKE_FEED),
        "nav_key": "calendar",
    }
    return render(request, "calendar_app/view_list.html", context)


@members_by({"GET": SEE, "POST": SAVE_VIEW})
def view(request: HttpRequest, view: UUID) -> HttpResponse:
    """Lead to where a view is looked at; POST changes it."""
    found = get_view(request.actor, view)
    if request.method != "POST":
        return redirect(_address(request, found))
    changes: dict[str, Any] = {}
    if "name" in request.POST:
        changes = {"name": request.POST["name"], "is_shared": "is_shared" in request.POST}
    if "query" in request.POST:
        changes |= {"filters": filters_in(QueryDict(request.POST["query"]))}
        changes |= {"page": request.POST.get("page", found.page)}
    found = edit_view(view=found, by=request.actor, **changes)
    messages.success(request, _("“%(name)s” was changed.") % {"name": found.name})
    return redirect(_address(request, found) if "query" in request.POST else _list(request))


@members(SAVE_VIEW, "POST")
def beginning(request: HttpRequest, view: UUID) -> HttpResponse:
    """Let the calendar begin with a view, or no longer."""
    found, chosen = get_view(request.actor, view), "chosen" in request.POST
    begin_with(view=found, chosen=chosen, by=request.actor)
    words = (
        _("Your calendar begins with “%(name)s”.") if chosen else _("Your calendar begins with everything.")
    )
    messages.success(request, words % {"name": found.name})
    return redirect(_list(request))


@members(SAVE_VIEW, "POST")
def removal(request: HttpRequest, view: UUID) -> HttpResponse:
    """Take a view away."""
    found = get_view(request.actor, view)
    remove_view(view=found, by=request.actor)
    messages.success(request, _("“%(name)s” was removed. Posts are as they were.") % {"name": found.name})
    return redirect(_list(request))


def _save(request: HttpRequest) -> HttpResponse:
    form = ViewForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("The view was not kept: give it a name of 1 to 80 characters."))
        return redirect(back_to(request))
    made = save_view(
        workspace=request.workspace,
        name=form.cleaned_data["name"],
        page=form.cleaned_data["page"],
        filters=filters_in(QueryDict(form.cleaned_data["query"])),
        is_shared=form.cleaned_data["is_shared"],
        by=request.actor,
    )
    messages.success(request, _("Kept as “%(name)s”.") % {"name": made.name})
    return redirect(_address(request, made))


def _row(request: HttpRequest, view: SavedView) -> dict[str, Any]:
    own = view.owner_id == request.actor.member_id
    return {
        "view": view,
        "own": own,
        "is_default": view.is_default,  # type: ignore[attr-defined]  # annotated by the selector
        "narrowed": sum(len(values) for values in view.filters.values()),
        "can_edit": can(request.actor, SAVE_VIEW if own else SHARE_VIEW),
    }


def _address(request: HttpRequest, view: SavedView) -> str:
    today = now().astimezone(ZoneInfo(request.workspace.timezone)).date().isoformat()
    return address_of(request.workspace.slug, view.pk, view.page, view.filters, today)


def _list(request: HttpRequest) -> str:
    return reverse("calendar_app:views", args=[request.workspace.slug])
