"""Questions about a workspace's provider: which one it is, for whom it vouches, what its groups mean."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from allauth.core.internal.sessionkit import get_session_user
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.db.models import QuerySet
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from core.errors import NotFound
from teams.actors import Actor
from teams.models import GroupRule, Identity, Membership, Provider, Role, User, Workspace
from teams.permissions import visible
from teams.proofs import Vouch, asks_for_provider, vouch_of
from teams.selectors import membership_by_session, membership_by_slug
from teams.sessions import VOUCHES, SessionStore
from teams.states import MemberStatus, RoleKey
from teams.tenancy import entered, unbind, workspace_scope

SECURE = "teams.workspace.secure"
JOIN_ROLE = "join_role"
"""The workspace's setting: the id of the role with which people come in whom its provider or directory sends."""


def session_membership(session: Mapping[str, Any], slug: str) -> tuple[Membership | None, Vouch | None]:
    """Return the active membership that a session opens, and what the workspace's provider said of it.

    A person's own log-in opens all of his workspaces; a provider's word opens one. Leaves the transaction bound to
    that workspace, or to none.
    """
    listed = _read_together(session, slug)
    own, vouch = session.get(SESSION_KEY), vouch_of(session, slug)
    user_id = own or (vouch.user if vouch else None)
    if listed is not None and str(listed.user_id) == str(user_id):
        member: Membership | None = listed
    else:
        if listed is not None:
            unbind()
        member = membership_by_slug(user_id, slug) if user_id else None
    if member is None:
        return None, None
    known = session.get(HASH_SESSION_KEY) if own else (vouch.known if vouch else None)
    fits = bool(known) and constant_time_compare(str(known), member.user.get_session_auth_hash())
    if not (member.user.is_active and fits):
        unbind()
        return None, None
    if vouch is not None and (not own or asks_for_provider(member.workspace)) and not _stands(vouch, member):
        vouch = None
    if not own and vouch is None:
        unbind()
        return None, None
    return member, vouch


def _read_together(session: Mapping[str, Any], slug: str) -> Membership | None:
    """Read an unread session with the membership of whom the list of devices names for it, in one message.

    The list is a hint that saves a round trip: only what the session itself says, signed, lets anybody in.
    """
    if not isinstance(session, SessionStore) or not session.is_unread:
        return None
    data, listed = membership_by_session(str(session.session_key), slug)
    session.take(data)
    return listed


def _stands(vouch: Vouch, member: Membership) -> bool:
    """Tell whether the provider is still asked here and the member still connected with it."""
    if vouch.member != str(member.pk) or vouch.workspace != str(member.workspace_id):
        return False
    with entered(member.workspace_id, is_bound=True):
        return Identity.objects.filter(pk=vouch.identity, member=member, provider__is_on=True).exists()


def owner_of(session: Mapping[str, Any]) -> User | None:
    """Return whose session the list of devices shows: of who logged in, else of whom a provider vouches for.

    Takes the place of the library's own question, which knows no vouches and would strike such a session off. One
    whose connection was taken away, or whose provider was removed, opens nothing ever again and is struck off.
    """
    found: User | None = get_session_user(session)
    if found is not None:
        return found
    for kept in session.get(VOUCHES, {}).values():
        vouch = Vouch(**kept)
        user = User.objects.filter(pk=vouch.user, is_active=True).first()
        if user is not None and constant_time_compare(vouch.known, user.get_session_auth_hash()):
            with workspace_scope(UUID(vouch.workspace)):
                if Identity.objects.filter(pk=vouch.identity, member=UUID(vouch.member)).exists():
                    return user
    return None


def provider_of(workspace: Workspace) -> Provider | None:
    """Return the provider of the workspace in scope, switched on or not."""
    return Provider.objects.filter(workspace=workspace).select_related("configured_by__user").first()


def open_provider(workspace: Workspace) -> Provider:
    """Return the provider by which people log in. Raises: NotFound."""
    found = provider_of(workspace)
    if found is None or not found.is_on:
        raise NotFound(_("This workspace has no log-in of its own."))
    return found


def workspace_with_provider(slug: str) -> bool:
    """Tell whether there is a workspace of this address with a log-in of its own."""
    workspace = Workspace.objects.filter(slug=slug).first()
    if workspace is None:
        return False
    with entered(workspace.pk):
        return Provider.objects.filter(is_on=True).exists()


def identity_of(provider: Provider, subject: str) -> Identity | None:
    """Return whom the provider means by a subject, where that member is here still."""
    rows = Identity.objects.filter(provider=provider, subject=subject)
    rows = rows.filter(member__status=MemberStatus.ACTIVE, member__user__is_active=True)
    return rows.select_related("member__user", "member__role", "member__workspace").first()


def identities(by: Actor) -> QuerySet[Identity]:
    """Return who is connected with the provider, by name."""
    rows = Identity.objects.select_related("member__user").filter(member__status=MemberStatus.ACTIVE)
    return visible(by, SECURE, rows).order_by("member__user__name", "pk")


def get_identity(by: Actor, pk: UUID) -> Identity:
    """Return somebody's connection with the provider. Raises: NotFound."""
    found = visible(by, SECURE, Identity.objects.select_related("member")).filter(pk=pk).first()
    if found is None:
        raise NotFound(_("This is not connected."))
    return found


def own_identity(provider: Provider, member: Membership) -> Identity | None:
    """Return the member's own connection with the provider."""
    return Identity.objects.filter(provider=provider, member=member).first()


def member_of_user(workspace: Workspace, user_id: UUID) -> Membership | None:
    """Return a person's active membership in the workspace in scope."""
    rows = Membership.objects.filter(workspace=workspace, user_id=user_id, status=MemberStatus.ACTIVE)
    return rows.select_related("user", "role", "workspace").first()


def group_rules(by: Actor) -> QuerySet[GroupRule]:
    """Return what groups of the provider mean here, the weightiest first."""
    rows = GroupRule.objects.select_related("role", "team")
    return visible(by, SECURE, rows).order_by("position", "pk")


def get_group_rule(by: Actor, pk: UUID) -> GroupRule:
    """Return what a group means. Raises: NotFound."""
    found = group_rules(by).filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such rule."))
    return found


def join_role(workspace: Workspace) -> Role:
    """Return the role with which people come in whom the provider or the directory sends: viewer unless chosen."""
    wanted = workspace.settings.get(JOIN_ROLE)
    found = Role.objects.filter(pk=wanted).exclude(key=RoleKey.OWNER).first() if wanted else None
    return found or Role.objects.get(key=RoleKey.VIEWER, is_builtin=True)


def asking_for(member: Membership | None) -> Membership:
    """Return who stands as the one who asks in an invitation: whoever set it up, or an owner once that one has left."""
    if member is not None and member.is_active:
        return member
    owners = Membership.objects.filter(role__key=RoleKey.OWNER, status=MemberStatus.ACTIVE)
    return owners.select_related("user", "role").order_by("joined_at", "pk")[0]
