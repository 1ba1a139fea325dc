"""The workspace's identity provider: configured, tried, switched on, demanded; and whom it is connected with.

It proves a session for its workspace and nothing else. No word of it writes or chooses an account: a member connects
himself, after showing a factor of his own.
"""

from typing import cast
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from core.clock import now
from core.envelope import new_data_key, open_sealed, rewrap, ring, seal
from core.errors import Invalid, NotAllowed, NotFound, WrongState
from core.record import record
from core.refs import Ref
from teams import oidc, saml
from teams.actors import Actor
from teams.directory import hold_directory
from teams.identities import SECURE, asking_for, join_role, provider_of
from teams.models import Identity, Membership, Provider, Workspace
from teams.permissions import require
from teams.proofs import PROVIDER_ONLY, asks_for_provider
from teams.services.invitations import invite_on_word
from teams.services.mapping import follow_groups
from teams.states import MemberStatus, ProviderKind
from teams.tenancy import workspace_scope
from teams.vouching import Attempt, Claims, ProviderTrouble

LIMITS = {"name": 80, "issuer": 500, "client_id": 255, "groups_claim": 120}


def configure_oidc(
    *,
    workspace: Workspace,
    name: str,
    issuer: str,
    client_id: str,
    secret: str,
    groups_claim: str,
    invites: bool,
    by: Actor,
) -> Provider:
    """Set the workspace's OpenID Connect provider; an empty secret keeps the one that stands.

    Asks the provider before a row is touched. Another issuer is another authority: whoever was connected connects
    again, and the provider is switched off until it was tried.
    Raises: NotAllowed; Invalid. Records: teams.provider.configured.
    """
    require(by, SECURE)
    facts = {"name": name, "issuer": issuer, "client_id": client_id, "groups_claim": groups_claim}
    facts = {field: text.strip() for field, text in facts.items()}
    _check(facts)
    try:
        oidc.discover(facts["issuer"], anew=True)
    except ProviderTrouble as error:
        raise Invalid(
            _("The provider was not saved."), fields={"issuer": [error.message]}, code="unreachable"
        ) from error
    provider = provider_of(workspace) or Provider(workspace=workspace, key=new_data_key(ring()))
    is_other = provider.issuer != facts["issuer"] or provider.kind != ProviderKind.OIDC
    is_changed = is_other or provider.client_id != facts["client_id"] or bool(secret)
    for field, text in facts.items():
        setattr(provider, field, text)
    provider.kind, provider.invites = ProviderKind.OIDC, invites
    provider.sso_url, provider.certificates = "", []
    provider.configured_by = cast("Membership", by.member)
    if is_other and not secret:
        provider.sealed_secret = b""
    if secret:
        provider.sealed_secret = seal(ring(), bytes(provider.key), secret.encode(), _place(provider))
    _settle(provider, workspace, is_other=is_other, is_changed=is_changed)
    record("teams.provider.configured", by=by, subject=Ref("teams.provider", provider.pk), is_other=is_other)
    return provider


def configure_saml(
    *, workspace: Workspace, name: str, metadata: str, groups_claim: str, invites: bool, by: Actor
) -> Provider:
    """Set the workspace's SAML provider by its metadata, which is pasted; without any, what stands is kept.

    Nothing is fetched. Another issuer is another authority: whoever was connected connects again. Another page or
    certificate, too, switches the provider off until it was tried.
    Raises: NotAllowed; Invalid. Records: teams.provider.configured.
    """
    require(by, SECURE)
    provider = provider_of(workspace) or Provider(workspace=workspace, key=new_data_key(ring()))
    before = description_of(provider) if provider.kind == ProviderKind.SAML and provider.issuer else None
    try:
        said = saml.read_metadata(metadata) if metadata.strip() or before is None else before
    except ProviderTrouble as error:
        raise Invalid(_("The provider was not saved."), fields={"metadata": [error.message]}) from error
    facts = {"name": name.strip(), "issuer": said.issuer, "groups_claim": groups_claim.strip()}
    _check(facts)
    for field, text in facts.items():
        setattr(provider, field, text)
    provider.kind, provider.invites, provider.client_id = ProviderKind.SAML, invites, ""
    provider.sso_url, provider.certificates = said.sso_url, list(said.certificates)
    provider.sealed_secret = b""
    provider.configured_by = cast("Membership", by.member)
    is_other = before is None or before.issuer != said.issuer
    _settle(provider, workspace, is_other=is_other, is_changed=before != said)
    record("teams.provider.configured", by=by, subject=Ref("teams.provider", provider.pk), is_other=is_other)
    return provider


def description_of(provider: Provider) -> saml.Description:
    """Return what a SAML provider said of itself when it was set."""
    return saml.Description(provider.issuer, provider.sso_url, tuple(provider.certificates))


def addresses_for_saml(slug: str) -> tuple[str, str]:
    """Return what we are called by a workspace's SAML provider, and where it sends its answers."""
    names = ("site:saml_metadata", "site:saml_answer")
    entity_id, reply_to = (settings.BASE_URL + reverse(name, args=[slug]) for name in names)
    return entity_id, reply_to


def party_of(provider: Provider) -> saml.Party:
    """Return a SAML provider and what we are to it."""
    return saml.Party(
        description_of(provider), *addresses_for_saml(provider.workspace.slug), provider.groups_claim
    )


def address_to_ask(provider: Provider, attempt: Attempt) -> str:
    """Return the provider's page to which a browser is sent. Raises: ProviderTrouble."""
    if provider.kind == ProviderKind.SAML:
        return saml.address_to_ask(party_of(provider), attempt)
    return oidc.address_to_ask(client_of(provider), attempt)


def client_of(provider: Provider) -> oidc.Client:
    """Return what we are to an OpenID Connect provider, its secret opened."""
    sealed = bytes(provider.sealed_secret)
    secret = open_sealed(ring(), bytes(provider.key), sealed, _place(provider)).decode() if sealed else ""
    back = settings.BASE_URL + reverse("site:sso_callback", args=[provider.workspace.slug])
    return oidc.Client(provider.issuer, provider.client_id, secret, back, provider.groups_claim)


def switch_provider(*, workspace: Workspace, is_on: bool, is_demanded: bool, by: Actor) -> Provider:
    """Let people in by the provider or no longer, and, where demanded, by nothing else; owners keep their own way in.

    Raises: NotAllowed; NotFound; WrongState before the provider was tried. Records: teams.workspace.secured.
    """
    require(by, SECURE)
    provider = provider_of(workspace)
    if provider is None or workspace.pk != by.workspace_id:
        raise NotFound(_("This workspace has no provider yet."))
    if is_on and provider.tested_at is None:
        raise WrongState(_("Try the log-in first; then it can be switched on."))
    provider.is_on = is_on
    provider.save(update_fields=["is_on"])
    _demand(workspace, is_demanded and is_on)
    subject = Ref("teams.workspace", workspace.pk)
    record(
        "teams.workspace.secured", by=by, subject=subject, provider=is_on, provider_only=is_demanded and is_on
    )
    return provider


def remove_provider(*, workspace: Workspace, by: Actor) -> None:
    """Forget the provider and its secret; every session that rests on it alone ends with the next request.

    Raises: NotAllowed; NotFound. Records: teams.provider.removed.
    """
    require(by, SECURE)
    provider = provider_of(workspace)
    if provider is None or workspace.pk != by.workspace_id:
        raise NotFound(_("This workspace has no provider."))
    _demand(workspace, False)
    record("teams.provider.removed", by=by, subject=Ref("teams.provider", provider.pk))
    provider.delete()


def note_tried(*, provider: Provider, by: Actor) -> Provider:
    """Note that a log-in by the provider went well. Raises: NotAllowed."""
    require(by, SECURE, provider)
    provider.tested_at = now()
    provider.save(update_fields=["tested_at"])
    return provider


def connect_identity(*, provider: Provider, claims: Claims, member: Membership, by: Actor) -> Identity:
    """Connect a member with what the provider calls him; he himself asks, and has shown a factor of his own.

    Raises: NotAllowed for somebody else; Invalid where either is connected already. Records: teams.identity.connected.
    """
    if by.member_id != member.pk or member.workspace_id != provider.workspace_id or not member.is_active:
        raise NotAllowed(_("Everybody connects himself."))
    Identity.objects.filter(provider=provider, subject=claims.subject).exclude(
        member__status=MemberStatus.ACTIVE
    ).delete()
    Identity.objects.filter(provider=provider, member=member).delete()
    identity = Identity(
        workspace_id=provider.workspace_id,
        provider=provider,
        member=member,
        subject=claims.subject,
        hint=claims.email,
    )
    try:
        with transaction.atomic():
            identity.save()
    except IntegrityError:
        raise Invalid(
            _("This log-in is connected with another member. An admin can take that connection away.")
        ) from None
    record("teams.identity.connected", by=by, subject=Ref("teams.identity", identity.pk))
    return identity


def disconnect_identity(*, identity: Identity, by: Actor) -> None:
    """End a connection, one's own or by who decides how people log in; sessions that rest on it end at once.

    Raises: NotAllowed. Records: teams.identity.disconnected.
    """
    if by.member_id != identity.member_id:
        require(by, SECURE, identity)
    record("teams.identity.disconnected", by=by, subject=Ref("teams.identity", identity.pk))
    identity.delete()


def welcome(*, identity: Identity, claims: Claims) -> Membership:
    """Note that the provider sent a member, and follow the groups that it names."""
    if claims.groups is not None:
        hold_directory(identity.workspace_id)
    identity.last_used_at = now()
    identity.save(update_fields=["last_used_at"])
    if claims.groups is not None:
        by = Actor.system(identity.workspace_id)
        follow_groups(member=identity.member, groups=claims.groups, by=by)
    member: Membership = identity.member
    return member


def invite_stranger(*, provider: Provider, claims: Claims) -> None:
    """Invite whom the provider sends and nobody here knows, where wanted; the mail proves the address."""
    if not (provider.invites and claims.email):
        return
    asking = asking_for(provider.configured_by)
    role = join_role(provider.workspace)
    invite_on_word(email=claims.email, role=role, asking=asking, by=Actor.system(provider.workspace_id))


def rewrap_provider(workspace_id: UUID) -> int:
    """Wrap the key of a workspace's provider with the ring's current key; return how many that changed."""
    with workspace_scope(workspace_id):
        provider = Provider.objects.first()
        wrapped = rewrap(ring(), bytes(provider.key)) if provider else b""
        if provider is None or wrapped == bytes(provider.key):
            return 0
        return Provider.objects.filter(pk=provider.pk).update(key=wrapped)


def _settle(provider: Provider, workspace: Workspace, *, is_other: bool, is_changed: bool) -> None:
    if is_changed:
        provider.is_on, provider.tested_at = False, None
        _demand(workspace, False)
    try:
        with transaction.atomic():
            provider.save()
    except IntegrityError:
        raise WrongState(_("Somebody else has just set a provider. Load the page again.")) from None
    if is_other:
        Identity.objects.filter(provider=provider).delete()


def _demand(workspace: Workspace, is_demanded: bool) -> None:
    """Note in the workspace whether only the provider lets people in. Locks: the workspace's row."""
    row = Workspace.objects.select_for_update().get(pk=workspace.pk)
    if asks_for_provider(row) != is_demanded:
        row.settings = {**row.settings, PROVIDER_ONLY: is_demanded}
        row.save(update_fields=["settings"])
    workspace.settings = row.settings


def _place(provider: Provider) -> tuple[str, str, str]:
    return str(provider.workspace_id), str(provider.pk), "secret"


def _check(facts: dict[str, str]) -> None:
    fields = {
        field: [_("At most %(count)s characters.") % {"count": most}]
        for field, most in LIMITS.items()
        if len(facts.get(field, "")) > most
    }
    for field in ("name", "issuer", "client_id"):
        if not facts.get(field, "-"):
            fields[field] = [_("This is needed.")]
    if fields:
        raise Invalid(_("The provider was not saved."), fields=fields)
