"""Visits of operators: begun outside any workspace, ended from either side."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from core.clock import now
from core.errors import Invalid, WrongState
from teams import selectors
from teams.edges import tell_form
from teams.forms import VisitForm
from teams.gates import members, signed_in
from teams.proofs import has_proven_factor, is_fresh
from teams.services.staff import end_staff_session, open_staff_session, staff_actor
from teams.shell import front_of


@signed_in("GET", "POST")
def operator(request: HttpRequest) -> HttpResponse:
    """Begin a visit; operators need a second step, shown within a quarter of an hour."""
    if not request.user.is_staff:
        raise Http404
    form = VisitForm(request.POST or None)
    is_proven = has_proven_factor(request.session) and is_fresh(request.session, now(), by_factor=True)
    if request.method == "POST" and is_proven and form.is_valid():
        facts = form.cleaned_data
        try:
            open_staff_session(
                user=request.user,
                slug=facts["workspace"],
                reason=facts["reason"],
                minutes=int(facts["minutes"]),
            )
        except Invalid as error:
            tell_form(form, error)
        except WrongState as error:
            form.add_error(None, error.message)
        else:
            return redirect(front_of(facts["workspace"]))
    context = {"form": form, "is_proven": is_proven}
    refused = form.errors or (request.method == "POST" and not is_proven)
    return render(request, "teams/operator.html", context, status=422 if refused else 200)


@signed_in("POST")
def leaving(request: HttpRequest) -> HttpResponse:
    """End the visit from the banner of the workspace that the operator looks at."""
    visit = selectors.own_visit(request.user, request.workspace)
    if visit is None:
        raise Http404
    end_staff_session(visit=visit, by=staff_actor(visit.member))
    messages.success(request, _("The visit is ended."))
    return redirect("site:operator")


@members("teams.workspace.secure", "POST")
def visit_ending(request: HttpRequest, visit: UUID) -> HttpResponse:
    """Send an operator away."""
    end_staff_session(visit=selectors.get_visit(request.actor, visit), by=request.actor)
    messages.success(request, _("The visit is ended."))
    return redirect("teams:security", request.workspace.slug)
