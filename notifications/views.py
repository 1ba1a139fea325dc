"""Pages of notices: the list, and reading them."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from core.paging import keyset
from notifications.permissions import SEE
from notifications.selectors import get_notice, notices_of, path_of, worded
from notifications.services.notices import mark_all_read, mark_read
from teams.gates import members

PAGE_SIZE = 30


@members(SEE, "GET")
def notice_list(request: HttpRequest) -> HttpResponse:
    """List the reader's notices, latest first."""
    page = keyset(notices_of(request.actor), by=["-pk"], cursor=request.GET.get("after"), size=PAGE_SIZE)
    rows = worded(page.rows, request.workspace.slug)
    has_unread = any(row.notice.read_at is None for row in rows)
    context = {"rows": rows, "next": page.next, "has_unread": has_unread}
    template = "notifications/notice_list.html"
    return render(request, f"{template}#notice-list" if request.htmx else template, context)


@members(SEE, "GET")
def notice(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Mark a notice as read and go to what it is about."""
    found = get_notice(request.actor, pk)
    mark_read(notice=found, by=request.actor)
    slug = request.workspace.slug
    target = path_of(slug, found)
    return redirect(target) if target else redirect("notifications:list", slug)


@members(SEE, "POST")
def reading(request: HttpRequest) -> HttpResponse:
    """Mark all notices as read."""
    mark_all_read(by=request.actor)
    return redirect("notifications:list", request.workspace.slug)
