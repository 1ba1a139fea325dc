"""Series of check-ins, their meetings, and what is said, decided and promised in them."""

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from checkins.states import ActionState, DayRule, MeetingState, PointKind, Verdict, Why
from core.clock import now
from core.refs import Ref
from teams.models import Guest, Membership, Team
from teams.tenancy import WorkspaceOwned

SERIES, MEETING, ACTION = "checkins.series", "checkins.meeting", "checkins.action"


class Series(WorkspaceOwned):
    """A check-in that repeats: by a rule, at a time on the wall of a zone, with whom and about what.

    `agenda` holds points with minutes. In an asynchronous round nobody meets: the time is when updates are due.
    `next_at` is when the dispatcher plans its meetings further ahead, None once it has ended.
    """

    title = models.CharField(_("title"), max_length=120)
    goal = models.CharField(max_length=300, blank=True)
    rule = models.CharField(max_length=200)
    starts_on = models.DateField()
    wall_time = models.TimeField()
    zone = models.CharField(max_length=64)
    minutes = models.PositiveSmallIntegerField(default=30)
    agenda = models.JSONField(default=list)
    call_url = models.CharField(max_length=500, blank=True)
    is_async = models.BooleanField(default=False)
    on_holiday = models.CharField(max_length=8, choices=DayRule, default=DayRule.MOVE)
    on_away = models.CharField(max_length=8, choices=DayRule, default=DayRule.HOLD)
    ask_hours = models.PositiveSmallIntegerField(default=24)
    version = models.PositiveIntegerField(default=1)
    sequence = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=now)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["workspace", "-id"], name="checkins_series_newest"),
            models.Index(fields=["next_at"], condition=Q(next_at__isnull=False), name="checkins_series_due"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def ref(self) -> Ref:
        """Return how the record points at it."""
        return Ref(SERIES, self.pk)


class Seat(WorkspaceOwned):
    """Somebody who attends a series: a member, everybody of a team, or a guest."""

    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="seats")
    member = models.ForeignKey(Membership, null=True, on_delete=models.CASCADE, related_name="+")
    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="+")
    guest = models.ForeignKey(Guest, null=True, on_delete=models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "series", "position"], name="checkins_seat_position"
            ),
            models.UniqueConstraint(
                fields=["workspace", "series", "member", "team", "guest"],
                nulls_distinct=False,
                name="checkins_seat_once",
            ),
            models.CheckConstraint(
                condition=Q(member__isnull=False, team=None, guest=None)
                | Q(member=None, team__isnull=False, guest=None)
                | Q(member=None, team=None, guest__isnull=False),
                name="checkins_seat_of_one",
            ),
        ]
        indexes = [
            models.Index(fields=["workspace", "member"], name="checkins_seat_of_member"),
            models.Index(fields=["workspace", "guest"], name="checkins_seat_of_guest"),
        ]


class Invitation(WorkspaceOwned):
    """A series in somebody's own calendar: which state of it was mailed last, and when another is due.

    Withdrawn once the person attends no more; kept then, so that the calendar is told.
    """

    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="invitations")
    member = models.ForeignKey(Membership, null=True, on_delete=models.CASCADE, related_name="+")
    guest = models.ForeignKey(Guest, null=True, on_delete=models.PROTECT, related_name="+")
    is_withdrawn = models.BooleanField(default=False)
    sent_sequence = models.PositiveIntegerField(null=True)
    sent_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "series", "member", "guest"],
                nulls_distinct=False,
                name="checkins_invitation_once",
            ),
            models.CheckConstraint(
                condition=Q(member__isnull=False, guest=None) | Q(member=None, guest__isnull=False),
                name="checkins_invitation_of_one",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                condition=Q(next_attempt_at__isnull=False),
                name="checkins_invitation_due",
            )
        ]


class Meeting(WorkspaceOwned):
    """One meeting of a series: the one of the day on which the rule put it, whenever it takes place.

    `item` is the point of the agenda at which it is; the clock has run `clock_seconds` and, while it runs, since
    `clock_since`. `words` is everything that was said, for searching. `next_at` is when the dispatcher has something
    to do with it: ask for updates, remind, call it overdue.
    """

    series = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="meetings")
    occurs_on = models.DateField()
    state = models.CharField(max_length=8, choices=MeetingState, default=MeetingState.PLANNED)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    wall = models.CharField(max_length=19)
    zone = models.CharField(max_length=64)
    planned_at = models.DateTimeField()
    reason = models.CharField(max_length=8, choices=Why, blank=True)
    host = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")
    goal = models.CharField(max_length=300, blank=True)
    agenda = models.JSONField(default=list)
    item = models.PositiveSmallIntegerField(default=0)
    clock_seconds = models.PositiveIntegerField(default=0)
    clock_since = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(null=True)
    nudged_at = models.DateTimeField(null=True)
    reminded_at = models.DateTimeField(null=True)
    overdue_at = models.DateTimeField(null=True)
    next_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    words = models.TextField(blank=True)
    created_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "series", "occurs_on"], name="checkins_meeting_of_day"
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=models.F("starts_at")), name="checkins_meeting_ends_later"
            ),
        ]
        indexes = [
            models.Index(fields=["workspace", "series", "-starts_at", "-id"], name="checkins_meeting_newest"),
            models.Index(fields=["workspace", "state", "starts_at", "id"], name="checkins_meeting_next"),
            models.Index(fields=["next_at"], condition=Q(next_at__isnull=False), name="checkins_meeting_due"),
        ]

    def __str__(self) -> str:
        return self.series.title

    @property
    def ref(self) -> Ref:
        """Return how the record points at it."""
        return Ref(MEETING, self.pk)

    @property
    def is_planned(self) -> bool:
        """Tell whether it is still to come."""
        return self.state == MeetingState.PLANNED

    @property
    def is_open(self) -> bool:
        """Tell whether it is under way."""
        return self.state == MeetingState.OPEN

    @property
    def is_closed(self) -> bool:
        """Tell whether its minutes are out."""
        return self.state == MeetingState.CLOSED

    @property
    def takes_words(self) -> bool:
        """Tell whether updates, points and actions can be added."""
        return self.state in (MeetingState.PLANNED, MeetingState.OPEN)

    def ran_seconds(self, at: datetime) -> int:
        """Return for how many seconds its clock has run."""
        since = self.clock_since
        return self.clock_seconds + (int((at - since).total_seconds()) if since and at > since else 0)

    def left(self, at: datetime) -> timedelta:
        """Return how much of its time is left; less than nothing once it is over."""
        return (self.ends_at - self.starts_at) - timedelta(seconds=self.ran_seconds(at))


class Update(WorkspaceOwned):
    """What somebody shares in a meeting: wins, where help is wanted, goals. Asked for while `written_at` is empty.

    `happened` is what the product knew of the time since the last meeting when it asked. `by` wrote it in the
    person's place. `helper` took the offer of help.
    """

    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="updates")
    member = models.ForeignKey(Membership, null=True, on_delete=models.CASCADE, related_name="+")
    guest = models.ForeignKey(Guest, null=True, on_delete=models.PROTECT, related_name="+")
    wins = models.TextField(max_length=2000, blank=True)
    help = models.TextField(max_length=2000, blank=True)
    goals = models.TextField(max_length=2000, blank=True)
    happened = models.JSONField(default=list)
    is_due = models.BooleanField(default=True)
    written_at = models.DateTimeField(null=True)
    by = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")
    helper = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")
    helper_guest = models.ForeignKey(Guest, null=True, on_delete=models.PROTECT, related_name="+")
    helped_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "meeting", "member", "guest"],
                nulls_distinct=False,
                name="checkins_update_once",
            ),
            models.CheckConstraint(
                condition=Q(member__isnull=False, guest=None) | Q(member=None, guest__isnull=False),
                name="checkins_update_of_one",
            ),
        ]
        indexes = [
            models.Index(
                fields=["workspace", "member"],
                condition=Q(written_at=None, is_due=True),
                name="checkins_update_missing",
            )
        ]

    @property
    def who(self) -> str:
        """Return whose it is."""
        return self.member.user.name if self.member else self.guest.name if self.guest else ""

    @property
    def helper_name(self) -> str:
        """Return who helps, "" while nobody does."""
        if self.helper:
            return self.helper.user.name
        return self.helper_guest.name if self.helper_guest else ""


class Point(WorkspaceOwned):
    """A decision or note of a meeting; never changed, taken out at most."""

    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="points")
    kind = models.CharField(max_length=8, choices=PointKind)
    text = models.CharField(max_length=1000)
    by = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=now)

    class Meta:
        indexes = [models.Index(fields=["workspace", "meeting", "id"], name="checkins_point_of")]

    def __str__(self) -> str:
        return self.text


class Action(WorkspaceOwned):
    """What somebody has promised in a meeting, until it is reported as done or dropped.

    `next_at` is when its owner is reminded.
    """

    series = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="actions")
    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="actions")
    member = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")
    guest = models.ForeignKey(Guest, null=True, on_delete=models.PROTECT, related_name="+")
    text = models.CharField(max_length=300)
    due_on = models.DateField()
    due_at = models.DateTimeField()
    subject_type = models.CharField(max_length=64, blank=True)
    subject_id = models.UUIDField(null=True)
    state = models.CharField(max_length=8, choices=ActionState, default=ActionState.OPEN)
    next_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=now)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(member__isnull=False, guest=None) | Q(member=None, guest__isnull=False),
                name="checkins_action_of_one",
            )
        ]
        indexes = [
            models.Index(fields=["workspace", "series", "state", "due_on"], name="checkins_action_of_series"),
            models.Index(
                fields=["workspace", "member", "due_at"],
                condition=Q(state=ActionState.OPEN),
                name="checkins_action_open",
            ),
            models.Index(fields=["next_at"], condition=Q(next_at__isnull=False), name="checkins_action_due"),
        ]

    def __str__(self) -> str:
        return self.text

    @property
    def ref(self) -> Ref:
        """Return how the record points at it."""
        return Ref(ACTION, self.pk)

    @property
    def subject(self) -> Ref | None:
        """Return what it is about, None where it names nothing."""
        return Ref(self.subject_type, self.subject_id) if self.subject_id else None

    @property
    def who(self) -> str:
        """Return who owns it."""
        return self.member.user.name if self.member else self.guest.name if self.guest else ""

    @property
    def is_open(self) -> bool:
        """Tell whether it is neither done nor dropped."""
        return self.state == ActionState.OPEN


class Report(WorkspaceOwned):
    """What was said of an action in a meeting: once for each; said anew while the meeting is not closed."""

    action = models.ForeignKey(Action, on_delete=models.CASCADE, related_name="reports")
    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="reports")
    verdict = models.CharField(max_length=8, choices=Verdict)
    reason = models.CharField(max_length=300, blank=True)
    by = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")
    by_guest = models.ForeignKey(Guest, null=True, on_delete=models.PROTECT, related_name="+")
    on_behalf_of = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "meeting", "action"], name="checkins_report_once"),
            models.CheckConstraint(
                condition=~Q(verdict=Verdict.DROP) | ~Q(reason=""), name="checkins_report_says_why"
            ),
        ]

    @property
    def who(self) -> str:
        """Return who said it."""
        return self.by.user.name if self.by else self.by_guest.name if self.by_guest else ""
