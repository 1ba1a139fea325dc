"""Pages of channels."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from core.clock import now
from core.errors import Invalid, WrongState
from networks.adapters import adapters
from networks.forms import ConnectForm, CredentialsForm, GrantForm, LoginEndForm, NameForm
from networks.health import health_of, login_end_of, quota_of_channel
from networks.limits import limits_in_words
from networks.models import Channel
from networks.oauth.servers import logins
from networks.permissions import CONNECT, GRANT, SEE
from networks.protocol import Adapter
from networks.registry import channel_panels, paused_channels
from networks.selectors import channels_visible_to, get_channel, grants_of
from networks.services import channels as services
from networks.services.grants import restrict_channel, set_grant
from networks.services.troubles import set_login_end
from teams.edges import tell_form
from teams.gates import members
from teams.permissions import can
from teams.selectors import members as members_of
from teams.selectors import teams as teams_of


@members(SEE, "GET")
def channels(request: HttpRequest) -> HttpResponse:
    """List the channels with their health."""
    at = now()
    paused = {ident for ask in paused_channels.values() for ident in ask(request)}
    rows = [
        {
            "channel": channel,
            "health": health_of(channel, at),
            "quota": quota_of_channel(channel, at),
            "is_paused": channel.pk in paused,
        }
        for channel in channels_visible_to(request.actor)
    ]
    context = {"rows": rows, "may_connect": can(request.actor, CONNECT), **_shell()}
    return render(request, "networks/channel_list.html", context)


@members(CONNECT, "GET")
def networks(request: HttpRequest) -> HttpResponse:
    """Offer the networks of which an account can be connected."""
    found = [one for one in adapters.values() if one.credential_fields or one.kind in logins]
    return render(request, "networks/network_list.html", {"networks": found, **_shell()})


@members(CONNECT, "GET", "POST")
def new_channel(request: HttpRequest, kind: str) -> HttpResponse:
    """Connect an account of one network."""
    if kind in logins:
        return redirect("networks:app", request.workspace.slug, kind)
    adapter = _connectable(kind)
    form = ConnectForm(adapter, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            channel = services.connect_channel(
                workspace=request.workspace,
                kind=kind,
                name=form.cleaned_data["name"],
                credentials=form.credentials(),
                by=request.actor,
            )
        except (Invalid, WrongState) as error:
            _tell(form, error)
        else:
            messages.success(request, _("%(name)s is connected.") % {"name": channel.name})
            return redirect("networks:channel", request.workspace.slug, channel.pk)
    return _form_page(request, "networks/channel_form.html", form, adapter=adapter)


@members(CONNECT, "GET", "POST")
def login(request: HttpRequest, channel: UUID) -> HttpResponse:
    """Give a channel new credentials of the same account."""
    found = get_channel(request.actor, channel, CONNECT)
    if found.kind in logins and not found.is_sample:
        way = reverse("networks:journey", args=[request.workspace.slug, found.kind])
        return redirect(f"{way}?channel={found.pk}")
    adapter = _connectable(found.kind)
    form = CredentialsForm(adapter, request.POST or None, initial=_known(found))
    if request.method == "POST" and form.is_valid():
        try:
            services.log_in_again(channel=found, credentials=form.credentials(), by=request.actor)
        except (Invalid, WrongState) as error:
            _tell(form, error)
        else:
            messages.success(request, _("%(name)s is connected again.") % {"name": found.name})
            return redirect("networks:channel", request.workspace.slug, found.pk)
    return _form_page(request, "networks/channel_form.html", form, adapter=adapter, channel=found)


@members(SEE, "GET")
def channel(request: HttpRequest, channel: UUID) -> HttpResponse:
    """Show a channel: health, limits, who may use it."""
    found = get_channel(request.actor, channel)
    panels = [panel(request, found) for panel in channel_panels.values()]
    return render(
        request, "networks/channel_page.html", _channel_context(request, found) | {"panels": panels}
    )


@members(CONNECT, "POST")
def name(request: HttpRequest, channel: UUID) -> HttpResponse:
    """Rename a channel."""
    found = get_channel(request.actor, channel, CONNECT)
    form = NameForm(request.POST)
    if not form.is_valid():
        context = {**_channel_context(request, found), "name_form": form}
        return render(request, "networks/channel_page.html", context, status=422)
    services.rename_channel(channel=found, name=form.cleaned_data["name"], by=request.actor)
    messages.success(request, _("Saved."))
    return redirect("networks:channel", request.workspace.slug, found.pk)


@members(CONNECT, "POST")
def login_end(request: HttpRequest, channel: UUID) -> HttpResponse:
    """Say until which day a channel's log-in works."""
    found = get_channel(request.actor, channel, CONNECT)
    form = LoginEndForm(request.POST)
    if form.is_valid():
        try:
            set_login_end(channel=found, ends_on=form.cleaned_data["login_ends_on"], by=request.actor)
        except Invalid as error:
            tell_form(form, error)
    if not form.is_valid():
        context = {**_channel_context(request, found), "end_form": form}
        return render(request, "networks/channel_page.html", context, status=422)
    messages.success(request, _("Saved."))
    return redirect("networks:channel", request.workspace.slug, found.pk)


@members(CONNECT, "POST")
def disconnection(request: HttpRequest, channel: UUID) -> HttpResponse:
    """Disconnect a channel."""
    found = services.disconnect_channel(
        channel=get_channel(request.actor, channel, CONNECT), by=request.actor
    )
    text = _("%(name)s is disconnected; its credentials are deleted.")
    messages.success(request, text % {"name": found.name})
    return redirect("networks:channels", request.workspace.slug)


@members(GRANT, "POST")
def restriction(request: HttpRequest, channel: UUID) -> HttpResponse:
    """Restrict a channel, or open it to everybody whose role fits."""
    found = get_channel(request.actor, channel, GRANT)
    restrict_channel(channel=found, is_restricted=request.POST.get("restricted") == "yes", by=request.actor)
    messages.success(
        request, _("Restricted.") if found.is_restricted else _("Open to everybody whose role fits.")
    )
    return redirect("networks:channel", request.workspace.slug, found.pk)


@members(GRANT, "POST")
def grants(request: HttpRequest, channel: UUID) -> HttpResponse:
    """Let a member or team use a restricted channel, or no longer."""
    found = get_channel(request.actor, channel, GRANT)
    form = _grant_form(request, request.POST)
    if not form.is_valid():
        context = {**_channel_context(request, found), "grant_form": form}
        return render(request, "networks/channel_page.html", context, status=422)
    set_grant(channel=found, holder=form.chosen_holder(), level=form.chosen_level(), by=request.actor)
    messages.success(request, _("Saved."))
    return redirect("networks:channel", request.workspace.slug, found.pk)


def _channel_context(request: HttpRequest, found: Channel) -> dict[str, Any]:
    may_grant = can(request.actor, GRANT, found)
    return {
        "channel": found,
        "health": health_of(found),
        "quota": quota_of_channel(found, now()),
        "end_form": LoginEndForm(initial={"login_ends_on": login_end_of(found)}),
        "limits": limits_in_words(found.limits),
        "may_connect": can(request.actor, CONNECT, found),
        "may_log_in": not found.is_sample and _may_log_in(found.kind),
        "may_try": found.kind in logins and found.can_publish and can(request.actor, CONNECT, found),
        "may_grant": may_grant,
        "grants": grants_of(found) if may_grant and found.is_restricted else [],
        "grant_form": _grant_form(request) if may_grant and found.is_restricted else None,
        "name_form": NameForm(initial={"name": found.name}),
        **_shell(),
    }


def _grant_form(request: HttpRequest, data: Any = None) -> GrantForm:
    return GrantForm(members_of(request.actor), teams_of(request.actor), data)


def _form_page(request: HttpRequest, template: str, form: CredentialsForm, **context: Any) -> HttpResponse:
    response = render(
        request, template, {"form": form, **context, **_shell()}, status=422 if form.errors else 200
    )
    response["Cache-Control"] = "no-store"
    return response


def _tell(form: CredentialsForm, error: Invalid | WrongState) -> None:
    if isinstance(error, WrongState):
        error = Invalid(error.message)
    error.fields = {name.removeprefix("credentials."): texts for name, texts in error.fields.items()}
    tell_form(form, error)


def _may_log_in(kind: str) -> bool:
    adapter = adapters.find(kind)
    return kind in logins or (adapter is not None and bool(adapter.credential_fields))


def _connectable(kind: str) -> Adapter:
    adapter = adapters.find(kind)
    if adapter is None or not adapter.credential_fields:
        raise Http404
    return adapter


def _known(channel: Channel) -> dict[str, str]:
    return {
        name: str(value)
        for name, value in channel.facts.items()
        if name in ("service", "server", "identifier", "chat", "channel_id")
    }


def _shell() -> dict[str, Any]:
    return {"nav_key": "channels", "primary_taken": True}
