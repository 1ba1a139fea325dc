"""Who is away, and when: absences, the calendars they come from, and approvals left waiting."""

from django.db import models

from core.clock import now
from core.refs import Ref
from teams.models.people import Membership
from teams.spans import Span
from teams.states import AbsenceCause, AbsenceKind
from teams.tenancy import WorkspaceOwned


class AbsenceFeed(WorkspaceOwned):
    """A calendar whose events are absences: of one member, or of everybody whom its events name.

    The address is a secret and sealed with a key of the row's own; `hint` is its host, for people. `ignored` are
    the absences, as member and event, that a person dropped.
    """

    owner = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="+")
    member = models.ForeignKey(Membership, null=True, on_delete=models.CASCADE, related_name="absence_feeds")
    key = models.BinaryField()
    sealed_url = models.BinaryField()
    hint = models.CharField(max_length=255)
    words = models.CharField(max_length=200, blank=True)
    etag = models.CharField(max_length=255, blank=True)
    modified = models.CharField(max_length=80, blank=True)
    next_fetch_at = models.DateTimeField(default=now)
    fetched_at = models.DateTimeField(null=True)
    failures = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=32, blank=True)
    ignored = models.JSONField(default=list)
    unknown_count = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=now)

    class Meta:
        indexes = [models.Index(fields=["next_fetch_at"], name="teams_absencefeed_due")]


class Absence(WorkspaceOwned):
    """A time in which a member is away and the first available backup acts.

    The clock on the wall and its zone are what was meant, the instants what follows from them. `cover` is who was
    told last that he acts; `returned_at` tells that everything was handed back. A row that a person changed
    (`is_kept`) is no longer changed by its calendar.
    """

    member = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="absences")
    kind = models.CharField(max_length=8, choices=AbsenceKind, default=AbsenceKind.LEAVE)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)
    starts_wall = models.CharField(max_length=19, default="")
    ends_wall = models.CharField(max_length=19, blank=True, default="")
    zone = models.CharField(max_length=64, default="UTC")
    note = models.CharField(max_length=500, blank=True)
    cause = models.CharField(max_length=8, choices=AbsenceCause, default=AbsenceCause.PERSON)
    feed = models.ForeignKey(AbsenceFeed, null=True, on_delete=models.SET_NULL, related_name="absences")
    feed_uid = models.CharField(max_length=400, blank=True)
    is_kept = models.BooleanField(default=False)
    recorded_by = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=now)
    cover = models.ForeignKey(Membership, null=True, on_delete=models.SET_NULL, related_name="+")
    cover_told_at = models.DateTimeField(null=True)
    returned_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["workspace", "member", "starts_at"], name="teams_absence_when"),
            models.Index(
                fields=["ends_at"], condition=models.Q(returned_at=None), name="teams_absence_unreturned"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at=None) | models.Q(ends_at__gt=models.F("starts_at")),
                name="teams_absence_ends_after_start",
            ),
            models.UniqueConstraint(
                fields=["workspace", "feed", "member", "feed_uid"],
                condition=models.Q(feed__isnull=False),
                name="teams_absence_feed_once",
            ),
        ]

    @property
    def span(self) -> Span:
        """Return from when to when."""
        return Span(self.starts_at, self.ends_at)


class TimeOut(WorkspaceOwned):
    """One thing that waited too long for a member who was not seen: his backup acts on it until he is seen."""

    member = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="time_outs")
    subject_type = models.CharField(max_length=64)
    subject_id = models.UUIDField()
    verbs = models.JSONField(default=list)
    started_at = models.DateTimeField(default=now)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "member", "subject_type", "subject_id"],
                condition=models.Q(ended_at=None),
                name="teams_timeout_open",
            )
        ]

    @property
    def ref(self) -> Ref:
        """Return the thing that waits."""
        return Ref(self.subject_type, self.subject_id)
