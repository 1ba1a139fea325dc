"""The doors: where somebody lands, a first workspace, the own account, an invitation."""

from allauth.account.signals import user_signed_up
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from core.errors import Invalid, NotAllowed, NotFound
from teams.edges import tell_form
from teams.forms import JoinForm, NewWorkspaceForm, ProfileForm
from teams.gates import by_link, members, public, signed_in
from teams.middleware import LAST_WORKSPACE
from teams.models import AccessKey, Invitation, User
from teams.proofs import vouch_of
from teams.selectors import has_account, opened_invitation_key, workspaces_of
from teams.services.accounts import DENSITIES, THEMES, change_profile, open_account
from teams.services.invitations import accept_invitation, invitation_of
from teams.services.keys import find_key
from teams.services.workspaces import create_workspace
from teams.shell import front_of
from teams.states import KeyKind
from teams.tenancy import workspace_scope
from teams.views.sso import is_on_the_way

INVITATION = "invitation"
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
COOKIE_SECONDS = 365 * 24 * 3600


@public("GET")
def root(request: HttpRequest) -> HttpResponse:
    """Lead to the work: the last workspace, the only one, the first form, or the log-in page."""
    if not request.user.is_authenticated:
        last = request.session.get(LAST_WORKSPACE, "")
        return redirect(front_of(last) if vouch_of(request.session, last) else settings.LOGIN_URL)
    slugs = [workspace.slug for workspace in workspaces_of(request.user.pk)]
    if not slugs:
        return redirect("site:new_workspace")
    last = request.session.get(LAST_WORKSPACE)
    return redirect(front_of(last if last in slugs else slugs[0]))


@members("teams.workspace.see", "GET")
def front(request: HttpRequest) -> HttpResponse:
    """Lead to the page on which this workspace opens."""
    return redirect(front_of(request.workspace.slug))


@signed_in("GET", "POST")
def new_workspace(request: HttpRequest) -> HttpResponse:
    """Make a workspace; who makes it owns it."""
    if settings.SIGNUP == "closed" and not request.user.is_staff:
        message = _("Only the operator of this installation makes workspaces. Ask to be invited to one.")
        raise NotAllowed(message, verb="teams.workspace.create", missing=_("make workspaces"))
    form = NewWorkspaceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        facts = form.cleaned_data
        try:
            workspace, _member = create_workspace(owner=request.user, language=request.user.language, **facts)
        except Invalid as error:
            tell_form(form, error)
        else:
            return redirect(front_of(workspace.slug))
    is_first = not workspaces_of(request.user.pk)
    context = {"form": form, "is_first": is_first}
    return render(request, "teams/workspace_new.html", context, status=422 if form.errors else 200)


@signed_in("GET", "POST")
def profile(request: HttpRequest) -> HttpResponse:
    """Show and change one's own account."""
    user = request.user
    start = {"name": user.name, "language": user.language, "timezone": user.timezone}
    form = ProfileForm(request.POST or None, initial=start)
    if request.method == "POST" and form.is_valid():
        try:
            change_profile(user=user, changes=form.cleaned_data)
        except Invalid as error:
            tell_form(form, error)
        else:
            translation.activate(user.language)
            messages.success(request, _("Saved."))
            return redirect("site:profile")
    status = 422 if form.errors else 200
    return render(request, "teams/profile.html", {"form": form, "tab": "profile"}, status=status)


@signed_in("POST")
def session_ending(request: HttpRequest, session: int) -> HttpResponse:
    """End one of my other sessions; it is refused on its next request."""
    found = request.user.usersession_set.filter(pk=session).first()
    if found is None:
        raise NotFound(_("This session has ended already."))
    found.end()
    messages.success(request, _("That session is ended."))
    return redirect("usersessions_list")


@public("POST")
def appearance(request: HttpRequest) -> HttpResponse:
    """Choose light or dark and the height of rows, for the account or, logged out, for this browser."""
    wanted = {
        name: request.POST[name]
        for name, allowed in (("theme", THEMES), ("density", DENSITIES))
        if request.POST.get(name) in allowed
    }
    response = redirect(_back(request))
    if request.user.is_authenticated:
        change_profile(user=request.user, changes=wanted)
    if "theme" in wanted:
        _remember(response, "theme", wanted["theme"])
    return response


@public("POST")
def language(request: HttpRequest) -> HttpResponse:
    """Choose the language, for the account or, logged out, for this browser."""
    response = redirect(_back(request))
    wanted = request.POST.get("language", "")
    if wanted in dict(settings.LANGUAGES):
        if request.user.is_authenticated:
            change_profile(user=request.user, changes={"language": wanted})
        _remember(response, settings.LANGUAGE_COOKIE_NAME, wanted)
    return response


@by_link("GET")
def invitation_link(request: HttpRequest, secret: str) -> HttpResponse:
    """Take the secret out of the address, so that it stays in no history, log or referrer."""
    key = find_key(secret, KeyKind.INVITATION)
    if key is None:
        raise NotFound(_("This invitation is no longer open."))
    request.session[INVITATION] = str(key.pk)
    response = redirect("site:invitation")
    response["Referrer-Policy"] = "no-referrer"
    return response


@public("GET", "POST")
def invitation(request: HttpRequest) -> HttpResponse:
    """Show the invitation that this browser opened, and accept it as the right person."""
    key = _opened_key(request)
    if key is None:
        return render(request, "teams/invitation_gone.html", status=404)
    with workspace_scope(key.workspace_id):
        try:
            asked = invitation_of(key)
        except NotFound:
            return render(request, "teams/invitation_gone.html", status=404)
        return _answer(request, key, asked)


def _answer(request: HttpRequest, key: AccessKey, asked: Invitation) -> HttpResponse:
    known = has_account(asked.email)
    form = JoinForm(request.POST or None)
    user = request.user if request.user.is_authenticated else None
    is_closed = settings.SIGNUP == "closed" and not known
    if request.method == "POST" and not is_closed:
        try:
            if user is None and not known:
                user = _new_user(request, form, asked)
            if user is not None:
                member = accept_invitation(key=key, user=user)
                del request.session[INVITATION]
                slug = member.workspace.slug
                is_known = not is_on_the_way(request, slug)
                return redirect(front_of(slug) if is_known else reverse("site:sso_connection", args=[slug]))
        except NotAllowed as error:
            form = JoinForm()
            messages.error(request, error.message)
    context = {"asked": asked, "form": form, "known": known, "is_closed": is_closed, "who": user}
    return render(request, "teams/invitation.html", context, status=422 if form.errors else 200)


def _new_user(request: HttpRequest, form: JoinForm, asked: Invitation) -> User | None:
    """Open the account of the invited address and log it in; None where the form needs mending."""
    if not form.is_valid():
        return None
    facts = form.cleaned_data
    try:
        user = open_account(
            email=asked.email,
            name=facts["name"],
            password=facts["password"],
            language=asked.workspace.language,
        )
    except Invalid as error:
        tell_form(form, error)
        return None
    login(request, user, backend=BACKEND)
    user_signed_up.send(sender=User, request=request, user=user)
    return user


def _opened_key(request: HttpRequest) -> AccessKey | None:
    ident = request.session.get(INVITATION)
    return opened_invitation_key(ident) if ident else None


def _back(request: HttpRequest) -> str:
    wanted = request.POST.get("next", "")
    fits = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if fits else "/"


def _remember(response: HttpResponseRedirect | HttpResponse, name: str, value: str) -> None:
    response.set_cookie(
        name,
        value,
        max_age=COOKIE_SECONDS,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
    )
