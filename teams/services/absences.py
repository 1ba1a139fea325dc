"""Absences and standing backups: who is away, and who then acts."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from core.clock import now
from core.errors import Invalid, WrongState
from core.record import record
from core.refs import Ref
from teams.actors import Actor
from teams.models import Absence, Backup, Membership
from teams.permissions import require
from teams.states import AbsenceKind

MOST_BACKUPS = 5


def set_backups(*, member: Membership, backups: Sequence[Membership], by: Actor) -> list[Backup]:
    """Set a member's standing backups, in order, in place of those before.

    Raises: NotAllowed; Invalid for oneself, a double, an ended membership or more than five.
    Records: teams.backup.set.
    """
    if by.member_id != member.pk:
        require(by, "teams.backup.edit", member)
    ids = [backup.pk for backup in backups]
    if member.pk in ids or len(set(ids)) != len(ids) or len(ids) > MOST_BACKUPS:
        message = _("Name up to five different people other than the member.")
        raise Invalid(message, fields={"backups": [message]})
    if not all(backup.is_active for backup in backups):
        message = _("A backup must be a member of the workspace.")
        raise Invalid(message, fields={"backups": [message]})
    Backup.objects.filter(member=member).delete()
    rows = [
        Backup(workspace_id=member.workspace_id, member=member, backup=backup, position=position)
        for position, backup in enumerate(backups, start=1)
    ]
    for row in rows:
        row.save()
    record(
        "teams.backup.set",
        by=by,
        subject=Ref("teams.membership", member.pk),
        backups=[str(ident) for ident in ids],
    )
    return rows


def record_absence(
    *, member: Membership, kind: AbsenceKind, starts_at: datetime, ends_at: datetime | None, by: Actor
) -> Absence:
    """Record that a member is away; the first available backup acts from start to end.

    Raises: NotAllowed; Invalid when the end is not after the start. Records: teams.absence.recorded.
    """
    verb = "teams.absence.record" if by.member_id == member.pk else "teams.absence.record_others"
    require(by, verb, member)
    if ends_at is not None and ends_at <= starts_at:
        message = _("The end must be after the start.")
        raise Invalid(message, fields={"ends_at": [message]})
    recorder = by.member or member
    absence = Absence(
        workspace_id=member.workspace_id,
        member=member,
        kind=kind,
        starts_at=starts_at,
        ends_at=ends_at,
        recorded_by=recorder,
    )
    absence.save()
    record("teams.absence.recorded", by=by, subject=Ref("teams.absence", absence.pk), member=str(member.pk))
    return absence


def end_absence(*, absence: Absence, by: Actor) -> Absence:
    """End an absence now, or drop one that has not begun; everything goes back at once.

    Raises: NotAllowed; WrongState when it is over. Records: teams.absence.ended.
    """
    own = by.member_id == absence.member_id
    require(by, "teams.absence.record" if own else "teams.absence.record_others", absence)
    instant = now()
    if absence.ends_at is not None and absence.ends_at <= instant:
        raise WrongState(_("This absence is over already."))
    record(
        "teams.absence.ended", by=by, subject=Ref("teams.absence", absence.pk), member=str(absence.member_id)
    )
    if absence.starts_at >= instant:
        absence.delete()
        return absence
    absence.ends_at = instant
    absence.save(update_fields=["ends_at"])
    return absence
