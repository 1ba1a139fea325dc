"""Updates: written before a meeting or in it, on the phone too; help offered."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from checkins.forms import UpdateForm
from checkins.permissions import SEE, SHARE
from checkins.screens import happened_words, prefilled
from checkins.selectors.meetings import get_meeting, get_update, own_place
from checkins.services.updates import offer_help, withdraw_help, write_update
from core.clock import now
from core.errors import Invalid, NotFound, WrongState
from notifications.services.notices import mark_subject_read
from teams.edges import tell_form
from teams.gates import members


@members(SHARE, "GET", "POST")
def update(request: HttpRequest, meeting: UUID) -> HttpResponse:
    """Show the form of one's own update, or of a member's whom one covers (`?for=`), and take what is written."""
    found = get_meeting(request.actor, meeting)
    for_member = _member(request.GET.get("for"))
    place = own_place(request.actor, found, for_member=for_member, now=now())
    wins, wanted = prefilled(place)
    form = UpdateForm.of(place, request.POST if request.method == "POST" else None, wins=wins, wanted=wanted)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            write_update(
                update=place,
                wins=said["wins"],
                help_wanted=said["help"],
                goals=said["goals"],
                by=request.actor,
            )
        except (Invalid, WrongState) as error:
            tell_form(form, error if isinstance(error, Invalid) else Invalid(error.message))
        else:
            messages.success(request, _("Shared with everybody who attends."))
            return redirect("checkins:meeting", request.workspace.slug, meeting)
    mark_subject_read(subject=found.ref, by=request.actor)
    context = {
        "form": form,
        "place": place,
        "meeting": found,
        "series": found.series,
        "is_own": place.member_id == request.actor.member_id,
        "happened": happened_words(place),
        "nav_key": "checkins",
        "primary_taken": True,
    }
    return render(request, "checkins/update_form.html", context, status=422 if form.errors else 200)


@members(SEE, "POST")
def help_offer(request: HttpRequest, meeting: UUID, update: UUID) -> HttpResponse:
    """Offer help with what somebody wants, or take the offer back."""
    found = get_meeting(request.actor, meeting)
    place = get_update(found, update)
    if request.POST.get("back") == "yes":
        withdraw_help(update=place, by=request.actor)
    else:
        offer_help(update=place, by=request.actor)
        messages.success(request, _("%(name)s is told that you help.") % {"name": place.who})
    return redirect("checkins:meeting", request.workspace.slug, meeting)


def _member(text: str | None) -> UUID | None:
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError:
        raise NotFound(_("There is no such member.")) from None
