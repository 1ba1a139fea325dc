"""Logging in by a workspace's own provider: the door, the way there and back, and connecting a member with it."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.core import ratelimit
from django.contrib import messages
from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from core.clock import now
from core.errors import Invalid, NotAllowed, NotFound, TooMany
from teams import oidc
from teams.gates import public
from teams.identities import (
    identity_of,
    member_of_user,
    open_provider,
    own_identity,
    provider_of,
    workspace_with_provider,
)
from teams.middleware import LAST_WORKSPACE
from teams.models import Identity, Membership, Provider
from teams.permissions import actor_of
from teams.proofs import SECOND_STEPS, Vouch, note_vouch, persons_of, require_fresh
from teams.provider_forms import WhichWorkspaceForm
from teams.services.accounts import note_device
from teams.services.providers import address_to_ask, client_of, connect_identity, invite_stranger, welcome
from teams.sessions import begin_session
from teams.shell import front_of
from teams.states import ProviderKind
from teams.vouching import (
    LOG_IN,
    TEST,
    Attempt,
    Claims,
    ProviderTrouble,
    begin_attempt,
    claims_of,
    distrusted,
    take_attempt,
)

PENDING = "provider_pending"
TRIED = "provider_tried"
PENDING_SECONDS = 3600


@public("GET", "POST")
def choose(request: HttpRequest) -> HttpResponse:
    """Ask in which workspace somebody wants to log in by its provider."""
    form = WhichWorkspaceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        slug = form.cleaned_data["workspace"].lower()
        if workspace_with_provider(slug):
            return redirect("site:sso_door", slug)
        form.add_error("workspace", _("There is no such workspace, or it has no log-in of its own."))
    return render(request, "teams/sso.html", {"form": form}, status=422 if form.errors else 200)


@public("GET")
def door(request: HttpRequest) -> HttpResponse:
    """Show the way to the workspace's provider."""
    provider = open_provider(request.workspace)
    leads_to = _within(request, request.GET.get("next", ""))
    return render(request, "teams/sso_door.html", {"provider": provider, "next": leads_to})


@public("GET")
def start(request: HttpRequest) -> HttpResponse:
    """Send the browser to the provider."""
    slow_down(request)
    provider = open_provider(request.workspace)
    return depart(request, provider, purpose=LOG_IN, leads_to=_within(request, request.GET.get("next", "")))


def depart(request: HttpRequest, provider: Provider, *, purpose: str, leads_to: str) -> HttpResponse:
    """Begin a log-in and answer with the way to the provider; say so where that cannot be asked."""
    provider.workspace = request.workspace
    attempt = begin_attempt(request.session, provider.pk, purpose=purpose, leads_to=leads_to)
    try:
        response = redirect(address_to_ask(provider, attempt))
    except ProviderTrouble as error:
        return tell_trouble(request, error, purpose)
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    return response


@public("GET")
def callback(request: HttpRequest) -> HttpResponse:
    """Take the provider's answer out of the address and let in whom it means."""
    slow_down(request)
    provider = provider_of(request.workspace)
    if provider is None or provider.kind != ProviderKind.OIDC:
        raise NotFound(_("This workspace has no log-in of its own."))
    provider.workspace = request.workspace
    purpose = LOG_IN
    try:
        attempt = take_attempt(request.session, provider.pk, request.GET.get("state", ""))
        purpose = attempt.purpose
        if purpose == LOG_IN and not provider.is_on:
            raise distrusted("off")
        claims = oidc.read_answer(client_of(provider), attempt, request.GET.dict())
    except ProviderTrouble as error:
        return tell_trouble(request, error, purpose)
    return arrive(request, provider, attempt, claims)


def arrive(request: HttpRequest, provider: Provider, attempt: Attempt, claims: Claims) -> HttpResponse:
    """Open the session of the member whom the provider means; lead a stranger to connecting or joining."""
    if attempt.purpose == TEST:
        request.session[TRIED] = {"provider": str(provider.pk), **_told(claims)}
        return redirect("teams:provisioning", request.workspace.slug)
    identity = identity_of(provider, claims.subject)
    if identity is None:
        slug = request.workspace.slug
        found = {"provider": str(provider.pk), "slug": slug, "at": now().timestamp(), **_told(claims)}
        request.session[PENDING] = found
        invite_stranger(provider=provider, claims=claims)
        return redirect("site:sso_connection", slug)
    _open(request, identity, claims)
    return redirect(attempt.next)


def _open(request: HttpRequest, identity: Identity, claims: Claims) -> None:
    """Let the session into the one workspace. It logs nobody in: no account's page opens by it."""
    member, session = identity.member, request.session
    own = session.get(SESSION_KEY)
    if persons_of(session) - {str(member.user_id)}:
        session.flush()
        own = None
    if own is None:
        session.cycle_key()
        begin_session(session)
        note_device(
            user=member.user,
            session_key=session.session_key,
            workspace=request.workspace,
            **_browser(request),
        )
    welcome(identity=identity, claims=claims)
    note_vouch(
        session,
        Vouch(
            slug=request.workspace.slug,
            workspace=str(request.workspace.pk),
            identity=str(identity.pk),
            member=str(member.pk),
            user=str(member.user_id),
            known=member.user.get_session_auth_hash(),
            at=now().timestamp(),
            factor=claims.factor,
        ),
    )
    session[LAST_WORKSPACE] = request.workspace.slug


def _browser(request: HttpRequest) -> dict[str, str]:
    """Return what the list of devices says of a browser."""
    address = get_adapter().get_client_ip(request)
    return {"address": address, "user_agent": request.headers.get("User-Agent", "")}


@public("GET", "POST")
def connection(request: HttpRequest) -> HttpResponse:
    """Connect the person who is logged in with what the provider calls him; tell a stranger how to join."""
    provider = open_provider(request.workspace)
    claims = _pending(request, provider)
    member = member_of_user(request.workspace, request.user.pk) if request.user.is_authenticated else None
    context = {"provider": provider, "claims": claims, "member": member, "workspace_asked": request.workspace}
    if member is not None:
        context["connected"] = own_identity(provider, member)
    if request.method == "POST":
        if member is None or claims is None:
            raise NotAllowed(_("Log in by the provider first, then with your own account."))
        return _connect(request, provider, claims, member, context)
    return render(request, "teams/sso_connection.html", context)


def _connect(
    request: HttpRequest, provider: Provider, claims: Claims, member: Membership, context: dict[str, Any]
) -> HttpResponse:
    kinds = request.user.authenticator_set.values_list("type", flat=True)
    member.has_second_step = bool(set(kinds) & set(SECOND_STEPS))
    require_fresh(member, request.session)
    try:
        identity = connect_identity(provider=provider, claims=claims, member=member, by=actor_of(member))
    except Invalid as error:
        return render(request, "teams/sso_connection.html", {**context, "error": error}, status=422)
    del request.session[PENDING]
    _open(request, identity_of(provider, identity.subject) or identity, claims)
    messages.success(request, _("Connected. From now on that log-in opens this workspace."))
    return redirect(front_of(request.workspace.slug))


@public("POST")
def leaving(request: HttpRequest) -> HttpResponse:
    """End a session that only providers vouch for."""
    request.session.flush()
    return redirect("account_login")


def is_on_the_way(request: HttpRequest, slug: str) -> bool:
    """Tell whether this browser came by the workspace's provider and is not connected yet."""
    return bool(request.session.get(PENDING, {}).get("slug") == slug)


def _told(claims: Claims) -> dict[str, Any]:
    groups = None if claims.groups is None else list(claims.groups)
    return {
        "subject": claims.subject,
        "email": claims.email,
        "name": claims.name,
        "groups": groups,
        "factor": claims.factor,
    }


def _pending(request: HttpRequest, provider: Provider) -> Claims | None:
    """Return whom the provider meant in this browser a while ago, and nobody here knew."""
    kept = request.session.get(PENDING, {})
    if kept.get("provider") != str(provider.pk) or now().timestamp() - kept["at"] > PENDING_SECONDS:
        return None
    return claims_of(kept)


def _within(request: HttpRequest, wanted: str) -> str:
    """Return a page of the workspace to go to afterwards; its front for anything else."""
    slug = request.workspace.slug
    fits = wanted.startswith(f"/w/{slug}/") and url_has_allowed_host_and_scheme(wanted, {request.get_host()})
    return wanted if fits else front_of(slug)


def tell_trouble(request: HttpRequest, error: ProviderTrouble, purpose: str) -> HttpResponse:
    """Say why a log-in by the provider came to nothing."""
    context = {"error": error, "is_trial": purpose == TEST, "workspace_asked": request.workspace}
    response = render(request, "teams/sso_trouble.html", context, status=error.status)
    response["Cache-Control"] = "no-store"
    return response


def slow_down(request: HttpRequest) -> None:
    """Bound how often an address causes calls to a provider. Raises: TooMany."""
    if not ratelimit.consume(request, action="login"):
        raise TooMany(_("Too many tries. Wait a minute and try again."), retry_after_seconds=60)
