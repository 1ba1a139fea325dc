"""Who takes over for whom: standing backups."""

from django.db import models

from core.refs import Ref
from teams.models.people import Membership
from teams.tenancy import WorkspaceOwned


class Backup(WorkspaceOwned):
    """A standing backup: who takes over for whom, in which order, for everything or for one thing only.

    Without a scope it is for everything the member holds; a scope names one duty or one channel, and the list of
    that scope comes before the list for everything.
    """

    member = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="backups")
    backup = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="backup_for")
    position = models.PositiveSmallIntegerField()
    scope_type = models.CharField(max_length=64, blank=True)
    scope_id = models.UUIDField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "member", "scope_type", "scope_id", "position"],
                nulls_distinct=False,
                name="teams_backup_position",
            ),
            models.UniqueConstraint(
                fields=["workspace", "member", "scope_type", "scope_id", "backup"],
                nulls_distinct=False,
                name="teams_backup_once",
            ),
            models.CheckConstraint(
                condition=models.Q(scope_type="", scope_id=None)
                | ~models.Q(scope_type="") & models.Q(scope_id__isnull=False),
                name="teams_backup_scope_whole",
            ),
            models.CheckConstraint(
                condition=~models.Q(member=models.F("backup")), name="teams_backup_not_self"
            ),
        ]

    @property
    def scope(self) -> Ref | None:
        """Return the one thing that it is for, None for everything."""
        return Ref(self.scope_type, self.scope_id) if self.scope_id else None
