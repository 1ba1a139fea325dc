"""Pages for connecting an account by logging in at its network: the app, the way there and back, the trial."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from core.errors import CollabError, Invalid, NotFound, WrongState
from core.http import outbound
from networks.adapters import adapters
from networks.forms import AppForm
from networks.models import Channel
from networks.oauth.exchange import address_to_ask
from networks.oauth.servers import OAuthLogin, logins
from networks.permissions import CONNECT
from networks.selectors import app_at, get_channel
from networks.services.apps import app_of, store_app
from networks.services.logins import connect_by_login, try_login
from teams.edges import tell_form
from teams.gates import members
from teams.vouching import begin_attempt, take_attempt

TRIALS = "channel_trials"
MOST_TRIALS = 20


@members(CONNECT, "GET", "POST")
def app(request: HttpRequest, kind: str) -> HttpResponse:
    """Say what to make at the network, keep the app that was made there, and lead to the log-in."""
    _login(kind)
    form = _form(kind, request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            store_app(
                workspace=request.workspace,
                kind=kind,
                client_id=data["client_id"],
                secret=data["secret"],
                by=request.actor,
            )
        except Invalid as error:
            tell_form(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("networks:app", request.workspace.slug, kind)
    return _page(request, kind, form)


@members(CONNECT, "GET")
def journey(request: HttpRequest, kind: str) -> HttpResponse:
    """Send the browser to the network, for a new channel or for one that logs in again."""
    login, found = _login(kind), app_of(kind)
    channel = _channel(request, request.GET.get("channel", ""), kind)
    if found is None:
        return redirect("networks:app", request.workspace.slug, kind)
    purpose = str(channel.pk) if channel else ""
    attempt = begin_attempt(request.session, _whose(request, kind), purpose=purpose, leads_to="")
    outbound().check(login.server.token_url)
    address = address_to_ask(
        login.server, found, state=attempt.state, challenge=attempt.challenge, back=_back(request, kind)
    )
    response = redirect(address)
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    return response


@members(CONNECT, "GET")
def journey_end(request: HttpRequest, kind: str) -> HttpResponse:
    """Take the network's answer out of the address, connect whom it means, and try the log-in."""
    _login(kind)
    try:
        attempt = take_attempt(request.session, _whose(request, kind), request.GET.get("state", ""))
        channel = connect_by_login(
            workspace=request.workspace,
            kind=kind,
            channel=_channel(request, attempt.purpose, kind),
            answer=request.GET.dict(),
            verifier=attempt.verifier,
            back=_back(request, kind),
            by=request.actor,
        )
    except CollabError as error:
        return _page(request, kind, _form(kind), trouble=error.message)
    messages.success(request, _("%(name)s is connected.") % {"name": channel.name})
    _try(request, channel)
    return redirect("networks:trial", request.workspace.slug, channel.pk)


@members(CONNECT, "GET", "POST")
def trial(request: HttpRequest, channel: UUID) -> HttpResponse:
    """Try a channel's log-in without publishing anything, and show what was found."""
    found = get_channel(request.actor, channel, CONNECT)
    may_try = found.kind in logins and found.can_publish
    if request.method == "POST":
        if not may_try:
            raise WrongState(_("There is no account to log in to."))
        _try(request, found)
        return redirect("networks:trial", request.workspace.slug, found.pk)
    rows = request.session.get(TRIALS, {}).get(str(found.pk), [])
    context = {"channel": found, "rows": rows, "may_try": may_try, **_shell()}
    return render(request, "networks/channel_trial.html", context)


def _try(request: HttpRequest, channel: Channel) -> None:
    """Keep in the session what a trial found, of the latest few channels."""
    found = try_login(channel=channel, by=request.actor)
    rows = [{"word": str(one.word), "is_well": one.is_well, "note": str(one.note)} for one in found]
    kept = dict(list(request.session.get(TRIALS, {}).items())[1 - MOST_TRIALS :])
    request.session[TRIALS] = {**kept, str(channel.pk): rows}


def _page(request: HttpRequest, kind: str, form: AppForm, *, trouble: str = "") -> HttpResponse:
    login, found = _login(kind), app_at(kind)
    context = {
        "adapter": adapters.get(kind),
        "form": form,
        "app": found,
        "trouble": trouble,
        "steps": login.app_steps,
        "scopes": login.server.scopes.items(),
        "back": _back(request, kind),
        **_shell(),
    }
    status = 422 if form.errors or trouble else 200
    response = render(request, "networks/app_page.html", context, status=status)
    response["Cache-Control"] = "no-store"
    return response


def _form(kind: str, data: Any = None) -> AppForm:
    return AppForm(app_at(kind), _login(kind).server, data)


def _login(kind: str) -> OAuthLogin:
    found = logins.find(kind)
    if found is None:
        raise Http404
    return found


def _channel(request: HttpRequest, ident: str, kind: str) -> Channel | None:
    """Return the channel that logs in again, None for a new one. Raises: NotFound, NotAllowed."""
    if not ident:
        return None
    try:
        found = get_channel(request.actor, UUID(ident), CONNECT)
    except ValueError:
        raise NotFound(_("There is no such channel.")) from None
    if found.kind != kind:
        raise NotFound(_("There is no such channel."))
    return found


def _whose(request: HttpRequest, kind: str) -> str:
    """Return what an attempt is bound to besides the session: workspace, member and network."""
    return f"{request.workspace.pk}:{request.actor.member_id}:{kind}"


def _back(request: HttpRequest, kind: str) -> str:
    """Return the one address to which the network may lead back."""
    return f"{settings.BASE_URL}{reverse('networks:journey_end', args=[request.workspace.slug, kind])}"


def _shell() -> dict[str, Any]:
    return {"nav_key": "channels", "primary_taken": True}
