"""Channels, their sealed credentials, and who may use the restricted ones."""

from typing import Any

from django.db import models
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from core.clock import now
from networks.newsroom.models import NewsroomItem
from networks.protocol import Capability
from networks.states import CONNECTED, PLANNABLE, ChannelStatus, Trouble
from teams.grants import GroupGrant, UserGrant
from teams.models import Membership
from teams.tenancy import WorkspaceOwned

__all__ = [
    "Channel",
    "ChannelGroupGrant",
    "ChannelSecret",
    "ChannelUserGrant",
    "NetworkApp",
    "NewsroomItem",
    "WorkspaceKey",
]


class Channel(WorkspaceOwned):
    """An account on a network that the workspace publishes to; never deleted, since deliveries refer to it.

    `failures` counts calls that failed since the last that succeeded; the quota is as the network last told it.
    `trouble` is what is wrong now, `told_trouble` what its people were last told.
    """

    kind = models.CharField(max_length=32)
    name = models.CharField(_("name"), max_length=120)
    handle = models.CharField(max_length=255, blank=True)
    remote_account_id = models.CharField(max_length=255, blank=True)
    capability = models.CharField(max_length=1, choices=[(c.value, c.name) for c in Capability])
    status = models.CharField(max_length=16, choices=ChannelStatus, default=ChannelStatus.ACTIVE)
    limits = models.JSONField(default=dict)
    facts = models.JSONField(default=dict)
    is_restricted = models.BooleanField(default=False)
    position = models.PositiveSmallIntegerField(default=0)
    last_success_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=300, blank=True)
    last_error_at = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)
    login_ends_at = models.DateTimeField(null=True)
    quota_left = models.PositiveIntegerField(null=True)
    quota_most = models.PositiveIntegerField(null=True)
    quota_resets_at = models.DateTimeField(null=True)
    trouble = models.CharField(max_length=12, choices=Trouble, default=Trouble.NONE, blank=True)
    told_trouble = models.CharField(max_length=12, choices=Trouble, default=Trouble.NONE, blank=True)
    told_at = models.DateTimeField(null=True)
    connected_by = models.ForeignKey(Membership, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=now)
    disconnected_at = models.DateTimeField(null=True)
    app = models.GeneratedField(
        expression=models.Func(
            "kind",
            Coalesce(
                KeyTextTransform("server", "facts"),
                KeyTextTransform("service", "facts"),
                models.Value("", output_field=models.TextField()),
            ),
            template="(%(expressions)s)",
            arg_joiner=" || ':' || ",
            output_field=models.TextField(),
        ),
        output_field=models.TextField(),
        db_persist=True,
    )
    """Network and server: all channels with the same are one application, and one load, to those who run it."""

    class Meta:
        default_permissions = ()
        permissions = [
            ("see_channel", "see a restricted channel"),
            ("write_channel", "write for a restricted channel"),
            ("publish_channel", "publish to a restricted channel"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "kind", "remote_account_id"],
                condition=models.Q(status__in=[str(status) for status in CONNECTED]),
                name="networks_channel_account",
            ),
        ]
        indexes = [
            models.Index(fields=["workspace", "position", "id"], name="networks_channel_order"),
            models.Index(
                fields=["login_ends_at"],
                condition=models.Q(login_ends_at__isnull=False),
                name="networks_channel_ending",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_sample(self) -> bool:
        """Tell whether it exists for previews only and never talks to the outside."""
        return self.status == ChannelStatus.SAMPLE

    @property
    def is_plannable(self) -> bool:
        """Tell whether posts can be written for it."""
        return self.status in PLANNABLE

    @property
    def can_publish(self) -> bool:
        """Tell whether a delivery to it may start now."""
        return self.status == ChannelStatus.ACTIVE


class WorkspaceKey(WorkspaceOwned):
    """The data key of a workspace's credentials, wrapped by a key that is not in the database."""

    wrapped = models.BinaryField()
    created_at = models.DateTimeField(default=now)
    rewrapped_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace"], name="networks_workspacekey_one")]


class ChannelSecret(WorkspaceOwned):
    """One credential of one channel, sealed with the workspace's data key and bound to this very place."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="secrets")
    field = models.CharField(max_length=40)
    sealed = models.BinaryField()
    changed_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "channel", "field"], name="networks_channelsecret_field"
            )
        ]


class NetworkApp(WorkspaceOwned):
    """What the workspace is to a network into which people log in: the app that an admin registered there."""

    kind = models.CharField(max_length=32)
    client_id = models.CharField(max_length=255)
    sealed = models.BinaryField()
    """The app's secret, sealed with the workspace's data key; of a public client the empty one."""
    changed_by = models.ForeignKey(Membership, on_delete=models.PROTECT, null=True, related_name="+")
    changed_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "kind"], name="networks_networkapp_kind")]

    def __str__(self) -> str:
        return self.kind


class ChannelUserGrant(UserGrant):
    """A right on a restricted channel for one member."""

    content_object: Any = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="user_grants")


class ChannelGroupGrant(GroupGrant):
    """A right on a restricted channel for one team."""

    content_object: Any = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="group_grants")
