"""When a step is due, and at which instants it is reminded of, asked of others, and warned about.

Two ladders: one up to the step's own limit and a day beyond, one down to the time at which its subject goes out. Both
count working time where there is any; a subject that goes out of hours is warned about while somebody is at work.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from approvals.models import RequestStep
from approvals.states import RungKind
from teams.working_time import Week, earlier, later, week_for, weeks, worked

WORKING_DAY = timedelta(hours=8)
DAY = timedelta(hours=24)
NEARLY = 1 / 6
"""Which part of its time a step has left at the second reminder."""

BEFORE_SLOT: Mapping[RungKind, tuple[timedelta, float]] = {
    RungKind.BACKUP: (timedelta(hours=8), 1 / 2),
    RungKind.ESCALATE: (timedelta(hours=4), 1 / 4),
    RungKind.WARN: (timedelta(hours=2), 1 / 8),
}
"""How long before the slot each happens at most, and as which part of the time there is at most."""


def week_of_step(step: RequestStep) -> Week | None:
    """Return by which working week a step is counted; None for the clock."""
    if not step.is_working_time:
        return None
    teams = {row.team_id for row in step.approvers.all() if row.ended_at is None and row.team_id}
    named = {row.pk for row in step.approvers.all() if row.ended_at is None and not row.team_id}
    return week_for(weeks(), set() if named else teams)


def due_of(step: RequestStep, week: Week | None, at: datetime) -> datetime | None:
    """Return when a step that opens at an instant is due, None without a limit."""
    return later(week, at, timedelta(hours=step.due_hours)) if step.due_hours else None


def up_to_limit(week: Week | None, at: datetime, due: datetime) -> dict[RungKind, datetime]:
    """Return the reminders of a step: half-way, near its limit, and a day after it."""
    span = worked(week, at, due)
    return {
        RungKind.HALFWAY: later(week, at, span / 2),
        RungKind.NEAR: later(week, at, span * (1 - NEARLY)),
        RungKind.AGAIN: later(week, due, DAY if week is None else WORKING_DAY),
    }


def down_to_slot(week: Week | None, at: datetime, slot: datetime) -> dict[RungKind, datetime]:
    """Return when backups and others are asked and authors warned before a slot; nothing for one that is over.

    Where no time is worked before the slot, the clock counts, so that somebody hears of it at all.
    """
    if slot <= at:
        return {}
    left = worked(week, at, slot)
    if not left:
        week, left = None, slot - at
    return {kind: earlier(week, slot, min(most, left * part)) for kind, (most, part) in BEFORE_SLOT.items()}
