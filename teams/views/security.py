"""How people log in to the workspace, and the page that leads to a second step."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from core.clock import now
from core.errors import Invalid, NotFound
from teams.edges import tell_form
from teams.forms import SecurityForm
from teams.gates import members, signed_in
from teams.proofs import SECOND_STEPS, asks_for_second_step
from teams.selectors import visits, without_second_step, workspaces_of
from teams.services.security import secure_workspace
from teams.shell import front_of

MOST_NAMED = 50


@members("teams.workspace.secure", "GET", "POST")
def security(request: HttpRequest) -> HttpResponse:
    """Decide what the workspace asks of everybody who logs in."""
    workspace = request.workspace
    form = SecurityForm(request.POST or None, initial={"second_step": asks_for_second_step(workspace)})
    if request.method == "POST" and form.is_valid():
        try:
            secure_workspace(workspace=workspace, by=request.actor, **form.cleaned_data)
        except Invalid as error:
            tell_form(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("teams:security", workspace.slug)
    lacking = without_second_step(request.actor)
    context = {
        "form": form,
        "tab": "security",
        "visits": visits(request.actor)[:MOST_NAMED],
        "at": now(),
        "lacking": lacking[:MOST_NAMED],
        "lacking_count": lacking.count(),
    }
    return render(request, "teams/security.html", context, status=422 if form.errors else 200)


@signed_in("GET")
def second_step(request: HttpRequest) -> HttpResponse:
    """Lead somebody whom a workspace asks for a second step to setting it up, or to showing it."""
    slug = request.GET.get("workspace", "")
    workspace = next((each for each in workspaces_of(request.user.pk) if each.slug == slug), None)
    if workspace is None:
        raise NotFound(_("There is no such workspace."))
    kinds = set(request.user.authenticator_set.values_list("type", flat=True)) & set(SECOND_STEPS)
    context = {"asking": workspace, "kinds": kinds, "next": front_of(slug)}
    return render(request, "teams/second_step.html", context)
