"""One transaction per request, bound to the person and the workspace; deny what declares no rule."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.crypto import constant_time_compare

from core.errors import CollabError
from teams.actors import Actor
from teams.edges import error_response, is_api, unauthenticated
from teams.gates import access_of
from teams.models import Membership, User, Workspace
from teams.permissions import actor_of
from teams.selectors import membership_by_slug
from teams.services.keys import bearer_key, token_actor, token_bearer
from teams.states import WorkspaceStatus
from teams.tenancy import entered, request_transaction

LAST_WORKSPACE = "workspace"


class WorkspaceMiddleware:
    """Owns the request's transaction: begin, bind user, gate, view, render, commit; an error rolls back.

    A page of a member costs two reads (session; membership with user, role and workspace) and two bindings
    before its view begins; `tests/teams/test_middleware.py` counts them.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request inside its transaction; the body is rendered before the commit."""
        request.workspace = None
        request.actor = None
        request.home = None
        with ExitStack() as stack:
            request.scopes = stack
            stack.callback(timezone.deactivate)
            stack.enter_context(request_transaction())
            response = self.get_response(request)
            if response.status_code >= 500 or getattr(request, "must_roll_back", False):
                transaction.set_rollback(True)
        return response

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        """Resolve the workspace of the URL and apply the view's declared rule."""
        access = access_of(view)
        if access is None:
            return None if is_foreign_and_public(view) else refuse_undeclared(view)
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
    """Return the membership of the session's user in the workspace, read with user and role in one query."""
    user_id = request.session.get(SESSION_KEY)
    if not user_id:
        return None
    member = membership_by_slug(user_id, slug)
    if member is None or not _session_is_of(request, member.user):
        return None
    request._cached_user = member.user
    return member, actor_of(member)


def _session_is_of(request: HttpRequest, user: User) -> bool:
    known = request.session.get(HASH_SESSION_KEY)
    return bool(user.is_active and known and constant_time_compare(known, user.get_session_auth_hash()))


def _enter_as_member(request: HttpRequest, slug: str) -> HttpResponse | None:
    if "Authorization" in request.headers:
        found = token_bearer(request, slug) if is_api(request) else None
        if found is None:
            return unauthenticated(request)
        _enter(request, found)
        return None
    found = session_member(request, slug)
    if found is None:
        if not request.user.is_authenticated:
            return unauthenticated(request)
        raise Http404
    _enter(request, found)
    if not is_api(request) and request.session.get(LAST_WORKSPACE) != slug:
        request.session[LAST_WORKSPACE] = slug
    return None


def _enter(request: HttpRequest, found: tuple[Membership, Actor]) -> None:
    member, actor = found
    request.workspace = member.workspace
    request.actor = actor
    request.scopes.enter_context(entered(member.workspace_id))
    translation.activate(member.user.language)
    timezone.activate(member.workspace.timezone)


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


def is_foreign_and_public(view: Any) -> bool:
    """Tell whether a view of a library guards itself (log-in pages, schema)."""
    module = getattr(getattr(view, "view_class", view), "__module__", "")
    return module.startswith(tuple(settings.SELF_GUARDING_MODULES))


def refuse_undeclared(view: Any) -> HttpResponse:
    """Hide a view that declares no rule. Raises: Http404."""
    raise Http404(f"{view!r} declares no access rule")
