"""Calendars of absences that a member or the workspace subscribes to: fetched, followed, told when they fail."""

from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID

from allauth.account.models import EmailAddress
from django.db import connection, transaction
from django.utils.translation import gettext as _

from core import jobs
from core.clock import now
from core.envelope import new_data_key, open_sealed, rewrap, ring, seal
from core.errors import Invalid
from core.http import NotSent, OutboundError, Refused, Response, outbound
from core.record import record
from core.refs import Ref
from teams.actors import Actor
from teams.calendars import BEHIND, BadCalendar, Event, read_calendar
from teams.models import Absence, AbsenceFeed, Membership
from teams.permissions import in_own_right
from teams.services.absences import Origin, change_absence, drop_absence, record_absence, zone_of
from teams.states import AbsenceKind, MemberStatus
from teams.tenancy import workspace_scope

BATCH = 50
TASK = "teams.fetch_absences"
MOST_FEEDS = 50
MOST_BYTES = 2_000_000
DEADLINE_SECONDS = 20
EVERY = timedelta(minutes=15)
LONGEST_PAUSE = timedelta(hours=6)
LASTING = {"refused", "unreadable", "too_large", "http_401", "http_403", "http_404", "http_410"}
"""What waiting does not mend: its owner is told at once, of anything else after the third time."""


def add_feed(*, url: str, member: Membership | None, words: str = "", by: Actor) -> AbsenceFeed:
    """Subscribe to a calendar: of one member's absences, or of everybody's whom its events name.

    Raises: NotAllowed; Invalid for an address that the way out refuses, or too many. Records:
    teams.absencefeed.added.
    """
    standing = _standing(by, member)
    address = _address(url)
    if AbsenceFeed.objects.count() >= MOST_FEEDS:
        raise Invalid(_("A workspace follows at most %(count)s calendars.") % {"count": MOST_FEEDS})
    feed = AbsenceFeed(
        workspace_id=by.workspace_id,
        owner=by.member,
        member=member,
        words=words.strip()[:200],
        hint=(urlsplit(address).hostname or "")[:255],
    )
    wrapped = new_data_key(ring())
    feed.key = wrapped
    feed.sealed_url = seal(ring(), wrapped, address.encode(), _place(feed))
    feed.save()
    record("teams.absencefeed.added", by=standing, subject=Ref("teams.absencefeed", feed.pk))
    return feed


def remove_feed(*, feed: AbsenceFeed, by: Actor) -> None:
    """End a subscription; what has not begun is dropped with it, what holds now stays until its end.

    Raises: NotAllowed. Records: teams.absencefeed.removed.
    """
    standing = by if feed.owner_id == by.member_id else _standing(by, feed.member)
    Absence.objects.filter(feed=feed, is_kept=False, starts_at__gt=now()).delete()
    record("teams.absencefeed.removed", by=standing, subject=Ref("teams.absencefeed", feed.pk))
    feed.delete()


def fetch_due() -> int:
    """Claim due calendars of all workspaces and hand them to the workers; return how many.

    With the broker down they are fetched here.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT id, workspace_id FROM teams_claim_absence_feeds(%s)", [BATCH])
        rows = cursor.fetchall()
    for feed_id, workspace_id in rows:
        ids = {"workspace_id": str(workspace_id), "feed_id": str(feed_id)}
        if not jobs.send(TASK, kwargs=ids, queue="default"):
            fetch_feed(workspace_id=workspace_id, feed_id=feed_id)
    return len(rows)


def fetch_feed(*, workspace_id: UUID, feed_id: UUID | str) -> bool:
    """Fetch one calendar and follow what changed; tell whether that went well.

    The call is made outside any transaction. Records: what changed, as `teams.absence.…`; or, when it is time to
    tell the owner, teams.absencefeed.failed.
    """
    with workspace_scope(workspace_id):
        feed = AbsenceFeed.objects.filter(pk=feed_id).first()
        if feed is None:
            return False
        url = open_sealed(ring(), bytes(feed.key), bytes(feed.sealed_url), _place(feed)).decode()
        asking = {"If-None-Match": feed.etag, "If-Modified-Since": feed.modified}
    try:
        answer = _ask(url, {name: value for name, value in asking.items() if value})
        words = [word.strip() for word in feed.words.split(",") if word.strip()]
        events = read_calendar(answer.body, now=now(), words=words) if answer.status != 304 else None
    except BadCalendar as bad:
        return _note_failure(workspace_id, feed_id, bad.code)
    with workspace_scope(workspace_id):
        feed = AbsenceFeed.objects.select_for_update(of=("self",)).filter(pk=feed_id).first()
        if feed is None:
            return False
        if events is not None:
            feed.unknown_count = follow(feed, events)
            feed.etag = answer.headers.get("ETag", "")[:255]
            feed.modified = answer.headers.get("Last-Modified", "")[:80]
        feed.fetched_at, feed.failures, feed.last_error = now(), 0, ""
        feed.save()
    return True


def follow(feed: AbsenceFeed, events: list[Event]) -> int:
    """Make the absences of a calendar what its events say; return how many events name nobody here.

    New ones are recorded, moved ones changed, cancelled ones dropped or, once begun, ended. What a person changed
    stays as that person wants it.
    """
    by = Actor.system(feed.workspace_id)
    wanted, unknown = _wanted(feed, events)
    standing = {(row.member_id, row.feed_uid): row for row in feed.absences.select_related("member__user")}
    for key, (member, event) in wanted.items():
        _apply(feed, member, event, standing.get(key), by)
    for key, row in standing.items():
        is_in_reach = row.ends_at is None or row.ends_at > now() - BEHIND
        if key not in wanted and not row.is_kept and is_in_reach:
            drop_absence(absence=row, by=by)
    return unknown


def rewrap_feeds(workspace_id: UUID) -> int:
    """Wrap the keys of a workspace's calendars with the ring's current key; return how many that changed."""
    changed = 0
    with workspace_scope(workspace_id):
        for feed in AbsenceFeed.objects.order_by("pk"):
            wrapped = rewrap(ring(), bytes(feed.key))
            if wrapped != bytes(feed.key):
                changed += AbsenceFeed.objects.filter(pk=feed.pk).update(key=wrapped)
    return changed


def _apply(feed: AbsenceFeed, member: Membership, event: Event, row: Absence | None, by: Actor) -> None:
    span = event.span_in(zone_of(member))
    if row is None:
        if span.ends_at is not None and span.ends_at > now():
            record_absence(
                member=member,
                kind=event.kind,
                starts_at=span.starts_at,
                ends_at=span.ends_at,
                origin=Origin(feed, event.uid),
                by=by,
            )
        return
    is_same = (row.starts_at, row.ends_at, row.kind) == (span.starts_at, span.ends_at, event.kind)
    is_over = row.ends_at is not None and row.ends_at <= now()
    if row.is_kept or is_same or is_over:
        return
    if span.ends_at is not None and span.ends_at <= now():
        drop_absence(absence=row, by=by)
        return
    change_absence(
        absence=row,
        kind=AbsenceKind(event.kind),
        starts_at=span.starts_at,
        ends_at=span.ends_at,
        by=by,
    )


def _wanted(
    feed: AbsenceFeed, events: list[Event]
) -> tuple[Mapping[tuple[UUID, str], tuple[Membership, Event]], int]:
    if feed.member is not None:
        members = {event.uid: [feed.member] if feed.member.is_active else [] for event in events}
    else:
        people = _by_address(frozenset().union(*(event.addresses for event in events)))
        members = {
            event.uid: [people[address] for address in sorted(event.addresses) if address in people]
            for event in events
        }
    wanted = {
        (one.pk, event.uid): (one, event)
        for event in events
        for one in members[event.uid]
        if f"{one.pk}/{event.uid}" not in feed.ignored
    }
    return wanted, sum(not members[event.uid] for event in events)


def _by_address(addresses: frozenset[str]) -> dict[str, Membership]:
    """Return the active members by the addresses they log in with or have confirmed."""
    rows = Membership.objects.filter(status=MemberStatus.ACTIVE).select_related("user", "workspace")
    members = {row.user_id: row for row in rows.order_by("pk")}
    further = EmailAddress.objects.filter(user_id__in=members, verified=True).order_by("pk")
    found = {row.email.lower(): members[row.user_id] for row in further if row.email.lower() in addresses}
    own = {row.user.email.lower(): row for row in members.values()}
    return {**found, **{address: row for address, row in own.items() if address in addresses}}


def _ask(url: str, headers: Mapping[str, str]) -> Response:
    """Fetch the calendar. Raises: BadCalendar with what went wrong."""
    try:
        answer = outbound().request(
            "GET",
            url,
            headers={"Accept": "text/calendar", **headers},
            deadline_seconds=DEADLINE_SECONDS,
            max_response_bytes=MOST_BYTES,
            follow_redirects=3,
        )
    except Refused as error:
        raise BadCalendar("refused") from error
    except (NotSent, OutboundError) as error:
        raise BadCalendar("unreachable") from error
    if answer.status != 304 and not answer.ok:
        raise BadCalendar(f"http_{answer.status}")
    return answer


def _note_failure(workspace_id: UUID, feed_id: UUID | str, code: str) -> bool:
    with workspace_scope(workspace_id):
        feed = AbsenceFeed.objects.select_for_update(of=("self",)).filter(pk=feed_id).first()
        if feed is None:
            return False
        is_new = feed.last_error not in LASTING
        feed.failures = min(feed.failures + 1, 1000)
        feed.last_error = code[:32]
        feed.next_fetch_at = now() + min(LONGEST_PAUSE, EVERY * 2 ** min(feed.failures - 1, 10))
        feed.save()
        if (code in LASTING and is_new) or (code not in LASTING and feed.failures == 3):
            record(
                "teams.absencefeed.failed",
                by=Actor.system(workspace_id),
                subject=Ref("teams.absencefeed", feed.pk),
                code=code,
            )
    return False


def _standing(by: Actor, member: Membership | None) -> Actor:
    is_own = member is not None and by.member_id == member.pk
    return in_own_right(by, "teams.absence.record" if is_own else "teams.absence.record_others", member)


def _address(url: str) -> str:
    """Return the address to fetch. Raises: Invalid."""
    address = url.strip()
    if address.lower().startswith("webcal://"):
        address = "https://" + address[len("webcal://") :]
    try:
        outbound().check(address)
    except OutboundError:
        message = _("This address cannot be followed. Give the public https address of the calendar.")
        raise Invalid(message, fields={"url": [message]}) from None
    return address


def _place(feed: AbsenceFeed) -> tuple[str, str, str]:
    return str(feed.workspace_id), str(feed.pk), "url"
