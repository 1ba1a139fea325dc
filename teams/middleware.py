"""One transaction per request, bound to the person and the workspace; deny what declares no rule."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from allauth.core.context import request_context
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.db import connection, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone, translation

from core.clock import now
from core.errors import CollabError
from teams.actors import Actor
from teams.edges import error_response, is_api, unauthenticated, unavailable
from teams.gates import access_of
from teams.identities import session_membership
from teams.models import Membership, Workspace
from teams.permissions import actor_of
from teams.proofs import ProviderRequired, SecondStepRequired, Vouch, require_provider, require_second_step
from teams.services.keys import bearer_key, token_actor, token_bearer
from teams.services.presence import is_stale, note_seen
from teams.services.previews import PREVIEW, preview_actor
from teams.services.staff import visitor_of
from teams.states import ActorKind, WorkspaceStatus
from teams.tenancy import entered, request_transaction, unbind

LAST_WORKSPACE = "workspace"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class WorkspaceMiddleware:
    """Owns the request's transaction: begin, bind user, gate, view, render, commit; an error rolls back.

    A page of a member costs one read before its view begins: the session, with the membership, user, role and
    workspace of whom the list of devices names for it, bound in the same message; `tests/teams/test_middleware.py`
    counts them. A session that stands in no such list costs a second.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request inside its transaction; the body is rendered before the commit."""
        request.workspace = None
        request.actor = None
        request.home = None
        request.seen = None
        request.vouch = None
        with ExitStack() as stack:
            request.scopes = stack
            stack.callback(timezone.deactivate)
            # The log-in library asks for the request after the commit, too.
            stack.enter_context(request_context(request))
            stack.enter_context(request_transaction())
            response = self.get_response(request)
            if response.status_code >= 500 or getattr(request, "must_roll_back", False):
                transaction.set_rollback(True)
        if request.seen is not None and is_stale(request.seen, now()) and not changes_are_refused():
            note_seen(member=request.seen)
        return response

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        """Resolve the workspace of the URL and apply the view's declared rule."""
        access = access_of(view)
        if access is None:
            if not is_foreign_and_public(view):
                return refuse_undeclared(view)
            refused = request.method not in SAFE_METHODS and changes_are_refused()
            return unavailable(request, "full") if refused else None
        slug = kwargs.pop("workspace", None)
        if access.kind == "member":
            return _enter_as_member(request, str(slug))
        if slug is not None:
            _enter_publicly(request, str(slug))
        if access.kind == "signed_in":
            return _enter_signed_in(request)
        return None

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Undo what the view began and answer expected refusals with their page or problem document."""
        request.must_roll_back = True
        return error_response(request, error) if isinstance(error, CollabError) else None


def session_member(request: HttpRequest, slug: str) -> tuple[Membership, Actor] | None:
    """Return the membership that the session opens in the workspace, read with user and role in one query."""
    member, vouch = session_membership(request.session, slug)
    if member is None:
        return None
    request.vouch = vouch
    request._cached_user = member.user
    request.bound_to = member.workspace_id
    return member, actor_of(member)


def _enter_as_member(request: HttpRequest, slug: str) -> HttpResponse | None:
    if "Authorization" in request.headers:
        found = token_bearer(request, slug) if is_api(request) else None
        if found is None:
            return unauthenticated(request)
        return _enter(request, found, None)
    found = session_member(request, slug)
    if found is None:
        if not request.user.is_authenticated:
            return unauthenticated(request)
        found = visitor_of(request.user, slug)
    if found is None:
        raise Http404
    if refusal := _enter(request, found, request.session):
        return refusal
    request.seen = found[0] if found[0].is_active else None
    preview = preview_actor(found[0], request.session.get(PREVIEW), now()) if request.seen else None
    if preview is not None:
        request.actor = preview
        request.must_roll_back = True
    if not is_api(request) and request.session.get(LAST_WORKSPACE) != slug:
        request.session[LAST_WORKSPACE] = slug
    return None


def _enter(
    request: HttpRequest, found: tuple[Membership, Actor], session: SessionBase | None
) -> HttpResponse | None:
    """Bind the request to the member's workspace, unless the workspace asks for more than was shown."""
    member, actor = found
    translation.activate(_language_of(request, member))
    vouch: Vouch | None = request.vouch
    try:
        if session is not None and actor.kind != ActorKind.STAFF:
            require_provider(member, vouch)
        require_second_step(member, session, vouch)
    except (ProviderRequired, SecondStepRequired) as error:
        unbind()
        return error_response(request, error)
    request.workspace = member.workspace
    request.actor = actor
    is_bound = getattr(request, "bound_to", None) == member.workspace_id
    request.scopes.enter_context(entered(member.workspace_id, is_bound=is_bound))
    timezone.activate(member.workspace.timezone)
    return None


def _language_of(request: HttpRequest, member: Membership) -> str:
    """Return the account's language; a browser's own where only a provider vouches, who may not change accounts."""
    own = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    is_vouched_only = request.vouch is not None and SESSION_KEY not in request.session
    return own if is_vouched_only and own in dict(settings.LANGUAGES) else member.user.language


def _enter_publicly(request: HttpRequest, slug: str) -> None:
    workspace = Workspace.objects.filter(slug=slug, status=WorkspaceStatus.ACTIVE).first()
    if workspace is None:
        raise Http404
    request.workspace = workspace
    request.scopes.enter_context(entered(workspace.pk))
    timezone.activate(workspace.timezone)


def _enter_signed_in(request: HttpRequest) -> HttpResponse | None:
    """Let a session's user pass, or the owner of an API token, whose token stays with its own workspace."""
    if "Authorization" in request.headers:
        key = bearer_key(request) if is_api(request) else None
        found = token_actor(key) if key is not None else None
        if found is None:
            return unauthenticated(request)
        request._cached_user = request.user = found[0].user
        request.home = found[0].workspace
        return None
    if not request.user.is_authenticated:
        return unauthenticated(request)
    translation.activate(request.user.language)
    return None


def changes_are_refused() -> bool:
    """Tell whether the database refuses changes; libraries take the failed write of a count for a guesser's limit."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW transaction_read_only")
        return bool(cursor.fetchone() == ("on",))


def is_foreign_and_public(view: Any) -> bool:
    """Tell whether a view of a library guards itself (log-in pages, schema)."""
    module = getattr(getattr(view, "view_class", view), "__module__", "")
    return module.startswith(tuple(settings.SELF_GUARDING_MODULES))


def refuse_undeclared(view: Any) -> HttpResponse:
    """Hide a view that declares no rule. Raises: Http404."""
    raise Http404(f"{view!r} declares no access rule")
