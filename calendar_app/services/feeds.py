"""Feeds of saved views: made with a secret shown once, read, taken back."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Case, F, Value, When
from django.utils import translation
from django.utils.translation import gettext as _

from calendar_app.ics import Event, written
from calendar_app.models import Feed, FeedEvent, Post, PostChannel, SavedView
from calendar_app.permissions import MAKE_FEED, SEE, hidden_channel_ids
from calendar_app.saved import filter_of_view, get_view
from calendar_app.selectors import posts_visible_to
from calendar_app.states import PostState
from core.clock import now
from core.errors import Invalid, NotAllowed, NotFound, TooMany
from core.record import record
from core.refs import Ref
from core.templatetags.ui import network_name
from teams.actors import Actor
from teams.models import AccessKey, Workspace
from teams.permissions import actor_of, require
from teams.services.keys import make_key, note_used, revoke_key
from teams.states import ActorKind, KeyKind

MOST_FEEDS = 20
MOST_EVENTS = 2000
MOST_ASKS = 30
MINUTE = timedelta(minutes=1)
BEHIND, AHEAD = timedelta(days=31), timedelta(days=366)
KEPT_CANCELLED = timedelta(days=31)
S = PostState
FIRM = (S.APPROVED, S.SCHEDULED, S.PUBLISHING, S.PUBLISHED, S.PARTLY_PUBLISHED, S.NEEDS_ATTENTION)
OFF = (S.REJECTED, S.EXPIRED, S.FAILED, S.CANCELLED)


def make_feed(*, view: SavedView, purpose: str, by: Actor) -> tuple[Feed, str]:
    """Give a view out as a calendar and return it with its secret, which cannot be read again.

    It shows what its maker may see, as long as he may. Raises: NotAllowed; Invalid.
    Records: calendar_app.feed.made, teams.accesskey.made.
    """
    require(by, MAKE_FEED)
    if by.member is None or by.kind != ActorKind.MEMBER:
        raise NotAllowed(_("Everybody makes their own feeds."), verb=MAKE_FEED)
    if Feed.objects.filter(member=by.member).count() >= MOST_FEEDS:
        raise Invalid(_("You have %(count)s feeds. Take one back first.") % {"count": MOST_FEEDS})
    feed = Feed(workspace_id=view.workspace_id, view=view, member=by.member, purpose=purpose.strip()[:80])
    key, secret = make_key(
        kind=KeyKind.FEED, workspace=view.workspace, subject=_ref(feed), by=by, purpose=feed.purpose
    )
    feed.key_id = key.pk
    feed.save(force_insert=True)
    record("calendar_app.feed.made", by=by, subject=_ref(feed))
    return feed, secret


def end_feed(*, feed: Feed, by: Actor) -> None:
    """Take a feed back: its address opens nothing from now on.

    Raises: NotAllowed for somebody else's without the right over members.
    Records: calendar_app.feed.ended, teams.accesskey.revoked.
    """
    key = AccessKey.objects.filter(pk=feed.key_id).first()
    if key is not None:
        revoke_key(key=key, by=by)
    record("calendar_app.feed.ended", by=by, subject=_ref(feed))
    feed.delete()


def end_feeds_of(*, view: SavedView, by: Actor) -> None:
    """Take back every feed of a view that goes. Records: calendar_app.feed.ended for each."""
    for feed in Feed.objects.filter(view=view):
        AccessKey.objects.filter(pk=feed.key_id, revoked_at=None).update(revoked_at=now())
        record("calendar_app.feed.ended", by=by, subject=_ref(feed))


def read_feed(*, key: AccessKey, root: str) -> bytes:
    """Return a feed as it stands, and keep what was said, so that the next reading counts up and cancels.

    Raises: NotFound where the feed, its view or its maker's right is gone; TooMany.
    Locks: the feed's row, so that two readings count one after the other.
    """
    rows = Feed.objects.select_for_update(of=("self",)).select_related("view", "member__role", "member__user")
    feed = rows.filter(pk=key.subject_id, key_id=key.pk).first()
    if feed is None:
        raise _gone()
    _count_ask(feed)
    note_used(key)
    by = _reader(feed, key)
    view = get_view(by, feed.view_id)
    with translation.override(feed.member.user.language):
        shown, horizon = _shown(by, view, key.workspace, root)
        events = _followed(feed, shown, horizon)
    return written(view.name, key.workspace.timezone, events)


def _reader(feed: Feed, key: AccessKey) -> Actor:
    maker = feed.member
    if not maker.is_active or not maker.user.is_active:
        raise _gone()
    own = actor_of(maker)
    if SEE not in own.verbs:
        raise _gone()
    return Actor(ActorKind.TOKEN, feed.workspace_id, key.pk, maker, frozenset({SEE}), limits=own.limits)


def _shown(by: Actor, view: SavedView, workspace: Workspace, root: str) -> tuple[list[Event], datetime]:
    """Return the events of the view's posts in time, and the instant up to which they are complete."""
    start, end = now() - BEHIND, now() + AHEAD
    rows = posts_visible_to(by, filter_of_view(view.filters)).filter(
        scheduled_at__gte=start, scheduled_at__lt=end
    )
    posts = list(rows.order_by("scheduled_at", "id")[: MOST_EVENTS + 1])
    channels = _channel_names(by, [post.pk for post in posts])
    horizon = posts[MOST_EVENTS].scheduled_at if len(posts) > MOST_EVENTS else None
    address = f"{root}/w/{workspace.slug}/posts/"
    events = [_event(post, channels.get(post.pk, []), address) for post in posts[:MOST_EVENTS]]
    return events, horizon or end


def _event(post: Post, channels: Sequence[str], address: str) -> Event:
    state = PostState(post.state)
    says = " · ".join([str(state.label), *([", ".join(channels)] if channels else [])])
    status = "CONFIRMED" if state in FIRM else "CANCELLED" if state in OFF else "TENTATIVE"
    assert post.scheduled_at is not None  # the rows are those with a time
    return Event(post.pk, post.scheduled_at, str(post), status, says, f"{address}{post.pk}/")


def _channel_names(by: Actor, idents: Sequence[UUID]) -> dict[UUID, list[str]]:
    rows = PostChannel.objects.filter(post__in=idents).exclude(channel__in=hidden_channel_ids(by))
    found: dict[UUID, list[str]] = defaultdict(list)
    fields = ("post_id", "channel__name", "channel__kind")
    for post_id, name, kind in rows.order_by("position", "pk").values_list(*fields):
        network = network_name(kind)
        found[post_id].append(name if name == network else f"{name} ({network})")
    return found


def _followed(feed: Feed, shown: Sequence[Event], horizon: datetime) -> list[Event]:
    """Count the events that changed since the last reading up, and cancel those that were shown and are gone.

    What is gone because its time has passed out of the feed's reach is forgotten without a word.
    """
    at, start = now().replace(microsecond=0), now() - BEHIND
    said = {row.post_id: row for row in FeedEvent.objects.filter(feed=feed)}
    fresh, changed, found = [], [], []
    for event in shown:
        row = said.pop(event.post_id, None)
        if row is None:
            row = FeedEvent(workspace_id=feed.workspace_id, feed=feed, post_id=event.post_id)
            fresh.append(row)
        elif row.mark != event.mark or row.is_cancelled:
            row.sequence += 1
            changed.append(row)
        else:
            found.append(_as_said(event, row))
            continue
        row.mark, row.starts_at, row.is_cancelled, row.changed_at = event.mark, event.starts_at, False, at
        found.append(_as_said(event, row))
    forgotten = []
    for row in said.values():
        if row.starts_at < start or row.starts_at >= horizon or _is_old(row, at):
            forgotten.append(row.pk)
            continue
        if not row.is_cancelled:
            row.sequence, row.is_cancelled, row.changed_at = row.sequence + 1, True, at
            changed.append(row)
        gone = Event(row.post_id, row.starts_at, _("Cancelled"), "CANCELLED")
        found.append(_as_said(gone, row))
    FeedEvent.objects.bulk_create(fresh)
    fields = ["mark", "starts_at", "sequence", "is_cancelled", "changed_at"]
    FeedEvent.objects.bulk_update(changed, fields, batch_size=500)
    FeedEvent.objects.filter(feed=feed, pk__in=forgotten).delete()
    return sorted(found, key=lambda event: (event.starts_at, event.post_id))


def _is_old(row: FeedEvent, at: datetime) -> bool:
    return row.is_cancelled and row.changed_at < at - KEPT_CANCELLED


def _as_said(event: Event, row: FeedEvent) -> Event:
    return replace(event, sequence=row.sequence, changed_at=row.changed_at)


def _count_ask(feed: Feed) -> None:
    """Bound how often a feed is read. Raises: TooMany."""
    at = now()
    same = When(asks_since__gt=at - MINUTE, then=F("asks") + 1)
    since = Case(When(asks_since__gt=at - MINUTE, then=F("asks_since")), default=Value(at))
    rows = Feed.objects.filter(pk=feed.pk)
    rows.update(asks=Case(same, default=Value(1)), asks_since=since, read_at=at)
    if feed.asks_since and feed.asks_since > at - MINUTE and feed.asks >= MOST_ASKS:
        raise TooMany(_("This calendar is read too often."), retry_after_seconds=60)


def _gone() -> NotFound:
    return NotFound(_("There is no such calendar."))


def _ref(feed: Feed) -> Ref:
    return Ref("calendar_app.feed", feed.pk)
