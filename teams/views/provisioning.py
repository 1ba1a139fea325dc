"""Log-in and provisioning: the workspace's provider, what its groups mean, and whom it is connected with."""

from typing import Any
from uuid import UUID

from django.conf import settings as django_settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from core.errors import Invalid, NotFound, WrongState
from teams import selectors
from teams.directory import directory_keys, get_directory_key
from teams.edges import tell_form
from teams.gates import members
from teams.identities import (
    SECURE,
    get_group_rule,
    get_identity,
    group_rules,
    identities,
    join_role,
    provider_of,
)
from teams.models import Provider
from teams.proofs import asks_for_provider
from teams.provider_forms import OFF, ON, ONLY, GroupRuleForm, JoinRoleForm, OidcForm, SamlForm, SwitchForm
from teams.services.directory import mint_directory_key, revoke_directory_key
from teams.services.mapping import add_group_rule, remove_group_rule, set_join_role
from teams.services.providers import (
    addresses_for_saml,
    client_of,
    configure_oidc,
    configure_saml,
    disconnect_identity,
    note_tried,
    remove_provider,
    switch_provider,
)
from teams.states import ProviderKind, RoleKey
from teams.views.sso import TRIED, depart
from teams.vouching import TEST

MOST_NAMED = 100


@members(SECURE, "GET")
def overview(request: HttpRequest) -> HttpResponse:
    """Show how people log in by the workspace's provider, and what its groups mean."""
    return _page(request)


def _page(request: HttpRequest, status: int = 200, **forms: Any) -> HttpResponse:
    workspace = request.workspace
    found = provider_of(workspace)
    connected = identities(request.actor)
    context = {
        "tab": "provisioning",
        "nav_key": "settings",
        "provider": found,
        "tried": _tried(request, found),
        "state": _state(request, found),
        "switch": SwitchForm(initial={"state": _state(request, found)}),
        "newcomers": JoinRoleForm(roles=_roles(), initial={"role": join_role(workspace)}),
        "rule_form": GroupRuleForm(roles=_roles(), teams=selectors.teams(request.actor)),
        "rules": group_rules(request.actor),
        "identities": connected[:MOST_NAMED],
        "identity_count": connected.count(),
        "keys": directory_keys(request.actor),
        "directory": f"{django_settings.BASE_URL}/scim/v2/{workspace.slug}",
        **forms,
    }
    return render(request, "teams/provisioning.html", context, status=status)


@members(SECURE, "GET", "POST")
def provider(request: HttpRequest) -> HttpResponse:
    """Set the workspace's OpenID Connect provider."""
    found = provider_of(request.workspace)
    found = found if found is not None and found.kind == ProviderKind.OIDC else None
    names = ("name", "issuer", "client_id", "groups_claim", "invites")
    start = {name: getattr(found, name) for name in names} if found else {"groups_claim": "groups"}
    form = OidcForm(request.POST or None, initial=start)
    if request.method == "POST" and form.is_valid():
        try:
            configure_oidc(workspace=request.workspace, by=request.actor, **form.cleaned_data)
        except Invalid as error:
            tell_form(form, error)
        else:
            messages.success(request, _("Saved. Try the log-in, then switch it on."))
            return redirect("teams:provisioning", request.workspace.slug)
    back = request.build_absolute_uri(reverse("site:sso_callback", args=[request.workspace.slug]))
    if found is not None:
        found.workspace = request.workspace
        back = client_of(found).redirect_uri
    context = {"form": form, "tab": "provisioning", "nav_key": "settings", "back": back, "provider": found}
    return render(request, "teams/provider.html", context, status=422 if form.errors else 200)


@members(SECURE, "GET", "POST")
def saml_provider(request: HttpRequest) -> HttpResponse:
    """Set the workspace's SAML provider."""
    found = provider_of(request.workspace)
    found = found if found is not None and found.kind == ProviderKind.SAML else None
    names = ("name", "groups_claim", "invites")
    start = {name: getattr(found, name) for name in names} if found else {}
    form = SamlForm(request.POST or None, initial=start, stands=found is not None)
    if request.method == "POST" and form.is_valid():
        try:
            configure_saml(workspace=request.workspace, by=request.actor, **form.cleaned_data)
        except Invalid as error:
            tell_form(form, error)
        else:
            messages.success(request, _("Saved. Try the log-in, then switch it on."))
            return redirect("teams:provisioning", request.workspace.slug)
    entity_id, reply_to = addresses_for_saml(request.workspace.slug)
    context = {"form": form, "tab": "provisioning", "nav_key": "settings", "provider": found}
    context |= {"entity_id": entity_id, "reply_to": reply_to}
    return render(request, "teams/saml_provider.html", context, status=422 if form.errors else 200)


@members(SECURE, "POST")
def provider_removal(request: HttpRequest) -> HttpResponse:
    """Forget the provider."""
    remove_provider(workspace=request.workspace, by=request.actor)
    messages.success(request, _("Removed. People log in as before."))
    return redirect("teams:provisioning", request.workspace.slug)


@members(SECURE, "GET")
def trial(request: HttpRequest) -> HttpResponse:
    """Log in by the provider without opening anything, to see what it says."""
    found = provider_of(request.workspace)
    if found is None:
        raise NotFound(_("This workspace has no provider yet."))
    page = reverse("teams:provisioning", args=[request.workspace.slug])
    return depart(request, found, purpose=TEST, leads_to=page)


@members(SECURE, "POST")
def switch(request: HttpRequest) -> HttpResponse:
    """Say how far the provider counts."""
    form = SwitchForm(request.POST)
    if not form.is_valid():
        return _page(request, 422, switch=form)
    wanted = form.cleaned_data["state"]
    try:
        switch_provider(
            workspace=request.workspace,
            is_on=wanted in (ON, ONLY),
            is_demanded=wanted == ONLY,
            by=request.actor,
        )
    except WrongState as error:
        form.add_error("state", error.message)
        return _page(request, 422, switch=form)
    messages.success(request, _("Saved."))
    return redirect("teams:provisioning", request.workspace.slug)


@members(SECURE, "POST")
def newcomers(request: HttpRequest) -> HttpResponse:
    """Choose the role of newcomers."""
    form = JoinRoleForm(request.POST, roles=_roles())
    if not form.is_valid():
        return _page(request, 422, newcomers=form)
    set_join_role(workspace=request.workspace, role=form.cleaned_data["role"], by=request.actor)
    messages.success(request, _("Saved."))
    return redirect("teams:provisioning", request.workspace.slug)


@members(SECURE, "POST")
def rules(request: HttpRequest) -> HttpResponse:
    """Say what a group means."""
    form = GroupRuleForm(request.POST, roles=_roles(), teams=selectors.teams(request.actor))
    if form.is_valid():
        try:
            add_group_rule(by=request.actor, **form.cleaned_data)
        except Invalid as error:
            tell_form(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("teams:provisioning", request.workspace.slug)
    return _page(request, 422, rule_form=form)


@members(SECURE, "POST")
def rule_removal(request: HttpRequest, rule: UUID) -> HttpResponse:
    """Let a group mean nothing any more."""
    remove_group_rule(rule=get_group_rule(request.actor, rule), by=request.actor)
    messages.success(request, _("Removed."))
    return redirect("teams:provisioning", request.workspace.slug)


@members(SECURE, "POST")
def identity_removal(request: HttpRequest, identity: UUID) -> HttpResponse:
    """Take a member's connection with the provider away."""
    disconnect_identity(identity=get_identity(request.actor, identity), by=request.actor)
    messages.success(request, _("Taken away. That log-in opens nothing here until it is connected again."))
    return redirect("teams:provisioning", request.workspace.slug)


@members(SECURE, "POST")
def keys(request: HttpRequest) -> HttpResponse:
    """Make a key for the directory; its secret is shown this once."""
    try:
        _key, secret = mint_directory_key(workspace=request.workspace, by=request.actor)
    except Invalid as error:
        return _page(request, 422, key_error=error.message)
    response = _page(request, secret=secret)
    response["Cache-Control"] = "no-store"
    return response


@members(SECURE, "POST")
def key_revocation(request: HttpRequest, key: UUID) -> HttpResponse:
    """Take a key of the directory back."""
    revoke_directory_key(key=get_directory_key(request.actor, key), by=request.actor)
    messages.success(request, _("Revoked. The directory is refused from now on."))
    return redirect("teams:provisioning", request.workspace.slug)


def _tried(request: HttpRequest, found: Provider | None) -> dict[str, Any] | None:
    """Return, once, what the provider said in a trial, and note that it went well."""
    kept: dict[str, Any] | None = request.session.pop(TRIED, None)
    if kept is None or found is None or kept["provider"] != str(found.pk):
        return None
    note_tried(provider=found, by=request.actor)
    return kept


def _state(request: HttpRequest, found: Provider | None) -> str:
    if found is None or not found.is_on:
        return OFF
    return ONLY if asks_for_provider(request.workspace) else ON


def _roles() -> Any:
    """Return the roles that groups and newcomers may get: all but the owner's."""
    return selectors.roles().exclude(key=RoleKey.OWNER)
