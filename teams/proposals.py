"""Proposals: who would make a good standing backup, with the reasons in words; never set by themselves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.listing import listed
from teams.models import WORKING_LANGUAGES, Membership
from teams.overview import Overview
from teams.permissions import verbs, verbs_of
from teams.workload import Load

MOST = 5
RIGHTS, TIME, ZONE, LANGUAGE, BURDEN = 40, 25, 15, 15, 12
"""What each reason weighs, in points."""

ENOUGH_MINUTES = 8 * 60


@dataclass(frozen=True, slots=True)
class Proposal:
    """A person who could stand in for another, how well, and why."""

    member: Membership
    points: int
    reasons: tuple[str, ...]


def proposals_for(
    view: Overview, member: Membership, loads: Mapping[UUID, Sequence[Load]], *, most: int = MOST
) -> list[Proposal]:
    """Return who fits best: rights, time left, time zone, languages, and how many they back already.

    Whoever backs the member already, or is away with no known end, is not proposed.
    """
    taken = {person.pk for person in view.backups_for(member.pk)} | {member.pk}
    backing = _backing(view)
    found = [
        _proposal(view, member, other, loads[other.pk][0], backing.get(other.pk, 0))
        for other in view.members
        if other.pk not in taken and view.away.get(other.pk, view.now) is not None
    ]
    return sorted(found, key=lambda one: (-one.points, one.member.user.name, one.member.pk))[:most]


def _proposal(view: Overview, member: Membership, other: Membership, load: Load, backing: int) -> Proposal:
    parts = [
        _rights(member, other),
        _time(load),
        _zone(view, member, other),
        _languages(member, other),
        _burden(backing),
    ]
    return Proposal(
        other, sum(points for points, _words in parts), tuple(words for _points, words in parts if words)
    )


def _rights(member: Membership, other: Membership) -> tuple[int, str]:
    wanted = {name for name in verbs_of(member.role) if verbs.get(name).covers}
    lacking = len(wanted - verbs_of(other.role))
    if not lacking:
        return RIGHTS, _("holds every right that is needed")
    words = ngettext(
        "lacks %(count)s right, which comes along while covering",
        "lacks %(count)s rights, which come along while covering",
        lacking,
    )
    return round(RIGHTS * (1 - lacking / len(wanted))), words % {"count": lacking}


def _time(load: Load) -> tuple[int, str]:
    hours = load.free // 60
    if not hours:
        return 0, _("has no time left this week")
    words = ngettext("has %(count)s hour left this week", "has %(count)s hours left this week", hours)
    return round(TIME * min(1, load.free / ENOUGH_MINUTES)), words % {"count": hours}


def _zone(view: Overview, member: Membership, other: Membership) -> tuple[int, str]:
    apart = abs(_offset(view, member) - _offset(view, other)) // 3600
    if not apart:
        return ZONE, _("same time zone")
    words = ngettext("%(count)s hour apart", "%(count)s hours apart", int(apart))
    return round(ZONE * max(0, 1 - apart / 8)), words % {"count": int(apart)}


def _offset(view: Overview, member: Membership) -> float:
    zone = ZoneInfo(member.user.timezone) if member.user.timezone else view.zone
    offset = datetime.astimezone(view.now, zone).utcoffset()
    return offset.total_seconds() if offset else 0.0


def languages_of(member: Membership) -> list[str]:
    """Return the languages that somebody works in: those named, else the one in which he reads."""
    return [str(code) for code in member.languages] or [member.user.language]


def language_names(codes: Sequence[str]) -> list[str]:
    """Return languages by their names."""
    known = dict(WORKING_LANGUAGES)
    return [known.get(code, code) for code in codes]


def _languages(member: Membership, other: Membership) -> tuple[int, str]:
    wanted, spoken = languages_of(member), set(languages_of(other))
    shared = [code for code in wanted if code in spoken]
    if not shared:
        return 0, _("shares no language")
    words = _("speaks %(languages)s too") % {"languages": listed(language_names(shared), _("and"))}
    return round(LANGUAGE * len(shared) / len(wanted)), words


def _burden(backing: int) -> tuple[int, str]:
    if not backing:
        return BURDEN, _("backs nobody yet")
    words = ngettext("backs %(count)s person already", "backs %(count)s people already", backing)
    return round(BURDEN / (1 + backing)), words % {"count": backing}


def _backing(view: Overview) -> dict[UUID, int]:
    counts: dict[UUID, set[UUID]] = {}
    for (member_id, _scope), backups in view.lists.lists.items():
        for backup_id in backups:
            counts.setdefault(backup_id, set()).add(member_id)
    return {backup_id: len(backed) for backup_id, backed in counts.items()}
