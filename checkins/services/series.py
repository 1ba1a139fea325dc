"""Series: planned, changed, ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from checkins.attending import MOST_ATTENDING, attending
from checkins.models import Meeting, Seat, Series
from checkins.permissions import EDIT
from checkins.recurrence import checked
from checkins.services.invitations import change_calendars, keep_invited
from checkins.services.planning import plan_ahead, replan
from checkins.states import DayRule, MeetingState
from core.clock import now
from core.errors import Invalid, Stale, WrongState
from core.record import record
from teams.actors import Actor
from teams.models import Guest, Membership, Team
from teams.permissions import in_own_right, require
from teams.services.guests import guest_of

MOST_SERIES = 100
MOST_POINTS = 12
LONGEST_MINUTES = 8 * 60
NEAR = timedelta(days=366)
INVITE = "teams.guest.invite"
AGENDA = (("actions", 5), ("updates", 15), ("plan", 10))
"""The points that a new series begins with, by key; templates speak them in the reader's language."""


@dataclass(frozen=True, slots=True)
class AgendaPoint:
    """A point of an agenda; a standard one is named by its key."""

    title: str
    minutes: int
    key: str = ""

    @property
    def row(self) -> dict[str, Any]:
        """Return it as it is kept."""
        return {"title": "" if self.key else self.title.strip(), "minutes": self.minutes, "key": self.key}


STANDARD = tuple(AgendaPoint("", minutes, key) for key, minutes in AGENDA)


@dataclass(frozen=True, slots=True)
class Seats:
    """Whom a series is for; guests as name and address."""

    members: Sequence[Membership] = ()
    teams: Sequence[Team] = ()
    guests: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """When and how a series meets, as it is written."""

    title: str
    rule: str
    starts_on: date
    wall_time: time
    goal: str = ""
    minutes: int = 30
    agenda: Sequence[AgendaPoint] = STANDARD
    call_url: str = ""
    is_async: bool = False
    on_holiday: str = DayRule.MOVE
    on_away: str = DayRule.HOLD
    ask_hours: int = 24


WHEN = ("rule", "starts_on", "wall_time", "minutes", "on_holiday")


@transaction.atomic
def create_series(*, plan: Plan, seats: Seats, by: Actor) -> Series:
    """Plan a check-in by the clock of the workspace's zone; its first meetings are made at once.

    Raises: NotAllowed; Invalid with each field's reasons. Records: checkins.series.created.
    """
    by = in_own_right(by, EDIT)
    if Series.objects.filter(ended_at=None).count() >= MOST_SERIES:
        raise Invalid(_("A workspace has at most %(count)s check-ins.") % {"count": MOST_SERIES})
    author = by.member
    if author is None:
        raise Invalid(_("A check-in is planned by a member."))
    series = Series(
        workspace_id=by.workspace_id, created_by=author, zone=author.workspace.timezone, next_at=now()
    )
    _fit(series, plan)
    series.save(force_insert=True)
    _seat(series, seats, by)
    record("checkins.series.created", by=by, subject=series.ref, asynchronous=series.is_async)
    plan_ahead(series=series, by=by)
    return series


@transaction.atomic
def change_series(
    *, series: Series, plan: Plan, seats: Seats | None = None, version: int | None = None, by: Actor
) -> Series:
    """Change a series; meetings that have not begun follow, those that a person moved or left out stay as they are.

    Raises: NotAllowed; WrongState once it has ended; Stale; Invalid. Locks: the series.
    Records: checkins.series.changed.
    """
    by = in_own_right(by, EDIT, series)
    series = Series.objects.select_for_update().get(pk=series.pk)
    if series.ended_at is not None:
        raise WrongState(_("This check-in has ended."))
    if version is not None and version != series.version:
        raise Stale(_("Somebody else changed this check-in meanwhile. Load it again to see what stands now."))
    before = tuple(getattr(series, name) for name in WHEN)
    _fit(series, plan)
    series.version += 1
    series.save()
    change_calendars(series)
    if seats is not None:
        series.seats.all().delete()
        _seat(series, seats, by)
    record("checkins.series.changed", by=by, subject=series.ref, version=series.version)
    replan(series=series, is_moved=before != tuple(getattr(series, name) for name in WHEN), by=by)
    return series


@transaction.atomic
def end_series(*, series: Series, by: Actor) -> Series:
    """End a series: what has not begun is left out; past meetings, minutes and actions stay.

    Raises: NotAllowed; WrongState while a meeting is under way. Locks: the series. Records: checkins.series.ended.
    """
    by = in_own_right(by, EDIT, series)
    series = Series.objects.select_for_update().get(pk=series.pk)
    if series.ended_at is not None:
        raise WrongState(_("This check-in has ended."))
    if Meeting.objects.filter(series=series, state=MeetingState.OPEN).exists():
        raise WrongState(_("A meeting is under way. Close it first."))
    Meeting.objects.filter(series=series, state=MeetingState.PLANNED).update(
        state=MeetingState.SKIPPED, reason="hand", next_at=None
    )
    series.ended_at, series.next_at = now(), None
    series.save(update_fields=["ended_at", "next_at"])
    change_calendars(series)
    keep_invited(series)
    record("checkins.series.ended", by=by, subject=series.ref)
    return series


def plan_of(series: Series) -> Plan:
    """Return how a series is planned, for changing a part of it."""
    agenda = [AgendaPoint(row["title"], row["minutes"], row.get("key", "")) for row in series.agenda]
    names = ("title", "rule", "starts_on", "wall_time", "goal", "minutes", "call_url", "is_async")
    rules = ("on_holiday", "on_away", "ask_hours")
    return Plan(agenda=agenda, **{name: getattr(series, name) for name in (*names, *rules)})


def _fit(series: Series, plan: Plan) -> None:
    fields: dict[str, list[str]] = {}
    if not 1 <= len(plan.title.strip()) <= 120:
        fields["title"] = [_("Give a title of 1 to 120 characters.")]
    if len(plan.goal.strip()) > 300:
        fields["goal"] = [_("A goal has at most 300 characters.")]
    if not 5 <= plan.minutes <= LONGEST_MINUTES:
        fields["minutes"] = [_("A meeting lasts from 5 minutes to 8 hours.")]
    if not 1 <= plan.ask_hours <= 7 * 24:
        fields["ask_hours"] = [_("Ask for updates from 1 hour to 7 days ahead.")]
    if plan.call_url and not _is_address(plan.call_url):
        fields["call_url"] = [_("Give the address of the call as https://…")]
    for name in ("on_holiday", "on_away"):
        if getattr(plan, name) not in DayRule.values:
            fields[name] = [_("Choose one of the list.")]
    fields |= _agenda_faults(plan.agenda)
    today = now().astimezone(ZoneInfo(series.zone)).date()
    if plan.starts_on != series.starts_on and not today - NEAR <= plan.starts_on <= today + NEAR:
        fields["starts_on"] = [_("Choose a day within a year.")]
    else:
        try:
            series.rule = checked(plan.rule, plan.starts_on)
        except Invalid as error:
            fields |= error.fields
    if fields:
        raise Invalid(_("The check-in was not saved."), fields=fields)
    series.title, series.goal, series.call_url = plan.title.strip(), plan.goal.strip(), plan.call_url.strip()
    series.agenda = [point.row for point in plan.agenda]
    for name in ("starts_on", "wall_time", "minutes", "is_async", "on_holiday", "on_away", "ask_hours"):
        setattr(series, name, getattr(plan, name))


def _agenda_faults(agenda: Sequence[AgendaPoint]) -> dict[str, list[str]]:
    known = dict(AGENDA)
    if not 1 <= len(agenda) <= MOST_POINTS:
        return {"agenda": [_("An agenda has from 1 to %(count)s points.") % {"count": MOST_POINTS}]}
    for point in agenda:
        named = point.key in known if point.key else 1 <= len(point.title.strip()) <= 120
        if not named or not 0 <= point.minutes <= LONGEST_MINUTES:
            return {"agenda": [_("A point has a title and its minutes: “Raya weekend, 6”.")]}
    return {}


def _is_address(text: str) -> bool:
    parts = urlsplit(text.strip())
    return parts.scheme == "https" and bool(parts.hostname) and len(text.strip()) <= 500


def _seat(series: Series, seats: Seats, by: Actor) -> None:
    if seats.guests:
        require(by, INVITE)
    rows: list[dict[str, Any]] = [{"member": one} for one in dict.fromkeys(seats.members)]
    rows += [{"team": one} for one in dict.fromkeys(seats.teams)]
    rows += [{"guest": one} for one in dict.fromkeys(_guests(seats, by))]
    for position, row in enumerate(rows, start=1):
        Seat(workspace_id=series.workspace_id, series=series, position=position, **row).save(
            force_insert=True
        )
    people = attending(series)
    if not people.members:
        message = _("At least one member attends, and holds the meeting.")
        raise Invalid(message, fields={"members": [message]})
    if people.count > MOST_ATTENDING:
        message = _("At most %(count)s people attend.") % {"count": MOST_ATTENDING}
        raise Invalid(message, fields={"members": [message]})


def _guests(seats: Seats, by: Actor) -> list[Guest]:
    try:
        return [guest_of(name=name, email=email, by=by) for name, email in seats.guests]
    except Invalid as error:
        raise Invalid(error.message, fields={"guests": [error.message]}) from None
