"""What a guest has ticked off of a post, what he takes back, and which mails he wants."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from approvals.reviewed import parts_for
from core.errors import Invalid
from guests.gates import Visit, inside
from guests.selectors import post_shown
from guests.services.answers import mark_by_link, undo_by_link
from guests.services.links import tell_news


@inside("POST")
def parts(request: HttpRequest, visit: Visit, post: UUID) -> HttpResponseBase:
    """Tick a part off, or take the mark away, and show the parts again."""
    mark_by_link(
        link=visit.link,
        post_id=post,
        part=request.POST.get("part", "")[:64],
        revision_id=_revision(request.POST.get("revision", "")),
        is_reviewed=request.POST.get("reviewed") != "no",
        by=request.actor,
    )
    if request.htmx:
        found = post_shown(request.actor, visit.link, post).request
        context = {"item": found, "parts": parts_for(request.actor, found), "mark_url": request.path}
        return render(request, "approvals/request_parts.html", context)
    return redirect(reverse("guests:post", args=[visit.link.pk, post]) + "#request-parts")


@inside("POST")
def undo(request: HttpRequest, visit: Visit, decision: UUID) -> HttpResponseBase:
    """Take back the guest's own decision of a moment ago."""
    shown = undo_by_link(link=visit.link, decision_id=decision, by=request.actor)
    messages.info(request, _("Undone. It waits for you again."))
    url = reverse("guests:post", args=[visit.link.pk, shown.post.pk])
    if request.htmx:
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    return redirect(url)


@inside("POST")
def mails(request: HttpRequest, visit: Visit) -> HttpResponseBase:
    """Switch the mails about answers and changes on or off."""
    wants = request.POST.get("news") == "yes"
    tell_news(link=visit.link, wants=wants)
    words = (
        _("You get a mail when there is something new.") if wants else _("You get no more mails about news.")
    )
    messages.success(request, words)
    return redirect("guests:front", visit.link.pk)


def _revision(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Invalid(_("Load the page again: it does not say which revision you looked at.")) from None
