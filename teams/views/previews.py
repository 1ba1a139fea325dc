"""Looking as another role: begun from the role, ended from the banner on every page (R7.10)."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from teams import selectors
from teams.gates import members, signed_in
from teams.permissions import actor_of
from teams.services.previews import PREVIEW, begin_preview, end_preview
from teams.shell import front_of


@members("teams.role.edit", "POST")
def role_preview(request: HttpRequest, role: UUID) -> HttpResponse:
    """Begin to look as a role."""
    request.session[PREVIEW] = begin_preview(role=selectors.get_role(role), by=request.actor)
    return redirect(front_of(request.workspace.slug))


@signed_in("POST")
def preview_ending(request: HttpRequest) -> HttpResponse:
    """Be oneself again."""
    member = selectors.active_member(request.user, request.workspace)
    if member is None:
        raise Http404
    end_preview(note=request.session.pop(PREVIEW, {}), by=actor_of(member))
    messages.success(request, _("You are yourself again."))
    return redirect("teams:roles", request.workspace.slug)
