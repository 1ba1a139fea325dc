"""Standing backups: who takes over for whom, in order, for everything or for one thing."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from core.errors import Invalid
from core.record import record
from core.refs import Ref
from teams.actors import Actor
from teams.models import DUTY, Backup, Duty, Membership
from teams.permissions import in_own_right
from teams.scopes import CHANNEL
from teams.subjects import load_subject

MOST_BACKUPS = 5


def set_backups(
    *, member: Membership, backups: Sequence[Membership], by: Actor, scope: Ref | None = None
) -> list[Backup]:
    """Set a member's standing backups, in order, in place of those before: for everything, or for one scope.

    A scope is a duty of the member's or a channel.

    Raises: NotAllowed; NotFound for a channel that the actor may not see; Invalid for oneself, a double, an ended
    membership, more than five, or a duty of somebody else. Records: teams.backup.set.
    """
    if by.member_id != member.pk:
        by = in_own_right(by, "teams.backup.edit", member)
    _check_scope(scope, member, by)
    rows = put_backups(member, backups, scope)
    facts = {"scope": str(scope)} if scope else {}
    record(
        "teams.backup.set",
        by=by,
        subject=Ref("teams.membership", member.pk),
        backups=[str(row.backup_id) for row in rows],
        **facts,
    )
    return rows


def add_backup(
    *, member: Membership, backup: Membership, by: Actor, scope: Ref | None = None
) -> list[Backup]:
    """Put somebody at the end of a member's list. Raises: as `set_backups`. Records: teams.backup.set."""
    rows = Backup.objects.filter(member=member, **scope_fields(scope)).select_related("backup__user")
    before = [row.backup for row in rows.order_by("position", "pk") if row.backup.is_active]
    return set_backups(member=member, backups=[*before, backup], by=by, scope=scope)


def put_backups(member: Membership, backups: Sequence[Membership], scope: Ref | None) -> list[Backup]:
    """Write a list that its caller has the right to write and records himself. Raises: Invalid."""
    ids = [backup.pk for backup in backups]
    if member.pk in ids or len(set(ids)) != len(ids) or len(ids) > MOST_BACKUPS:
        message = _("Name up to five different people other than the member.")
        raise Invalid(message, fields={"backups": [message]})
    if not all(backup.is_active for backup in backups):
        message = _("A backup must be a member of the workspace.")
        raise Invalid(message, fields={"backups": [message]})
    named = scope_fields(scope)
    Backup.objects.filter(member=member, **named).delete()
    rows = [
        Backup(workspace_id=member.workspace_id, member=member, backup=backup, position=position, **named)
        for position, backup in enumerate(backups, start=1)
    ]
    for row in rows:
        row.save()
    return rows


def scope_fields(scope: Ref | None) -> dict[str, object]:
    """Return the columns in which a backup keeps what it is for."""
    return {"scope_type": scope.type, "scope_id": scope.id} if scope else {"scope_type": "", "scope_id": None}


def _check_scope(scope: Ref | None, member: Membership, by: Actor) -> None:
    if scope is None:
        return
    if scope.type == CHANNEL:
        load_subject(by, scope)
        return
    if scope.type != DUTY or not Duty.objects.filter(pk=scope.id, owner=member, ended_at=None).exists():
        message = _("A backup is for everything, for a duty of this person, or for a channel.")
        raise Invalid(message, fields={"scope": [message]})
