"""The list of work: gathered from every app, grouped by when it is wanted."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from teams.actors import Actor
from teams.models import Absence
from teams.work import WorkItem, work_items

OVERDUE, TODAY, LATER, WAITING = "overdue", "today", "later", "waiting"
LABELS: dict[str, "str | Promise"] = {
    OVERDUE: _("Overdue"),
    TODAY: _("Today"),
    LATER: _("Later"),
    WAITING: _("Waiting for others"),
}


@dataclass(slots=True)
class Group:
    """A part of the list."""

    key: str
    label: "str | Promise"
    items: list[WorkItem] = field(default_factory=list)


def work_of(by: Actor) -> list[WorkItem]:
    """Return everything on the actor's list, by every app, what is due first coming first."""
    found = [item for gather in work_items.values() for item in gather(by)]
    return sorted(found, key=lambda item: (item.due_at is None, item.due_at or item.since, item.title))


def away_until(member_id: UUID, now: datetime) -> datetime | None:
    """Return when a member who is away is back, None where no end is given."""
    rows = Absence.objects.filter(member=member_id, starts_at__lte=now, ends_at__gt=now)
    return rows.order_by("-ends_at").values_list("ends_at", flat=True).first()


def group_of(item: WorkItem, now: datetime, zone: ZoneInfo) -> str:
    """Tell under which heading an item stands; what waits without a date is for today."""
    if item.is_waiting:
        return WAITING
    if item.due_at is None:
        return TODAY
    if item.due_at < now:
        return OVERDUE
    local = now.astimezone(zone)
    tomorrow = (local + timedelta(days=1)).date()
    return TODAY if item.due_at.astimezone(zone).date() < tomorrow else LATER


def grouped(items: Sequence[WorkItem], now: datetime, zone: ZoneInfo) -> list[Group]:
    """Return the list in its groups, without empty ones."""
    groups = {key: Group(key, label) for key, label in LABELS.items()}
    for item in items:
        groups[group_of(item, now, zone)].items.append(item)
    return [group for group in groups.values() if group.items]
