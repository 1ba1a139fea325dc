"""What the workspace's directory says over SCIM: people and groups in its words, apart from members and accounts."""

from django.db import models
from django.db.models.functions import Lower

from core.clock import now
from teams.models.people import Membership
from teams.tenancy import WorkspaceOwned


class DirectoryUser(WorkspaceOwned):
    """Somebody whom the directory manages; `member` once he belongs to the workspace.

    Names and addresses are the directory's own and never written to an account. `version` is the ETag.
    """

    user_name = models.CharField(max_length=254)
    external_id = models.CharField(max_length=255, blank=True)
    email = models.EmailField(blank=True)
    given_name = models.CharField(max_length=120, blank=True)
    family_name = models.CharField(max_length=120, blank=True)
    display_name = models.CharField(max_length=200, blank=True)
    title = models.CharField(max_length=120, blank=True)
    is_active = models.BooleanField(default=True)
    member = models.ForeignKey(
        Membership, null=True, on_delete=models.CASCADE, related_name="directory_users"
    )
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(default=now)
    changed_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [
            models.UniqueConstraint("workspace", Lower("user_name"), name="teams_directoryuser_name"),
            models.UniqueConstraint(
                fields=["workspace", "member"],
                condition=models.Q(member__isnull=False),
                name="teams_directoryuser_member",
            ),
        ]


class DirectoryGroup(WorkspaceOwned):
    """A group of the directory; what it means here stands in the rules for groups."""

    name = models.CharField(max_length=200)
    external_id = models.CharField(max_length=255, blank=True)
    people = models.ManyToManyField(DirectoryUser, through="DirectoryGroupMember", related_name="groups")
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(default=now)
    changed_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [models.UniqueConstraint("workspace", Lower("name"), name="teams_directorygroup_name")]


class DirectoryGroupMember(WorkspaceOwned):
    """One person in one group of the directory."""

    group = models.ForeignKey(DirectoryGroup, on_delete=models.CASCADE, related_name="rows")
    person = models.ForeignKey(DirectoryUser, on_delete=models.CASCADE, related_name="rows")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "group", "person"], name="teams_directorygroupmember_once"
            )
        ]
