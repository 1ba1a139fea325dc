"""Standing arrangements in memory: who comes first for what, and who moderates."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from core.refs import Ref
from teams.models import Backup, Membership, Moderator
from teams.states import MemberStatus


@dataclass(frozen=True, slots=True)
class StandingLists:
    """The backups of many members, by what they are for, each list in order."""

    lists: Mapping[tuple[UUID, Ref | None], list[UUID]] = field(default_factory=dict)

    def of(self, member_id: UUID, *scopes: Ref) -> list[UUID]:
        """Return who stands in: the lists of these scopes first, then the list for everything, nobody twice."""
        named = [ident for scope in scopes for ident in self.lists.get((member_id, scope), ())]
        return list(dict.fromkeys([*named, *self.lists.get((member_id, None), ())]))

    def first_here(self, member_id: UUID, away: Collection[UUID], *scopes: Ref) -> UUID | None:
        """Return the first who stands in and is not away; no chains: only the member's own lists count."""
        return next((ident for ident in self.of(member_id, *scopes) if ident not in away), None)


def lists_of(rows: Iterable[tuple[UUID, UUID, str, UUID | None]]) -> StandingLists:
    """Return the lists that rows of (member, backup, scope type, scope id), in order of position, make up."""
    found: dict[tuple[UUID, Ref | None], list[UUID]] = defaultdict(list)
    for member_id, backup_id, scope_type, scope_id in rows:
        found[member_id, Ref(scope_type, scope_id) if scope_id else None].append(backup_id)
    return StandingLists(dict(found))


def standing_lists(member_ids: Collection[UUID]) -> StandingLists:
    """Return the backups of these members who belong to the workspace still; one statement."""
    rows = Backup.objects.filter(member__in=member_ids, backup__status=MemberStatus.ACTIVE)
    ordered = rows.order_by("member_id", "position", "pk")
    return lists_of(ordered.values_list("member_id", "backup_id", "scope_type", "scope_id"))


def moderators_of(channel_ids: Iterable[UUID]) -> dict[UUID, Membership]:
    """Return the named moderator of each of these channels that has one; one statement."""
    rows = Moderator.objects.filter(channel_id__in=list(channel_ids), member__status=MemberStatus.ACTIVE)
    return {row.channel_id: row.member for row in rows.select_related("member__user", "member__role")}
