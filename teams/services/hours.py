"""Working hours: set for the workspace or one team, and taken away."""

import zoneinfo
from collections.abc import Sequence
from datetime import date

import holidays
from django.db import transaction
from django.utils.translation import gettext as _

from core.errors import Invalid, NotFound
from core.record import record
from core.refs import Ref
from teams.actors import Actor
from teams.models import Team, WorkingHours
from teams.permissions import require
from teams.working_time import DAY_MINUTES

MOST_DAYS_OFF = 200
Day = Sequence[int] | None


@transaction.atomic
def set_hours(
    *,
    team: Team | None = None,
    zone: str,
    days: Sequence[Day],
    country: str = "",
    days_off: Sequence[date] = (),
    by: Actor,
) -> WorkingHours:
    """Say when the workspace, or a team, works; what is under way keeps the times that it has.

    Units: a day is from and until in minutes of the day. Raises: NotAllowed; Invalid.
    Records: teams.workinghours.set.
    """
    _require(team, by)
    row = _row(team) or WorkingHours(workspace_id=by.workspace_id, team=team)
    row.zone, row.country = zone, country
    row.days = [list(day) if day else [] for day in days]
    row.days_off = sorted({day.isoformat() for day in days_off})
    _check(row)
    row.save()
    record("teams.workinghours.set", by=by, subject=Ref("teams.workinghours", row.pk), team=_ident(team))
    return row


@transaction.atomic
def drop_hours(*, team: Team | None = None, by: Actor) -> None:
    """Count around the clock again, or a team by the workspace's hours. Raises: NotAllowed; NotFound.

    Records: teams.workinghours.removed.
    """
    _require(team, by)
    row = _row(team)
    if row is None:
        raise NotFound(_("There are no working hours to take away."))
    subject = Ref("teams.workinghours", row.pk)
    row.delete()
    record("teams.workinghours.removed", by=by, subject=subject, team=_ident(team))


def _require(team: Team | None, by: Actor) -> None:
    if team is None:
        require(by, "teams.workspace.configure")
    else:
        require(by, "teams.team.edit", team)


def _row(team: Team | None) -> WorkingHours | None:
    return WorkingHours.objects.select_for_update(of=("self",)).filter(team=team).first()


def _ident(team: Team | None) -> str | None:
    return str(team.pk) if team else None


def _check(row: WorkingHours) -> None:
    fields: dict[str, list[str]] = {}
    if row.zone not in zoneinfo.available_timezones():
        fields["zone"] = [_("This time zone is not known.")]
    if row.country and row.country not in holidays.list_supported_countries():
        fields["country"] = [_("Choose one of the list.")]
    if len(row.days_off) > MOST_DAYS_OFF:
        fields["days_off"] = [_("At most %(n)d days.") % {"n": MOST_DAYS_OFF}]
    if len(row.days) != 7 or not any(row.days):
        fields["days"] = [_("Give hours for at least one day of the week.")]
    elif any(day and not _is_day(day) for day in row.days):
        fields["days"] = [_("A day ends after it begins.")]
    if fields:
        raise Invalid(_("The working hours could not be saved."), fields=fields)


def _is_day(day: Sequence[int]) -> bool:
    return len(day) == 2 and 0 <= day[0] < day[1] <= DAY_MINUTES
