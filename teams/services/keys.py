"""Bearer secrets: made once, shown once, kept as a hash."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from allauth.mfa.models import Authenticator
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from core.clock import now
from core.errors import Invalid, NotAllowed, NotFound
from core.ids import secret_token
from core.record import record
from core.refs import Ref
from teams.actors import Actor
from teams.models import AccessKey, Membership, Workspace
from teams.permissions import actor_of, require
from teams.proofs import SECOND_STEPS
from teams.states import ActorKind, KeyKind, MemberStatus, WorkspaceStatus
from teams.tenancy import entered

_PREFIX = {
    KeyKind.API_TOKEN: "cb_api_",
    KeyKind.INVITATION: "cb_inv_",
    KeyKind.GUEST: "cb_gst_",
    KeyKind.NEWSROOM: "cb_nws_",
    KeyKind.SCIM: "cb_scm_",
    KeyKind.FEED: "cb_ics_",
}
MOST_TOKENS = 50
_USED_EVERY = timedelta(minutes=5)


def hash_of(secret: str) -> str:
    """Return the hash by which a secret is known."""
    return hashlib.sha256(secret.encode()).hexdigest()


def make_key(
    *,
    kind: KeyKind,
    workspace: Workspace,
    subject: Ref,
    by: Actor,
    purpose: str = "",
    scopes: Sequence[str] = (),
    expires_at: datetime | None = None,
    is_single_use: bool = False,
) -> tuple[AccessKey, str]:
    """Make a key and return it with its secret, which cannot be read again.

    Records: teams.accesskey.made.
    """
    secret = _PREFIX[kind] + secret_token(32)
    key = AccessKey.objects.create(
        hash=hash_of(secret),
        hint=secret[-4:],
        kind=kind,
        workspace=workspace,
        subject_type=subject.type,
        subject_id=subject.id,
        purpose=purpose,
        scopes=list(scopes),
        created_by_id=by.member_id,
        expires_at=expires_at,
        is_single_use=is_single_use,
    )
    record("teams.accesskey.made", by=by, subject=Ref("teams.accesskey", key.pk), kind=str(kind))
    return key, secret


def find_key(secret: str, kind: KeyKind) -> AccessKey | None:
    """Return the usable key of this kind for a secret; a secret of another kind opens nothing."""
    if not secret.startswith(_PREFIX[kind]) or len(secret) > 200:
        return None
    rows = AccessKey.objects.select_related("workspace").filter(workspace__status=WorkspaceStatus.ACTIVE)
    key = rows.filter(hash=hash_of(secret), kind=kind).first()
    return key if key is not None and key.is_usable(now()) else None


def tokens_of(member: Membership) -> QuerySet[AccessKey]:
    """Return a member's API tokens that were not revoked, latest first."""
    rows = AccessKey.objects.filter(
        workspace_id=member.workspace_id, kind=KeyKind.API_TOKEN, subject_id=member.pk, revoked_at=None
    )
    return rows.order_by("-created_at", "pk")


def create_token(
    *, member: Membership, purpose: str, by: Actor, days: int | None = None
) -> tuple[AccessKey, str]:
    """Create an API token with the member's own rights.

    Raises: NotAllowed for a token of somebody else; Invalid for a silly lifetime (1 to 366 days).
    """
    if not by.is_system:
        require(by, "teams.token.create")
        if by.kind != ActorKind.MEMBER or by.member_id != member.pk:
            raise NotAllowed(_("Everybody makes their own API tokens."), verb="teams.token.create")
    if not 1 <= len(purpose.strip()) <= 120:
        message = _("Say in 1 to 120 characters what the token is for.")
        raise Invalid(message, fields={"purpose": [message]})
    if tokens_of(member).count() >= MOST_TOKENS:
        raise Invalid(_("You have %(count)s tokens. Revoke one first.") % {"count": MOST_TOKENS})
    if days is not None and not 1 <= days <= 366:
        raise Invalid(_("A token lives from 1 to 366 days."), fields={"days": [_("From 1 to 366.")]})
    return make_key(
        kind=KeyKind.API_TOKEN,
        workspace=member.workspace,
        subject=Ref("teams.membership", member.pk),
        by=by,
        purpose=purpose.strip(),
        expires_at=now() + timedelta(days=days) if days else None,
    )


def revoke_key(*, key: AccessKey, by: Actor) -> AccessKey:
    """Take a key back; what it opened is shut from the next request on.

    Records: teams.accesskey.revoked. Raises: NotAllowed for somebody else's key without the right over members.
    """
    if key.workspace_id != by.workspace_id:
        raise NotFound(_("There is no such key."))
    own = by.member_id is not None and by.member_id in (key.created_by_id, key.subject_id)
    if not own or by.kind != ActorKind.MEMBER:
        require(by, "teams.member.end")
    if key.revoked_at is None:
        key.revoked_at = now()
        key.save(update_fields=["revoked_at"])
        record("teams.accesskey.revoked", by=by, subject=Ref("teams.accesskey", key.pk), kind=str(key.kind))
    return key


def note_used(key: AccessKey) -> None:
    """Note that a key is in use, at most every five minutes."""
    if key.last_used_at is None or now() - key.last_used_at > _USED_EVERY:
        AccessKey.objects.filter(pk=key.pk).update(last_used_at=now())


def bearer_key(request: HttpRequest) -> AccessKey | None:
    """Return the usable API token that the request carries."""
    scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
    return find_key(secret.strip(), KeyKind.API_TOKEN) if scheme.lower() == "bearer" else None


def token_bearer(request: HttpRequest, slug: str) -> tuple[Membership, Actor] | None:
    """Return the membership and actor of the request's bearer token, where it opens this workspace."""
    key = bearer_key(request)
    if key is None or key.workspace.slug != slug:
        return None
    return token_actor(key)


def token_actor(key: AccessKey) -> tuple[Membership, Actor] | None:
    """Return the member behind an API token, acting with at most the member's present rights.

    Runs inside the request's transaction, which the caller binds to the same workspace.
    """
    with entered(key.workspace_id):
        found = Membership.objects.filter(pk=key.subject_id, status=MemberStatus.ACTIVE, user__is_active=True)
        steps = Authenticator.objects.filter(user_id=OuterRef("user_id"), type__in=SECOND_STEPS)
        rows = found.select_related("user", "role", "workspace").annotate(_steps=Exists(steps))
        member = rows.first()
    if member is None:
        return None
    member.has_second_step = member._steps
    note_used(key)
    owner = actor_of(member)
    held = owner.verbs - {"teams.token.create", "teams.role.assign_owner"}
    held = held & frozenset(key.scopes) if key.scopes else held
    return member, Actor(ActorKind.TOKEN, owner.workspace_id, key.pk, member, held, limits=owner.limits)
