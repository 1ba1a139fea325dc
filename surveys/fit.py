"""Which kinds of duty may suit whom: suggestions with their reasons, out of what the reader may see; never set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from surveys.selectors.traits import FIRST, Told, told_by
from teams.actors import Actor
from teams.models import Duty, DutyKind, Membership
from teams.overview import Overview, duty_kinds, overview
from teams.states import StarterKind
from teams.workload import Load, live_work, loads, weeks_from

MOST = 4
WANTED, PER_THEME, MOST_THEMES, TYPE, TIME = 40, 10, 30, 5, 15
"""What each reason weighs, in points. A type says how somebody likes to work, not how well: it weighs little."""

ENOUGH_MINUTES = 8 * 60

THEMES_FOR = {
    StarterKind.CONTENT: frozenset(
        "Ideation Strategic Futuristic Intellection Input Communication Context".split()
    ),
    StarterKind.SCHEDULING: frozenset(
        "Arranger Discipline Focus Consistency Deliberative Responsibility Achiever".split()
    ),
    StarterKind.ENGAGEMENT: frozenset("Woo Communication Positivity Includer Activator Adaptability".split()),
    StarterKind.SERVICE: frozenset(
        "Empathy Restorative Harmony Adaptability Responsibility Individualization".split()
    ),
    StarterKind.STAKEHOLDERS: frozenset(
        "Relator Command Communication Significance Self-Assurance Strategic".split()
    ),
}
"""Themes that speak for a kind of work; our own judgement, and no more than that."""

LETTER_FOR = {
    StarterKind.CONTENT: "N",
    StarterKind.SCHEDULING: "J",
    StarterKind.ENGAGEMENT: "E",
    StarterKind.SERVICE: "F",
    StarterKind.STAKEHOLDERS: "E",
}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Somebody whom a kind of work may suit, how well, and why."""

    member: Membership
    points: int
    reasons: tuple[str, ...]
    has_it: bool
    is_away: bool


@dataclass(frozen=True, slots=True)
class KindFit:
    """A kind of work, its duties, and whom it may suit."""

    kind: DutyKind
    duties: tuple[Duty, ...]
    suggestions: tuple[Suggestion, ...]


def suggest(by: Actor, now: datetime, zone: ZoneInfo) -> list[KindFit]:
    """Return each kind of work of the workspace with whom it may suit, out of what the actor may see."""
    view = overview(by, now, zone)
    weeks = weeks_from(now, view, 1)
    found = loads(view, weeks, live_work(by, view, weeks))
    return fits_for(view, duty_kinds(by), told_by(by, view.members), found)


def fits_for(
    view: Overview,
    kinds: Sequence[DutyKind],
    told: Mapping[UUID, Told],
    loads: Mapping[UUID, Sequence[Load]],
    *,
    most: int = MOST,
) -> list[KindFit]:
    """Return for each kind of work whom it may suit, best first.

    Only who told something that speaks for it is named; having time alone suggests nobody.
    """
    duties: dict[UUID, list[Duty]] = {}
    for facts in view.duties:
        duties.setdefault(facts.duty.kind_id, []).append(facts.duty)
    found = []
    for kind in kinds:
        own = tuple(duties.get(kind.pk, ()))
        named = [
            suggestion
            for member in view.members
            if member.pk in told
            and (suggestion := _suggestion(view, kind, own, told[member.pk], loads.get(member.pk, ())))
        ]
        named.sort(key=lambda one: (-one.points, one.member.user.name, one.member.pk))
        found.append(KindFit(kind, own, tuple(named[:most])))
    return found


def _suggestion(
    view: Overview, kind: DutyKind, duties: Sequence[Duty], told: Told, loads: Sequence[Load]
) -> Suggestion | None:
    parts = [_wanted(kind, told), _themes(kind, told), _type(kind, told)]
    if not any(points for points, _words in parts):
        return None
    parts.append(_time(loads))
    return Suggestion(
        told.member,
        sum(points for points, _words in parts),
        tuple(words for _points, words in parts if words),
        has_it=any(duty.owner_id == told.member.pk for duty in duties),
        is_away=told.member.pk in view.away,
    )


def _wanted(kind: DutyKind, told: Told) -> tuple[int, str]:
    wants = str(kind.pk) in told.wants
    return (WANTED, _("would like more of this work")) if wants else (0, "")


def _themes(kind: DutyKind, told: Told) -> tuple[int, str]:
    speaking = THEMES_FOR[StarterKind(kind.key)] if kind.key else frozenset()
    named = [theme for theme in told.themes[:FIRST] if theme in speaking]
    if not named:
        return 0, ""
    words = ngettext(
        "%(themes)s is among the first five strengths",
        "%(themes)s are among the first five strengths",
        len(named),
    )
    points = min(MOST_THEMES, PER_THEME * len(named))
    return points, words % {"themes": _listed(named)}


def _listed(names: Sequence[str]) -> str:
    """Return names as a list in words; Django's own has no space after the comma in Malay."""
    last = names[-1]
    return f"{', '.join(names[:-1])} {_('and')} {last}" if len(names) > 1 else last


def _type(kind: DutyKind, told: Told) -> tuple[int, str]:
    letter = LETTER_FOR[StarterKind(kind.key)] if kind.key else ""
    if not letter or letter not in told.type:
        return 0, ""
    likes = {
        "N": _("likes to start from ideas"),
        "J": _("likes to work to a plan"),
        "E": _("likes to work with many people"),
        "F": _("likes to start from how others feel"),
    }
    return TYPE, _("%(type)s: %(likes)s") % {"type": told.type, "likes": likes[letter]}


def _time(loads: Sequence[Load]) -> tuple[int, str]:
    if not loads:
        return 0, ""
    hours = loads[0].free // 60
    if not hours:
        return 0, _("has no time left this week")
    words = ngettext("has %(count)s hour left this week", "has %(count)s hours left this week", hours)
    return round(TIME * min(1, loads[0].free / ENOUGH_MINUTES)), words % {"count": hours}
