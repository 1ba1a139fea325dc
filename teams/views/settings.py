"""Settings of the workspace, and the API tokens of who asks."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from core.errors import Invalid
from teams import selectors
from teams.edges import tell_form
from teams.forms import TokenForm, WorkspaceForm
from teams.gates import members
from teams.models import Workspace
from teams.services.keys import create_token, revoke_key, tokens_of
from teams.services.presence import hours_of
from teams.services.workspaces import configure_workspace

RULES = ("approval", "lock_approved", "time_out_hours")


@members("teams.workspace.configure", "GET", "POST")
def settings(request: HttpRequest) -> HttpResponse:
    """Change name, zone, language and rules of the workspace."""
    workspace = request.workspace
    form = WorkspaceForm(request.POST or None, initial=_start(workspace))
    if request.method == "POST" and form.is_valid():
        facts = dict(form.cleaned_data)
        facts["settings"] = {name: facts.pop(name) for name in RULES}
        try:
            configure_workspace(workspace=workspace, changes=facts, by=request.actor)
        except Invalid as error:
            tell_form(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("teams:settings", workspace.slug)
    context = {"form": form, "tab": "settings"}
    return render(request, "teams/settings.html", context, status=422 if form.errors else 200)


def _start(workspace: Workspace) -> dict[str, object]:
    return {
        "name": workspace.name,
        "timezone": workspace.timezone,
        "language": workspace.language,
        "approval": workspace.settings.get("approval", "on"),
        "lock_approved": workspace.settings.get("lock_approved", False),
        "time_out_hours": hours_of(workspace),
    }


@members("teams.token.create", "GET", "POST")
def tokens(request: HttpRequest) -> HttpResponse:
    """List my API tokens and make one; its secret is shown this once."""
    member, secret = request.actor.member, ""
    form = TokenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            _key, secret = create_token(member=member, by=request.actor, **form.cleaned_data)
        except Invalid as error:
            tell_form(form, error)
        else:
            form = TokenForm()
    context = {
        "form": form,
        "secret": secret,
        "tokens": tokens_of(member),
        "tab": "tokens",
        "nav_key": "settings",
    }
    response = render(request, "teams/tokens.html", context, status=422 if form.errors else 200)
    response["Cache-Control"] = "no-store"
    return response


@members("teams.member.see", "POST")
def token_revocation(request: HttpRequest, key: UUID) -> HttpResponse:
    """Take an API token back."""
    revoke_key(key=selectors.get_token(request.actor, key), by=request.actor)
    messages.success(request, _("Revoked. What used this token is refused from now on."))
    if "teams.token.create" not in request.actor.verbs:
        return redirect("teams:members", request.workspace.slug)
    return redirect("teams:tokens", request.workspace.slug)
