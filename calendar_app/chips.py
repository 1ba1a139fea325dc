"""Posts as chips: one line each, with their channels, pauses and clashes, in a fixed number of queries."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Case, When

from calendar_app.models import PostChannel
from calendar_app.permissions import hidden_channel_ids
from calendar_app.selectors import is_held
from calendar_app.states import MOVABLE
from teams.actors import Actor

CLASH_MINUTES = 15
CHIP_FIELDS = ("id", "headline", "state", "scheduled_at")


@dataclass(frozen=True, slots=True)
class Chip:
    """One post in a cell."""

    id: UUID
    words: str
    state: str
    time: str
    at: datetime
    networks: tuple[str, ...]
    channels: tuple[UUID, ...]
    held: bool = False
    clash: bool = False

    @property
    def fixed(self) -> bool:
        """Tell whether it may not be moved: what is sent, or on its way."""
        return self.state not in MOVABLE


def channels_of(by: Actor, idents: Sequence[UUID]) -> tuple[dict[UUID, list[tuple[UUID, str]]], set[UUID]]:
    """Return channel and network of posts, in the order of their tabs, and which posts are paused.

    A post without channels has no deliveries that a pause could hold.
    """
    hidden = hidden_channel_ids(by)
    rows = PostChannel.objects.filter(post__in=idents).annotate(
        held=Case(When(is_held(by, "post_id"), then=True), default=False)
    )
    found: dict[UUID, list[tuple[UUID, str]]] = defaultdict(list)
    paused: set[UUID] = set()
    fields = ("post_id", "channel_id", "channel__kind", "held")
    for post_id, channel_id, kind, held in rows.order_by("post", "position", "pk").values_list(*fields):
        if channel_id not in hidden:
            found[post_id].append((channel_id, kind))
        if held:
            paused.add(post_id)
    return found, paused


def put_chip(
    chips: list[Chip],
    row: Mapping[str, Any],
    places: Mapping[UUID, Sequence[tuple[UUID, str]]],
    held: set[UUID],
    clock: ZoneInfo,
) -> Chip:
    """Add a post to the chips of its day, which come in order; it clashes with one shortly before on its channels."""
    there = places.get(row["id"], ())
    channels = tuple(channel for channel, _kind in there)
    chip = Chip(
        id=row["id"],
        words=row["headline"],
        state=row["state"],
        time=f"{row['scheduled_at'].astimezone(clock):%H:%M}",
        at=row["scheduled_at"],
        networks=tuple(kind for _channel, kind in there),
        channels=channels,
        held=row["id"] in held,
        clash=_clashes(row["scheduled_at"], channels, chips),
    )
    chips.append(chip)
    return chip


def _clashes(at: datetime, channels: tuple[UUID, ...], before: Iterable[Chip]) -> bool:
    near = timedelta(minutes=CLASH_MINUTES)
    return any(at - chip.at < near and not set(channels).isdisjoint(chip.channels) for chip in before)
