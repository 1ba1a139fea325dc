"""When people work: of the workspace, or of one team."""

from django.db import models

from teams.models.people import Team
from teams.tenancy import WorkspaceOwned


class WorkingHours(WorkspaceOwned):
    """A week by the clock of a zone, and the days off; without a team those of the workspace.

    `days` are seven, from Monday: `[from, until]` in minutes of the day, or `[]` for a day off. `country` brings its
    public holidays, `days_off` further dates.
    """

    team = models.OneToOneField(Team, null=True, on_delete=models.CASCADE, related_name="working_hours")
    zone = models.CharField(max_length=64)
    days = models.JSONField(default=list)
    country = models.CharField(max_length=2, blank=True)
    days_off = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "team"], nulls_distinct=False, name="teams_workinghours_once"
            )
        ]
