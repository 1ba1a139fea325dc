"""Pages of notices: the list, reading them, and what is mailed."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from core.errors import Invalid
from core.paging import keyset
from notifications.forms import MailRulesForm
from notifications.permissions import SEE
from notifications.selectors import get_notice, notices_of, path_of, worded
from notifications.services.notices import mark_all_read, mark_read
from notifications.services.rules import rules_of, set_mail_rules, zone_of
from teams.edges import tell_form
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


@members(SEE, "GET", "POST")
def mail_rules(request: HttpRequest) -> HttpResponse:
    """Say what one wants mailed, collected for how long, and when not at all."""
    form = MailRulesForm(request.POST or None, rules=rules_of(request.actor.member))
    if request.method == "POST" and form.is_valid():
        try:
            set_mail_rules(by=request.actor, **form.rules)
        except Invalid as error:
            tell_form(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("notifications:mail_rules", request.workspace.slug)
    context = {"form": form, "zone": zone_of(request.actor.member), "primary_taken": True}
    template = "notifications/mail_rules.html"
    return render(request, template, context, status=422 if form.errors else 200)


@members(SEE, "POST")
def reading(request: HttpRequest) -> HttpResponse:
    """Mark all notices as read."""
    mark_all_read(by=request.actor)
    return redirect("notifications:list", request.workspace.slug)
