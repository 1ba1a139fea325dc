"""What there is to look after: kinds of work, duties with their scope, and the moderators of channels."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.clock import now
from core.refs import Ref
from teams.models.people import Membership
from teams.states import StarterKind
from teams.tenancy import WorkspaceOwned

DUTY = "teams.duty"


class DutyKind(WorkspaceOwned):
    """A kind of work; the starter kinds carry a key and speak the reader's language."""

    key = models.CharField(max_length=24, blank=True, choices=StarterKind)
    name = models.CharField(_("name"), max_length=80)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "name"], name="teams_dutykind_name"),
            models.UniqueConstraint(
                fields=["workspace", "key"], condition=~models.Q(key=""), name="teams_dutykind_key"
            ),
        ]

    def __str__(self) -> str:
        return str(StarterKind(self.key).label) if self.key else self.name


class Duty(WorkspaceOwned):
    """A kind of work within a scope, with the person responsible; without scopes it is of the whole workspace.

    Who stands in is kept as `Backup` rows of the owner that name this duty. `position` is the order of importance.
    """

    kind = models.ForeignKey(DutyKind, on_delete=models.PROTECT, related_name="duties")
    name = models.CharField(_("name"), max_length=120, blank=True)
    owner = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="duties")
    effort_minutes = models.PositiveIntegerField(default=0)
    position = models.PositiveSmallIntegerField(default=0)
    ended_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(effort_minutes__lte=10_080), name="teams_duty_effort"),
        ]
        indexes = [
            models.Index(
                fields=["workspace", "position", "id"],
                condition=models.Q(ended_at=None),
                name="teams_duty_order",
            ),
        ]

    def __str__(self) -> str:
        return self.name or str(self.kind)

    @property
    def ref(self) -> Ref:
        """Return how backups and the record point at it."""
        return Ref(DUTY, self.pk)


class DutyScope(WorkspaceOwned):
    """A part of what a duty reaches: a network by its kind, a channel or a campaign by its id."""

    duty = models.ForeignKey(Duty, on_delete=models.CASCADE, related_name="scopes")
    type = models.CharField(max_length=64)
    key = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "duty", "type", "key"], name="teams_dutyscope_once")
        ]
        indexes = [models.Index(fields=["workspace", "type", "key"], name="teams_dutyscope_thing")]


class Moderator(WorkspaceOwned):
    """The named person who looks over what goes out on a channel."""

    channel_id = models.UUIDField()
    member = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="moderates")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "channel_id"], name="teams_moderator_channel")
        ]
