"""Questions about deliveries and pauses."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Prefetch, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from calendar_app.models import Campaign, Post, RevisionVariant
from calendar_app.permissions import hidden_channel_ids
from calendar_app.selectors import get_post, posts_visible_to
from core.errors import NotFound
from files.models import Media
from networks.models import Channel
from networks.permissions import PUBLISH, usable
from publishing.covering import deliveries_under
from publishing.models import Attempt, Delivery, Hold
from publishing.permissions import REPEAT, RESOLVE, SEE
from publishing.states import REVIEWED, AttemptOutcome, DeliveryState, HeldFor, Reason
from publishing.timing import clock, late_after
from teams.actors import Actor
from teams.limits import rows_limited
from teams.models import Workspace
from teams.permissions import can, require, selves

MOST_ROWS = 200
TROUBLED = (
    DeliveryState.NEEDS_ATTENTION,
    DeliveryState.REJECTED,
    DeliveryState.FAILED,
    DeliveryState.EXPIRED,
)
REPEATABLE = (DeliveryState.REJECTED, DeliveryState.FAILED, DeliveryState.EXPIRED)


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One delivery as the post page shows it: what was tried, what the reader may do about it."""

    delivery: Delivery
    attempts: Sequence[Attempt]
    can_resolve: bool
    can_repeat: bool

    @property
    def is_late_question(self) -> bool:
        """Tell whether it waits for a word because it was never sent in time."""
        return self.delivery.reason in (Reason.LATE, Reason.ABSENT)

    @property
    def lateness(self) -> timedelta | None:
        """Return how long after its time it went out."""
        if self.delivery.published_at is None:
            return None
        return max(timedelta(0), self.delivery.published_at - self.delivery.scheduled_at)

    @property
    def why(self) -> str:
        """Return why it stands where it stands, in words."""
        return str(Reason(self.delivery.reason).label) if self.delivery.reason else ""


@dataclass(frozen=True, slots=True)
class HandWork:
    """What a person posts by hand: words, files in their order, and the address that opens the account."""

    text: str
    files: Sequence[Media]
    page: str


def deliveries_visible_to(by: Actor) -> QuerySet[Delivery]:
    """Return the deliveries of posts and on channels that the actor may see, unordered."""
    rows = Delivery.objects.filter(post__in=posts_visible_to(by)).select_related(
        "channel", "post", "revision"
    )
    hidden = hidden_channel_ids(by)
    return rows.exclude(channel__in=hidden) if hidden else rows


def deliveries_of(by: Actor, post_id: UUID) -> QuerySet[Delivery]:
    """Return a post's deliveries with their attempts, in the order of its channels. Raises: NotFound."""
    post = get_post(by, post_id)
    attempts = Prefetch("attempts", queryset=Attempt.objects.order_by("number", "pk"))
    rows = Delivery.objects.filter(post=post).select_related("channel", "revision").prefetch_related(attempts)
    hidden = hidden_channel_ids(by)
    rows = rows.exclude(channel__in=hidden) if hidden else rows
    return rows.order_by("channel__position", "channel_id", "occurrence_no", "pk")


def get_delivery(by: Actor, pk: UUID, verb: str = SEE) -> Delivery:
    """Return a delivery for a purpose. Raises: NotFound, NotAllowed."""
    found = deliveries_visible_to(by).filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such delivery."))
    require(by, verb, found)
    return found


def ledger_rows(by: Actor, post: Post) -> list[LedgerRow]:
    """Return what the post page shows: each delivery with its attempts, cancelled ones left out beside others."""
    rows = list(deliveries_of(by, post.pk)[:MOST_ROWS])
    latest = {row.channel_id: row.pk for row in rows}
    kept = [row for row in rows if row.state != DeliveryState.CANCELLED or row.attempts.all()]
    may_resolve, may_repeat = can(by, RESOLVE), can(by, REPEAT)
    return [
        LedgerRow(
            delivery=row,
            attempts=list(row.attempts.all()),
            can_resolve=may_resolve and row.state == DeliveryState.NEEDS_ATTENTION and can(by, RESOLVE, row),
            can_repeat=may_repeat
            and latest[row.channel_id] == row.pk
            and (row.state in REPEATABLE or _is_late(row))
            and can(by, REPEAT, row),
        )
        for row in kept
    ]


def hand_work(delivery: Delivery) -> HandWork:
    """Return what somebody needs who posts a delivery by hand, exactly as it was approved."""
    variants = RevisionVariant.objects.filter(revision=delivery.revision_id, channel=delivery.channel_id)
    payload = variants.values_list("payload", flat=True).get()
    wanted = [entry["id"] for entry in payload["media"]]
    found = {str(media.pk): media for media in Media.objects.filter(pk__in=wanted)}
    files = [found[ident] for ident in wanted if ident in found]
    return HandWork(payload["text"], files, str(delivery.channel.facts.get("page", "")))


def troubled(by: Actor) -> QuerySet[Delivery]:
    """Return what went wrong or needs a word, newest first; what was sent again since is left out."""
    return _not_repeated(deliveries_visible_to(by).filter(state__in=TROUBLED))


def unresolved(by: Actor) -> QuerySet[Delivery]:
    """Return the deliveries of which nobody knows whether they are live and of which the actor may say it."""
    found = Delivery.objects.none()
    for holder in selves(by, RESOLVE):
        if RESOLVE in holder.verbs:
            found = found | _unresolved_of(by, holder)
    return found


def _unresolved_of(by: Actor, holder: Actor) -> QuerySet[Delivery]:
    channels = Channel.objects.filter(usable(holder, PUBLISH))
    rows = deliveries_visible_to(by).filter(state=DeliveryState.NEEDS_ATTENTION)
    rows = rows_limited(holder.limits, RESOLVE, rows)
    return _not_repeated(rows.filter(channel__in=channels.order_by().values("pk")))


def interrupted(by: Actor) -> QuerySet[Delivery]:
    """Return what an outage or a restore interrupted: still asked about, live, or waiting for a word; newest first."""
    return _not_repeated(deliveries_visible_to(by).filter(reason__in=[str(reason) for reason in REVIEWED]))


def held_deliveries(by: Actor, hold: Hold | None = None) -> QuerySet[Delivery]:
    """Return what waits for pauses to end, or for one of them, first due first."""
    rows = deliveries_visible_to(by).filter(state=DeliveryState.SCHEDULED, held_for=HeldFor.PAUSE)
    rows = rows.filter(deliveries_under(hold)) if hold is not None else rows
    return rows.order_by("scheduled_at", "pk")


def too_late(rows: QuerySet[Delivery], workspace: Workspace) -> QuerySet[Delivery]:
    """Return which of these ask before they go out, if their pause ended now."""
    return rows.filter(call_no=0, run_at__lte=clock(-late_after(workspace.settings).total_seconds()))


def standing_hold() -> Hold | None:
    """Return the pause of the whole workspace in scope, None where there is none."""
    return _standing().filter(channel=None, campaign=None).first()


def standing_holds(by: Actor) -> QuerySet[Hold]:
    """Return the pauses that stand, as far as the actor may see what they pause, that of everything first."""
    hidden = hidden_channel_ids(by)
    rows = _standing().exclude(channel__in=hidden) if hidden else _standing()
    return rows.order_by(F("channel").desc(nulls_first=True), F("campaign").desc(nulls_first=True), "pk")


def get_hold(by: Actor, pk: UUID) -> Hold:
    """Return a pause that stands. Raises: NotFound."""
    found = standing_holds(by).filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such pause; it may have ended."))
    return found


def hold_of(*, channel: Channel | None = None, campaign: Campaign | None = None) -> Hold | None:
    """Return the pause of just this channel or campaign."""
    return _standing().filter(channel=channel, campaign=campaign).first()


def paused_channel_ids(by: Actor) -> set[UUID]:
    """Return the channels that have a pause of their own."""
    return {row.channel_id for row in standing_holds(by).filter(channel__isnull=False) if row.channel_id}


def _standing() -> QuerySet[Hold]:
    return Hold.objects.filter(ended_at=None).select_related("started_by__user", "channel", "campaign")


def held_posts(_by: Actor) -> QuerySet[Delivery]:
    """Return the held deliveries, whose posts wait."""
    return Delivery.objects.filter(state=DeliveryState.SCHEDULED).exclude(held_for=HeldFor.NOTHING)


def hold_row(by: Actor) -> QuerySet[Hold, Any]:
    """Return the standing pause with who began it and how many of the actor's posts wait, as plain values."""
    together = held_deliveries(by).order_by().annotate(one=Value(1)).values("one")
    waiting = together.annotate(posts=Count("post_id", distinct=True)).values("posts")
    rows = Hold.objects.filter(ended_at=None, channel=None, campaign=None)
    rows = rows.annotate(name=F("started_by__user__name"))
    return rows.annotate(waiting=Coalesce(Subquery(waiting), 0)).values(
        "text", "started_at", "name", "waiting"
    )[:1]


def outcome_of(attempt: Attempt, delivery: Delivery) -> str | None:
    """Return what is known of an attempt: None while its call may be under way."""
    if attempt.outcome:
        return str(attempt.outcome)
    is_under_way = delivery.state == DeliveryState.SENDING and attempt.lease_token == delivery.lease_token
    return None if is_under_way else str(AttemptOutcome.UNKNOWN)


def _not_repeated(rows: QuerySet[Delivery]) -> QuerySet[Delivery]:
    replaced = rows.filter(
        post__deliveries__channel_id=F("channel_id"), post__deliveries__occurrence_no__gt=F("occurrence_no")
    )
    return rows.exclude(pk__in=replaced.values("pk")).order_by("-scheduled_at", "-pk")


def _is_late(row: Delivery) -> bool:
    return row.state == DeliveryState.NEEDS_ATTENTION and row.reason in (Reason.LATE, Reason.ABSENT)
