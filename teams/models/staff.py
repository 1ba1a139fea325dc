"""Visits of an operator of the installation: timed, with a reason, on record."""

from datetime import datetime

from django.db import models

from core.clock import now
from teams.models.people import Membership
from teams.tenancy import WorkspaceOwned


class StaffSession(WorkspaceOwned):
    """One operator's look at one workspace; `member` is an ended membership, which gives no access by itself."""

    member = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=300)
    started_at = models.DateTimeField(default=now)
    ends_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("started_at")), name="teams_staffsession_span"
            ),
        ]
        indexes = [models.Index(fields=["workspace", "-started_at"], name="teams_staffsession_latest")]

    def is_open(self, at: datetime) -> bool:
        """Tell whether the visit gives access at this instant."""
        return self.ended_at is None and self.started_at <= at < self.ends_at
