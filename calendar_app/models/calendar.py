"""Posts, their revisions, and what stands around them in the calendar."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from calendar_app.briefs import Brief, BriefRevision
from calendar_app.states import PostState, ViewPage
from core.clock import now
from teams.models import LANGUAGES
from teams.states import ActorKind
from teams.tenancy import WorkspaceOwned

__all__ = ["Brief", "BriefRevision"]

RATINGS = [("G", "G"), ("PG", "PG"), ("PG-13", "PG-13"), ("R", "R")]
RISKS = [("low", _("low")), ("medium", _("medium")), ("high", _("high"))]
HEADLINE_MAX = 120


class Campaign(WorkspaceOwned):
    """A promotion that runs from one day to another, both included."""

    name = models.CharField(_("name"), max_length=120)
    starts_on = models.DateField(_("first day"))
    ends_on = models.DateField(_("last day"))
    colour = models.CharField(_("colour"), max_length=16, blank=True)
    goal = models.CharField(_("goal"), max_length=500, blank=True)
    owner = models.ForeignKey("teams.Membership", null=True, on_delete=models.PROTECT, related_name="+")
    is_archived = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_on__gte=models.F("starts_on")), name="calendar_app_campaign_days"
            )
        ]
        indexes = [
            models.Index(fields=["workspace", "starts_on", "ends_on"], name="calendar_app_campaign_when")
        ]

    def __str__(self) -> str:
        return self.name


class Label(WorkspaceOwned):
    """A word by which posts are sorted and routed."""

    name = models.CharField(_("name"), max_length=60)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "name"], name="calendar_app_label_name")]

    def __str__(self) -> str:
        return self.name


class Post(WorkspaceOwned):
    """Something to be said at one time on one or more channels.

    The planned time is an instant (`scheduled_at`, UTC) and what people meant by it: `wall_time` (ISO 8601 without
    offset, to the second), zone and fold. `version` is the number of the current revision, by which edits are
    guarded against each other.
    """

    title = models.CharField(_("title"), max_length=200, blank=True)
    headline = models.CharField(max_length=HEADLINE_MAX, blank=True)
    state = models.CharField(max_length=20, choices=PostState, default=PostState.DRAFT)
    author = models.ForeignKey("teams.Membership", null=True, on_delete=models.PROTECT, related_name="+")
    given_by = models.ForeignKey(
        "teams.Membership", null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    given_at = models.DateTimeField(null=True)
    campaign = models.ForeignKey(Campaign, null=True, on_delete=models.PROTECT, related_name="posts")
    language = models.CharField(_("language"), max_length=8, choices=LANGUAGES, blank=True)
    rating = models.CharField(_("content rating"), max_length=8, choices=RATINGS, blank=True)
    risk = models.CharField(_("risk"), max_length=8, choices=RISKS, blank=True, default="", db_default="")
    labels = models.ManyToManyField(Label, through="PostLabel", related_name="posts")
    scheduled_at = models.DateTimeField(null=True)
    wall_time = models.CharField(max_length=19, blank=True)
    zone = models.CharField(max_length=64, blank=True)
    fold = models.PositiveSmallIntegerField(default=0)
    current_revision = models.ForeignKey(
        "calendar_app.Revision", null=True, on_delete=models.PROTECT, related_name="+"
    )
    version = models.PositiveIntegerField(default=0)
    state_before_archive = models.CharField(max_length=20, blank=True)
    archived_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=now)
    updated_at = models.DateTimeField(default=now)

    class Meta:
        indexes = [
            models.Index(
                fields=["workspace", "scheduled_at", "id"],
                include=["state", "campaign", "author"],
                condition=models.Q(archived_at=None),
                name="calendar_app_post_when",
            ),
            models.Index(fields=["workspace", "-id"], name="calendar_app_post_newest"),
            models.Index(
                fields=["workspace", "author"],
                condition=models.Q(given_by__isnull=False, archived_at=None),
                name="calendar_app_post_given",
            ),
            models.Index(
                fields=["workspace", "state", "scheduled_at", "id"],
                condition=models.Q(archived_at=None),
                name="calendar_app_post_board",
            ),
            models.Index(
                fields=["scheduled_at"],
                condition=models.Q(state__in=["draft", "in_review", "changes_requested"], archived_at=None),
                name="calendar_app_post_expiring",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(scheduled_at=None, wall_time="", zone="")
                | models.Q(scheduled_at__isnull=False) & ~models.Q(wall_time="") & ~models.Q(zone=""),
                name="calendar_app_post_time_whole",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="scheduled") | models.Q(scheduled_at__isnull=False),
                name="calendar_app_post_scheduled_has_time",
            ),
            models.CheckConstraint(
                condition=models.Q(state="archived", archived_at__isnull=False)
                | ~models.Q(state="archived") & models.Q(archived_at=None),
                name="calendar_app_post_archived",
            ),
        ]

    def __str__(self) -> str:
        return self.headline or str(_("Untitled post"))

    @property
    def local_time(self) -> datetime | None:
        """Return the planned time as the clock on the wall of its zone shows it."""
        if self.scheduled_at is None:
            return None
        return self.scheduled_at.astimezone(ZoneInfo(self.zone))

    @property
    def is_archived(self) -> bool:
        """Tell whether it was put away."""
        return self.archived_at is not None


class PostLabel(WorkspaceOwned):
    """One label on one post."""

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="post_labels")
    label = models.ForeignKey(Label, on_delete=models.PROTECT, related_name="post_labels")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "post", "label"], name="calendar_app_postlabel_once")
        ]


class PostChannel(WorkspaceOwned):
    """A channel of a post's current revision, kept beside it so that lists need not open revisions."""

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="post_channels")
    channel = models.ForeignKey("networks.Channel", on_delete=models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "post", "channel"], name="calendar_app_postchannel_once"
            )
        ]


class Revision(WorkspaceOwned):
    """What a post said at one moment; never changes.

    `content` is the document as written (what is inherited, what is changed); the variants are what comes of it.
    """

    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    base_number = models.PositiveIntegerField(default=0)
    content = models.JSONField(default=dict)
    content_hash = models.CharField(max_length=64)
    reason = models.CharField(max_length=16, default="save")
    created_by = models.ForeignKey("teams.Membership", null=True, on_delete=models.PROTECT, related_name="+")
    actor_kind = models.CharField(max_length=12, choices=ActorKind)
    actor_id = models.UUIDField(null=True)
    on_behalf_of = models.UUIDField(null=True)
    created_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "post", "number"], name="calendar_app_revision_number"
            )
        ]

    def __str__(self) -> str:
        return f"{self.post_id} r{self.number}"


class RevisionVariant(WorkspaceOwned):
    """One channel's share of a revision: what was written for it, and the payload that will be sent."""

    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="variants")
    channel = models.ForeignKey("networks.Channel", on_delete=models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField(default=0)
    text = models.TextField(blank=True)
    media = models.JSONField(default=list)
    options = models.JSONField(default=dict)
    scheduled_at = models.DateTimeField(null=True)
    payload = models.JSONField(default=dict)
    problems = models.JSONField(default=list)
    length = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "revision", "channel"], name="calendar_app_variant_once"
            )
        ]


class WorkingCopy(WorkspaceOwned):
    """What a member is typing and has not saved; private. Without a post: one that is just being begun."""

    post = models.ForeignKey(Post, null=True, on_delete=models.CASCADE, related_name="working_copies")
    member = models.ForeignKey("teams.Membership", on_delete=models.CASCADE, related_name="+")
    base_number = models.PositiveIntegerField(default=0)
    content = models.JSONField(default=dict)
    version = models.PositiveIntegerField(default=1)
    updated_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "post", "member"], name="calendar_app_workingcopy_once"
            )
        ]


class Note(WorkspaceOwned):
    """A few words on a day of the calendar."""

    on_date = models.DateField()
    text = models.CharField(max_length=300)
    created_by = models.ForeignKey("teams.Membership", null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=now)

    class Meta:
        indexes = [models.Index(fields=["workspace", "on_date"], name="calendar_app_note_day")]

    def __str__(self) -> str:
        return self.text


class KeyDate(WorkspaceOwned):
    """A day that matters to everybody: a holiday, a launch."""

    on_date = models.DateField()
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=16, default="holiday")

    class Meta:
        indexes = [models.Index(fields=["workspace", "on_date"], name="calendar_app_keydate_day")]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "on_date", "name"], name="calendar_app_keydate_once")
        ]

    def __str__(self) -> str:
        return self.name


class Slot(WorkspaceOwned):
    """A time of the week at which a channel usually says something; weekday 0 is Monday, the zone the workspace's."""

    channel = models.ForeignKey("networks.Channel", on_delete=models.PROTECT, related_name="+")
    weekday = models.PositiveSmallIntegerField()
    wall_time = models.TimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "channel", "weekday", "wall_time"], name="calendar_app_slot_once"
            ),
            models.CheckConstraint(condition=models.Q(weekday__lte=6), name="calendar_app_slot_weekday"),
        ]

    def falls_on(self, day: date) -> bool:
        """Tell whether the slot is on this day of the week."""
        return day.weekday() == self.weekday


class SavedView(WorkspaceOwned):
    """A way to look at the calendar under a name: a page, and its filters as they stand in an address.

    Private to its owner, or shared with the workspace.
    """

    owner = models.ForeignKey("teams.Membership", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(_("name"), max_length=80)
    page = models.CharField(max_length=8, choices=ViewPage, default=ViewPage.MONTH)
    filters = models.JSONField(default=dict)
    is_shared = models.BooleanField(_("shared with everybody"), default=False)
    created_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [
            models.UniqueConstraint("workspace", "owner", Lower("name"), name="calendar_app_savedview_name")
        ]
        indexes = [models.Index(fields=["workspace", "is_shared"], name="calendar_app_savedview_shared")]

    def __str__(self) -> str:
        return self.name


class DefaultView(WorkspaceOwned):
    """The saved view with which the calendar begins for a member."""

    member = models.ForeignKey("teams.Membership", on_delete=models.CASCADE, related_name="+")
    view = models.ForeignKey(SavedView, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "member"], name="calendar_app_defaultview_once")
        ]


class Feed(WorkspaceOwned):
    """A saved view given out as a calendar (ICS) to whoever holds its secret, with the rights of who made it.

    `asks` counts the readings of the minute from `asks_since`.
    """

    view = models.ForeignKey(SavedView, on_delete=models.CASCADE, related_name="feeds")
    member = models.ForeignKey("teams.Membership", on_delete=models.PROTECT, related_name="+")
    purpose = models.CharField(max_length=80, blank=True)
    key_id = models.UUIDField()
    created_at = models.DateTimeField(default=now)
    read_at = models.DateTimeField(null=True)
    asks = models.PositiveIntegerField(default=0)
    asks_since = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["workspace", "view"], name="calendar_app_feed_of")]


class FeedEvent(WorkspaceOwned):
    """What a feed last said of a post: by it the next reading counts SEQUENCE up and cancels what is gone."""

    feed = models.ForeignKey(Feed, on_delete=models.CASCADE, related_name="events")
    post_id = models.UUIDField()
    starts_at = models.DateTimeField()
    mark = models.CharField(max_length=64)
    sequence = models.PositiveIntegerField(default=0)
    is_cancelled = models.BooleanField(default=False)
    changed_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "feed", "post_id"], name="calendar_app_feedevent_once"
            )
        ]
