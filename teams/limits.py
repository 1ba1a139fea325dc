"""Limits of a role's rights: to networks, to the work of teams, to states, to hours of the week (R7.10).

A role carries a list of limits; a right that one names is held only within it, within all that name it. Hours decide
when somebody begins to act (`permissions.actor_of`); the rest are conditions on rows, which upper apps state here, so
that a list, a single thing and a count ask the same.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.apps import apps
from django.db import models
from django.db.models import ExpressionWrapper, Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from core.errors import NotFound
from core.registry import Registry
from teams.models import Membership, Role

NETWORKS, TEAMS, STATES, HOURS = "networks", "teams", "states", "hours"
ABOUT_THINGS = (NETWORKS, TEAMS, STATES)
MOST = 20


@dataclass(frozen=True, slots=True)
class Hours:
    """Hours of the week by the wall clock of the workspace; days count from Monday = 0, `until` is not within."""

    days: frozenset[int]
    since: time
    until: time

    def hold(self, moment: datetime, zone: ZoneInfo) -> bool:
        """Tell whether an instant lies within; hours that end before they begin go on past midnight."""
        local = moment.astimezone(zone)
        clock = local.time().replace(tzinfo=None)
        if self.since < self.until:
            return local.weekday() in self.days and self.since <= clock < self.until
        if clock >= self.since:
            return local.weekday() in self.days
        return clock < self.until and (local.weekday() - 1) % 7 in self.days


@dataclass(frozen=True, slots=True)
class Limit:
    """To what some rights are limited; an empty set limits to nothing in particular."""

    id: str
    verbs: frozenset[str]
    networks: frozenset[str] = frozenset()
    teams: frozenset[UUID] = frozenset()
    states: frozenset[str] = frozenset()
    hours: Hours | None = None

    @property
    def dimensions(self) -> frozenset[str]:
        """Return which sorts of limit it sets."""
        return frozenset(name for name in (*ABOUT_THINGS, HOURS) if getattr(self, name))

    @property
    def is_about_things(self) -> bool:
        """Tell whether it depends on the thing, and not on the hour alone."""
        return bool(self.networks or self.teams or self.states)


Within = Callable[[Limit, str], Q]


@dataclass(frozen=True, slots=True)
class Limiting:
    """How things of a model are limited: `within(limit, verb)` is the condition on rows within a limit.

    `is_subject` where rows of others point at it and are limited as it is.
    """

    within: Within
    is_subject: bool = False


limitings: Registry[Limiting] = Registry("teams.limits.limitings")
state_choices: Registry[Callable[[], Iterable[tuple[str, "str | Promise"]]]] = Registry(
    "teams.limits.state_choices"
)
"""Upper apps add the states that a limit can name, with their labels."""

_limitable: dict[str, frozenset[str]] = {}


def register_limiting(
    model: type[models.Model], limiting: Limiting, *, verbs: Mapping[str, Iterable[str]]
) -> None:
    """Say how things of a model are limited, and by what each right over them can be, at start."""
    limitings.register(model._meta.label_lower, limiting)
    _limitable.update({verb: frozenset(by) for verb, by in verbs.items()})


def limitable_by(verb: str) -> frozenset[str]:
    """Return by what a right can be limited; every right by hours."""
    return _limitable.get(verb, frozenset()) | {HOURS}


def limits_of(role: Role) -> tuple[Limit, ...]:
    """Return the limits that a role's rights have."""
    return tuple(_read(row) for row in role.limits) if role.limits else ()


def get_limit(role: Role, limit_id: str) -> Limit:
    """Return one of a role's limits. Raises: NotFound."""
    found = next((limit for limit in limits_of(role) if limit.id == limit_id), None)
    if found is None:
        raise NotFound(_("The role has no such limit any more."))
    return found


def as_json(limit: Limit) -> dict[str, Any]:
    """Return a limit as a role keeps it."""
    hours = limit.hours
    return {
        "id": limit.id,
        "rights": sorted(limit.verbs),
        "networks": sorted(limit.networks),
        "teams": sorted(str(team) for team in limit.teams),
        "states": sorted(limit.states),
        "hours": {
            "days": sorted(hours.days),
            "from": hours.since.strftime("%H:%M"),
            "to": hours.until.strftime("%H:%M"),
        }
        if hours
        else None,
    }


def closed_verbs(member: Membership, limits: Iterable[Limit], moment: datetime) -> frozenset[str]:
    """Return the rights that are not held at this instant, by the hours of the workspace."""
    timed = [limit for limit in limits if limit.hours is not None]
    if not timed:
        return frozenset()
    zone = ZoneInfo(member.workspace.timezone)
    closed = [limit.verbs for limit in timed if limit.hours and not limit.hours.hold(moment, zone)]
    return frozenset().union(*closed)


def limits_on(limits: Iterable[Limit], verb: str) -> list[Limit]:
    """Return those of the limits by which a thing must be judged before a right applies to it."""
    return [limit for limit in limits if verb in limit.verbs and limit.is_about_things]


def rows_limited(
    limits: Iterable[Limit], verb: str, rows: "models.QuerySet[Any, Any]"
) -> "models.QuerySet[Any, Any]":
    """Narrow rows to those within the limits on a right; of a model that nobody limits, none."""
    wanted = limits_on(limits, verb)
    return rows.filter(within(wanted, verb, rows.model)) if wanted else rows


def roles_within(roles: Iterable[Role], verb: str, thing: models.Model) -> set[UUID]:
    """Return those of the roles whose limits on a right, hours aside, leave a thing within it.

    One statement for all of them, and none where no role limits the right.
    """
    limited = {role.pk: found for role in roles if (found := limits_on(limits_of(role), verb))}
    if not limited:
        return {role.pk for role in roles}
    model = type(thing)
    rows = model._default_manager.filter(pk=thing.pk).order_by()
    named = {
        f"role_{place}": ExpressionWrapper(within(found, verb, model), output_field=models.BooleanField())
        for place, found in enumerate(limited.values())
    }
    answer = rows.values(**named).first() or {}
    shut = {pk for place, pk in enumerate(limited) if not answer.get(f"role_{place}")}
    return {role.pk for role in roles} - shut


def within(limits: Iterable[Limit], verb: str, model: type[models.Model]) -> Q:
    """Return the condition on rows of a model that lie within all these limits."""
    limiting = limitings.find(model._meta.label_lower)
    if limiting is None:
        return Q(pk__in=[])
    found = Q()
    for limit in limits:
        found &= limiting.within(limit, verb)
    return found


def subjects_limited(limit: Limit, verb: str) -> Q:
    """Return the condition on rows that point at a subject by `subject_type` and `subject_id`, within a limit."""
    found = Q(pk__in=[])
    for label, limiting in limitings.items():
        if limiting.is_subject:
            manager = apps.get_model(label)._default_manager
            found |= Q(
                subject_type=label,
                subject_id__in=manager.filter(limiting.within(limit, verb)).order_by().values("pk"),
            )
    return found


def is_within(limits: Iterable[Limit], verb: str, thing: Any) -> bool:
    """Tell whether a thing lies within the limits on a right; one statement, and none without limits."""
    wanted = limits_on(limits, verb)
    if not wanted:
        return True
    if not isinstance(thing, models.Model):
        return False
    rows = type(thing)._default_manager.filter(pk=thing.pk)
    return bool(rows.filter(within(wanted, verb, type(thing))).exists())


def _read(row: Mapping[str, Any]) -> Limit:
    hours = row.get("hours")
    return Limit(
        id=row["id"],
        verbs=frozenset(row["rights"]),
        networks=frozenset(row["networks"]),
        teams=frozenset(UUID(team) for team in row["teams"]),
        states=frozenset(row["states"]),
        hours=Hours(
            frozenset(hours["days"]), time.fromisoformat(hours["from"]), time.fromisoformat(hours["to"])
        )
        if hours
        else None,
    )
