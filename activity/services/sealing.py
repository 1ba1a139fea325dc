"""The seal: each workspace's committed entries are chained by a keyed hash, outside the business transaction."""

import hashlib
import hmac
import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from activity.models import Entry, Seal
from core.clock import now
from teams.tenancy import workspace_scope

BATCH = 1000
RECENT = timedelta(minutes=15)
UNSEALED_AFTER = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Finding:
    """A break of the chain: which entry or position, and what is wrong with it."""

    position: int | None
    entry_id: UUID | None
    what: str


@dataclass(frozen=True, slots=True)
class Link:
    """An entry with its place in the chain; `holds` where neither it nor the link was changed since it was sealed."""

    entry: Entry
    position: int | None
    hash: str
    holds: bool

    @property
    def is_sealed(self) -> bool:
        """Tell whether the chain has taken it up; what was just committed waits a second."""
        return self.position is not None


def seal_recent() -> int:
    """Seal what was committed within the last quarter of an hour; return how many entries."""
    return seal_since(now() - RECENT)


def seal_everything() -> int:
    """Seal whatever is unsealed, however old; run at start and now and then, after an outage."""
    return seal_since(datetime(2020, 1, 1, tzinfo=now().tzinfo))


def seal_since(since: datetime) -> int:
    """Seal the unsealed entries of every workspace that were made after `since`."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT workspace_id FROM activity_unsealed(%s)", [str(_floor(since))])
        workspaces = [row[0] for row in cursor.fetchall()]
    return sum(seal_workspace(workspace_id, since) for workspace_id in workspaces)


def seal_workspace(workspace_id: UUID, since: datetime) -> int:
    """Chain a workspace's unsealed entries; return how many.

    Locks: one advisory lock per workspace, so that two sealers never fork the chain.
    """
    with workspace_scope(workspace_id):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 7))", [str(workspace_id)])
        entries = Entry.objects.filter(seal=None, pk__gte=_floor(since)).order_by("pk")[:BATCH]
        last = Seal.objects.order_by("-position").first()
        position, link = (last.position, last.hash) if last else (0, "")
        seals = []
        for entry in entries:
            position += 1
            link = link_hash(workspace_id, position, link, entry)
            seals.append(Seal(workspace_id=workspace_id, position=position, entry=entry, hash=link))
        Seal.objects.bulk_create(seals)
    return len(seals)


def verify(workspace_id: UUID, *, known_head: tuple[int, str] | None = None) -> Iterator[Finding]:
    """Yield what is wrong with a workspace's chain, first break first; nothing when it holds.

    Finds changed, deleted, inserted and re-ordered entries and links, and entries unsealed for over 60 s. A chain
    cut short at its end is whole in itself: it shows only against a `known_head` that was kept elsewhere.
    """
    with workspace_scope(workspace_id):
        position, link = 0, ""
        seals = Seal.objects.select_related("entry").order_by("position")
        for seal in seals.iterator(chunk_size=2000):
            position += 1
            if seal.position != position:
                yield Finding(position, None, "a link is missing")
                return
            link = link_hash(workspace_id, position, link, seal.entry)
            if not hmac.compare_digest(link, seal.hash):
                yield Finding(position, seal.entry_id, "the entry or its link was changed")
                return
            if known_head and position == known_head[0] and not hmac.compare_digest(link, known_head[1]):
                yield Finding(position, seal.entry_id, "the chain differs from the known head")
                return
        if known_head and position < known_head[0]:
            yield Finding(position + 1, None, "the chain was cut short")
            return
        old = Entry.objects.filter(seal=None, at__lt=now() - UNSEALED_AFTER).order_by("pk")
        for entry in old[:100]:
            yield Finding(None, entry.pk, "the entry is not sealed")


def links_of(entries: Sequence[Entry]) -> list[Link]:
    """Return where entries of the workspace in scope stand in its chain, each link computed anew; in their order."""
    seals = {seal.entry_id: seal for seal in Seal.objects.filter(entry__in=entries)}
    before = dict(
        Seal.objects.filter(position__in=[seal.position - 1 for seal in seals.values()]).values_list(
            "position", "hash"
        )
    )
    return [_link(entry, seals.get(entry.pk), before) for entry in entries]


def _link(entry: Entry, seal: Seal | None, before: Mapping[int, str]) -> Link:
    if seal is None:
        return Link(entry, None, "", holds=False)
    # Without the link before, and at the first place, the chain begins with nothing.
    link = link_hash(entry.workspace_id, seal.position, before.get(seal.position - 1, ""), entry)
    return Link(entry, seal.position, seal.hash, hmac.compare_digest(link, seal.hash))


def head(workspace_id: UUID) -> tuple[int, str]:
    """Return length and last hash of the chain: kept elsewhere, it shows a chain cut short."""
    with workspace_scope(workspace_id):
        last = Seal.objects.order_by("-position").first()
        return (last.position, last.hash) if last else (0, "")


def link_hash(workspace_id: UUID, position: int, before: str, entry: Entry) -> str:
    """Return the keyed hash of one link."""
    facts = [
        str(workspace_id),
        position,
        before,
        str(entry.pk),
        entry.at.isoformat(),
        entry.verb,
        str(entry.actor_kind),
        *(str(ident) if ident else None for ident in (entry.actor_id, entry.member_id, entry.on_behalf_of)),
        entry.subject_type,
        str(entry.subject_id),
        entry.facts,
    ]
    body = json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()
    return hmac.new(settings.SEAL_KEY.encode(), body, hashlib.sha256).hexdigest()


def _floor(since: datetime) -> UUID:
    return uuid.UUID(int=max(0, int(since.timestamp() * 1000)) << 80)
