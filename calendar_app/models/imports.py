"""Files with posts as rows: what was uploaded, what each row says, and which post came of it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from calendar_app.states import ImportState, RowAction, RowState
from core.clock import now
from teams.tenancy import WorkspaceOwned


class Import(WorkspaceOwned):
    """A file of posts on its way in; read by a worker, looked at, then taken in by one.

    `lease` is who works on it until `lease_until`; a row of it is written by nobody else meanwhile. `channels` are
    for rows that name none, `date_order` is what its days were read by (`asked_order` what its maker says they are).
    """

    member = models.ForeignKey("teams.Membership", on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=200)
    stored_key = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=12, choices=ImportState, default=ImportState.READING)
    channels = models.JSONField(default=list)
    asked_order = models.CharField(max_length=3, blank=True)
    date_order = models.CharField(max_length=3, blank=True)
    is_either = models.BooleanField(default=False)
    unknown = models.JSONField(default=list)
    submits = models.BooleanField(default=False)
    may_unapprove = models.BooleanField(default=False)
    total = models.PositiveIntegerField(default=0)
    read_count = models.PositiveIntegerField(default=0)
    done_count = models.PositiveIntegerField(default=0)
    failure = models.CharField(max_length=300, blank=True)
    lease = models.UUIDField(null=True)
    lease_until = models.DateTimeField(default=now)
    created_at = models.DateTimeField(default=now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["workspace", "member", "-id"], name="calendar_app_import_own"),
            models.Index(
                fields=["lease_until"],
                condition=models.Q(state__in=["reading", "running"]),
                name="calendar_app_import_waiting",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_under_way(self) -> bool:
        """Tell whether a worker is at it, or will be."""
        return self.state in (ImportState.READING, ImportState.RUNNING)


class ImportRow(WorkspaceOwned):
    """One row of a file: what it asks for, what is wrong with it by cell, and what became of it."""

    source = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField()
    key = models.CharField(max_length=80)
    action = models.CharField(max_length=8, choices=RowAction)
    state = models.CharField(max_length=8, choices=RowState, default=RowState.WAITING)
    words = models.CharField(max_length=120, blank=True)
    scheduled_at = models.DateTimeField(null=True)
    wanted = models.JSONField(default=dict)
    problems = models.JSONField(default=list)
    post = models.ForeignKey("calendar_app.Post", null=True, on_delete=models.CASCADE, related_name="+")
    seen_version = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "source", "number"], name="calendar_app_importrow_number"
            )
        ]
        indexes = [
            models.Index(
                fields=["workspace", "source", "state", "action"], name="calendar_app_importrow_todo"
            )
        ]

    def __str__(self) -> str:
        return self.words or str(_("Row %(number)d") % {"number": self.number})


class ImportKey(WorkspaceOwned):
    """The post that came of a row without a post's id, so that a second upload finds it; `stand` as it was then."""

    key = models.CharField(max_length=80)
    post = models.ForeignKey("calendar_app.Post", on_delete=models.CASCADE, related_name="+")
    stand = models.CharField(max_length=32)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "key"], name="calendar_app_importkey_once")
        ]
