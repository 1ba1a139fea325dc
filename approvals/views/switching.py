"""The page that asks about each post that was cleared by policy, once approval is switched on."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from approvals.permissions import KEEP, SUBMIT
from approvals.selectors import uncleared
from approvals.services.switching import settle_uncleared
from core.refs import Ref
from teams.gates import members
from teams.permissions import can


@members(SUBMIT, "GET", "POST")
def uncleared_list(request: HttpRequest) -> HttpResponse:
    """List what lost its clearance, and submit or keep all or some of it."""
    rows = uncleared(request.actor)
    if request.method == "POST":
        asked = set(request.POST.getlist("subject"))
        every = request.POST.get("which") == "all"
        chosen = [row.subject for row in rows if every or str(row.subject) in asked]
        action = "keep" if request.POST.get("action") == "keep" else "submit"
        _settle(request, chosen, action)
        return redirect("approvals:uncleared", request.workspace.slug)
    context = {
        "rows": rows,
        "may_keep": can(request.actor, KEEP),
        "nav_key": "approvals",
        "primary_taken": True,
    }
    return render(request, "approvals/uncleared_list.html", context)


def _settle(request: HttpRequest, chosen: list[Ref], action: str) -> None:
    if not chosen:
        messages.info(request, _("Nothing was chosen."))
        return
    done = settle_uncleared(
        subjects=chosen, action=action, note=request.POST.get("note", "")[:4000], by=request.actor
    )
    refused = [error.message for _subject, error in done if error is not None]
    count = len(done) - len(refused)
    if count:
        words = {
            "keep": ngettext("%(n)d kept.", "%(n)d kept.", count),
            "submit": ngettext("%(n)d submitted.", "%(n)d submitted.", count),
        }
        messages.success(request, words[action] % {"n": count})
    for message in dict.fromkeys(refused):
        messages.error(request, message)
