"""The identity provider of a workspace, for whom it vouches, and what its groups mean here."""

from django.db import models

from core.clock import now
from teams.models.people import Membership, Role, Team
from teams.states import ProviderKind
from teams.tenancy import WorkspaceOwned


class Provider(WorkspaceOwned):
    """Who says to this workspace, and to no other, that somebody is who he says; one for each workspace.

    `issuer` is what its statements are signed as. The client's secret is sealed with a key of the row's own.
    `sso_url` and `certificates` (DER, base64) are what the metadata of a SAML provider says.
    `configured_by` stands as the one who asks in invitations that the provider causes.
    """

    kind = models.CharField(max_length=8, choices=ProviderKind, default=ProviderKind.OIDC)
    name = models.CharField(max_length=80)
    issuer = models.CharField(max_length=500)
    client_id = models.CharField(max_length=255, blank=True)
    key = models.BinaryField()
    sealed_secret = models.BinaryField(default=b"")
    sso_url = models.CharField(max_length=500, blank=True)
    certificates = models.JSONField(default=list)
    groups_claim = models.CharField(max_length=120, blank=True)
    invites = models.BooleanField(default=False)
    is_on = models.BooleanField(default=False)
    configured_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=now)
    tested_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace"], name="teams_provider_one")]

    def __str__(self) -> str:
        return self.name


class Identity(WorkspaceOwned):
    """What the provider calls a member; connected by the member, with a factor of his own.

    `hint` is the address that the provider gave, for people to read; nothing is decided by it.
    """

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="identities")
    member = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="identities")
    subject = models.CharField(max_length=255)
    hint = models.CharField(max_length=254, blank=True)
    connected_at = models.DateTimeField(default=now)
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "provider", "subject"], name="teams_identity_subject"
            ),
            models.UniqueConstraint(fields=["workspace", "provider", "member"], name="teams_identity_member"),
        ]


class GroupRule(WorkspaceOwned):
    """What it means here that somebody is in a group of the provider: a role, a team, or both."""

    group = models.CharField(max_length=200)
    role = models.ForeignKey(Role, null=True, on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey(Team, null=True, on_delete=models.CASCADE, related_name="+")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "group"], name="teams_grouprule_group"),
            models.CheckConstraint(
                condition=models.Q(role__isnull=False) | models.Q(team__isnull=False),
                name="teams_grouprule_means_something",
            ),
        ]
