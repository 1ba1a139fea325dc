"""Calendars of absences: follow one, see how it goes, follow it no more."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.errors import Invalid
from teams import selectors
from teams.edges import tell_form
from teams.forms import FeedForm
from teams.gates import members
from teams.permissions import can
from teams.services.feeds import add_feed, remove_feed

PROBLEMS: dict[str, "str | Promise"] = {
    "refused": gettext_lazy("The address cannot be followed from here."),
    "unreachable": gettext_lazy("The server did not answer. It is asked again by and by."),
    "unreadable": gettext_lazy("What came is no calendar."),
    "too_large": gettext_lazy("The calendar is too large, or repeats too often."),
    "http_401": gettext_lazy("The server wants a log-in. Use the calendar's secret address."),
    "http_403": gettext_lazy("The server refuses the address. Use the calendar's secret address."),
    "http_404": gettext_lazy("There is no calendar at this address any more."),
    "http_410": gettext_lazy("There is no calendar at this address any more."),
}
OTHER_PROBLEM = gettext_lazy("The server answered with an error. It is asked again by and by.")


@members("teams.absence.record", "GET", "POST")
def feeds(request: HttpRequest) -> HttpResponse:
    """Show the calendars that are followed, each with its problem in words, and follow another one."""
    actor = request.actor
    may_others = can(actor, "teams.absence.record_others")
    form = FeedForm(request.POST if request.method == "POST" else None, may_others=may_others)
    if request.method == "POST" and form.is_valid():
        facts = form.cleaned_data
        try:
            member = None if facts["whose"] == "all" else actor.member
            add_feed(url=facts["url"], member=member, words=facts["words"], by=actor)
        except Invalid as error:
            tell_form(form, error)
        else:
            messages.success(request, _("Following the calendar. Its absences appear within a minute."))
            return redirect("teams:absence_feeds", request.workspace.slug)
    rows = [
        (feed, PROBLEMS.get(feed.last_error, OTHER_PROBLEM) if feed.last_error else "")
        for feed in selectors.absence_feeds(actor)[:100]
    ]
    context = {"rows": rows, "form": form, "nav_key": "team", "tab": "absences"}
    return render(request, "teams/absence_feeds.html", context, status=422 if form.errors else 200)


@members("teams.absence.record", "POST")
def feed_removal(request: HttpRequest, feed: UUID) -> HttpResponse:
    """Follow a calendar no more."""
    remove_feed(feed=selectors.get_absence_feed(request.actor, feed), by=request.actor)
    messages.success(request, _("The calendar is followed no more."))
    return redirect("teams:absence_feeds", request.workspace.slug)
