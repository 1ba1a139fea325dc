"""Absences: who is away, so that others act."""

import zoneinfo
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from core.clock import now
from core.errors import Invalid, WrongState
from core.record import record
from core.refs import Ref
from core.times import moment_of
from teams.actors import Actor
from teams.models import Absence, AbsenceFeed, Membership
from teams.permissions import in_own_right
from teams.states import AbsenceCause, AbsenceKind

MOST_NOTE = 500
MOST_IGNORED = 500


@dataclass(frozen=True, slots=True)
class Origin:
    """The calendar that an absence comes from, and which of its events it is."""

    feed: AbsenceFeed
    uid: str


def zone_of(member: Membership) -> str:
    """Return the zone whose clock a member's days go by: his own, else the workspace's."""
    return member.user.timezone or member.workspace.timezone


def record_absence(
    *,
    member: Membership,
    kind: AbsenceKind,
    starts_at: datetime,
    ends_at: datetime | None,
    by: Actor,
    zone: str = "",
    note: str = "",
    origin: Origin | None = None,
) -> Absence:
    """Record that a member is away; the first available backup acts from start to end.

    What the clock shows in `zone` (the member's, where none is given) is kept beside the instants.
    Raises: NotAllowed; Invalid when the end is not after the start, for an unknown zone or too long a note.
    Records: teams.absence.recorded.
    """
    standing = _standing(by, member)
    zone = zone or zone_of(member)
    _check(starts_at, ends_at, zone, note)
    absence = Absence(
        workspace_id=member.workspace_id,
        member=member,
        kind=kind,
        note=note.strip(),
        recorded_by=None if by.is_system else by.member or member,
    )
    if origin is not None:
        absence.cause, absence.feed, absence.feed_uid = AbsenceCause.FEED, origin.feed, origin.uid
    _set_time(absence, starts_at, ends_at, zone)
    absence.save()
    record("teams.absence.recorded", by=standing, subject=_ref(absence), member=str(member.pk))
    return absence


def change_absence(
    *,
    absence: Absence,
    kind: AbsenceKind,
    starts_at: datetime,
    ends_at: datetime | None,
    by: Actor,
    zone: str = "",
    note: str | None = None,
) -> Absence:
    """Move an absence or say more about it; who acts follows at once. Its calendar lets go of it when a person does.

    Raises: NotAllowed; WrongState when it is over; Invalid as for a new one. Records: teams.absence.changed.
    Locks: the absence.
    """
    standing = _standing(by, absence.member)
    locked = Absence.objects.select_for_update().get(pk=absence.pk)
    if _is_over(locked, now()):
        raise WrongState(_("This absence is over already."))
    zone = zone or absence.zone
    _check(starts_at, ends_at, zone, note or "")
    absence.kind = kind
    absence.is_kept = absence.is_kept or not by.is_system
    if note is not None:
        absence.note = note.strip()
    _set_time(absence, starts_at, ends_at, zone)
    absence.save(
        update_fields=[*_TIMES, "kind", "note", "is_kept"],
    )
    record("teams.absence.changed", by=standing, subject=_ref(absence), member=str(absence.member_id))
    return absence


def end_absence(*, absence: Absence, by: Actor) -> Absence:
    """End an absence now, with all others of the member that hold now; or drop one that has not begun.

    Everything goes back at once. What lies ahead stays.
    Raises: NotAllowed; WrongState when it is over. Records: teams.absence.ended. Locks: the absences.
    """
    standing = _standing(by, absence.member)
    instant = now()
    rows = list(
        Absence.objects.select_for_update()
        .filter(member=absence.member_id)
        .filter(Q(ends_at=None) | Q(ends_at__gt=instant))
        .order_by("pk")
    )
    named = next((row for row in rows if row.pk == absence.pk), None)
    if named is None:
        raise WrongState(_("This absence is over already."))
    record("teams.absence.ended", by=standing, subject=_ref(absence), member=str(absence.member_id))
    if named.starts_at >= instant:
        if named.feed is not None:
            named.feed.ignored = [*named.feed.ignored, f"{named.member_id}/{named.feed_uid}"][-MOST_IGNORED:]
            named.feed.save(update_fields=["ignored"])
        absence.delete()
        return absence
    for row in rows:
        if row.starts_at < instant:
            _set_time(row, row.starts_at, instant, row.zone)
            row.is_kept = row.is_kept or not by.is_system
            row.save(update_fields=[*_TIMES, "is_kept"])
    absence.refresh_from_db(fields=[*_TIMES, "is_kept"])
    return absence


def drop_absence(*, absence: Absence, by: Actor) -> None:
    """End this one absence now, whatever else overlaps it, or drop it where it has not begun; nothing once it is over.

    Raises: NotAllowed. Records: teams.absence.ended. Locks: the absence.
    """
    standing = _standing(by, absence.member)
    instant = now()
    row = Absence.objects.select_for_update().filter(pk=absence.pk).first()
    if row is None or _is_over(row, instant):
        return
    if row.starts_at >= instant:
        row.delete()
    else:
        _set_time(row, row.starts_at, instant, row.zone)
        row.save(update_fields=_TIMES)
    record("teams.absence.ended", by=standing, subject=_ref(absence), member=str(absence.member_id))


_TIMES = ("starts_at", "ends_at", "starts_wall", "ends_wall", "zone")


def _standing(by: Actor, member: Membership) -> Actor:
    """Return as whom the actor speaks of this member's absences. Raises: NotAllowed."""
    if by.is_system:
        return by
    verb = "teams.absence.record" if by.member_id == member.pk else "teams.absence.record_others"
    return in_own_right(by, verb, member)


def _check(starts_at: datetime, ends_at: datetime | None, zone: str, note: str) -> None:
    fields: dict[str, list[str]] = {}
    if ends_at is not None and ends_at <= starts_at:
        fields["ends_at"] = [_("The end must be after the start.")]
    if zone not in zoneinfo.available_timezones():
        fields["zone"] = [_("This time zone is not known.")]
    if len(note) > MOST_NOTE:
        fields["note"] = [_("At most 500 characters.")]
    if fields:
        raise Invalid(next(iter(fields.values()))[0], fields=fields)


def _set_time(absence: Absence, starts_at: datetime, ends_at: datetime | None, zone: str) -> None:
    absence.starts_at, absence.ends_at, absence.zone = starts_at, ends_at, zone
    absence.starts_wall = moment_of(starts_at, zone).wall
    absence.ends_wall = moment_of(ends_at, zone).wall if ends_at else ""


def _is_over(absence: Absence, instant: datetime) -> bool:
    return absence.ends_at is not None and absence.ends_at <= instant


def _ref(absence: Absence) -> Ref:
    return Ref("teams.absence", absence.pk)
