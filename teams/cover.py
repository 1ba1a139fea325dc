"""Who takes over for whom: resolved here and nowhere else."""

from collections import defaultdict
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from teams.models import Absence, Backup, Membership
from teams.states import MemberStatus


def absent_ids(now: datetime, among: set[UUID] | None = None) -> set[UUID]:
    """Return the ids of the members who are away at this instant."""
    away = Absence.objects.filter(Q(ends_at=None) | Q(ends_at__gt=now), starts_at__lte=now)
    if among is not None:
        away = away.filter(member__in=among)
    return set(away.values_list("member_id", flat=True))


def acting_for(member: Membership, now: datetime) -> list[Membership]:
    """Return the absent members for whom `member` is the first available standing backup at this instant.

    No chains: only a member's own list counts, never the list of a backup. Somebody who is away, or whose
    membership has ended, covers nobody.
    """
    rows = list(
        Backup.objects.filter(member__backups__backup=member, member__status=MemberStatus.ACTIVE)
        .order_by("member_id", "position", "pk")
        .values_list("member_id", "backup_id", "backup__status")
        .distinct()
    )
    if not rows or not member.is_active:
        return []
    people = {ident for row in rows for ident in row[:2]}
    away = absent_ids(now, people)
    if member.pk in away:
        return []
    lists: dict[UUID, list[UUID]] = defaultdict(list)
    for member_id, backup_id, status in rows:
        if status == MemberStatus.ACTIVE and backup_id not in away:
            lists[member_id].append(backup_id)
    covered = [
        absent for absent, available in lists.items() if absent in away and available[:1] == [member.pk]
    ]
    members = Membership.objects.filter(pk__in=covered).select_related("user", "role")
    return list(members.order_by("user__name", "pk"))


def cover_of(member: Membership, now: datetime) -> Membership | None:
    """Return who acts for `member` at this instant: None while present, or when nobody is available."""
    if member.pk not in absent_ids(now, {member.pk}):
        return None
    standing = Backup.objects.filter(member=member, backup__status=MemberStatus.ACTIVE).order_by(
        "position", "pk"
    )
    rows = list(standing.select_related("backup__user", "backup__role"))
    away = absent_ids(now, {row.backup_id for row in rows})
    return next((row.backup for row in rows if row.backup_id not in away), None)


def away_until(ids: set[UUID], now: datetime) -> dict[UUID, datetime | None]:
    """Return when these members are back, of those who are away at this instant; None while nobody knows."""
    away = Absence.objects.filter(Q(ends_at=None) | Q(ends_at__gt=now), starts_at__lte=now, member__in=ids)
    found: dict[UUID, datetime | None] = {}
    for member_id, ends_at in away.values_list("member_id", "ends_at"):
        later = found.get(member_id, ends_at)
        found[member_id] = max(later, ends_at) if later and ends_at else None
    return found
