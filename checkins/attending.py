"""Who attends a series: its seats, with the members of its teams."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from checkins.models import Seat, Series
from teams.cover import absent_ids
from teams.models import Guest, Membership, TeamMember
from teams.states import MemberStatus

MOST_ATTENDING = 60


@dataclass(slots=True)
class Attending:
    """The people of a series, in the order of their seats, nobody twice."""

    members: list[Membership] = field(default_factory=list)
    guests: list[Guest] = field(default_factory=list)

    @property
    def count(self) -> int:
        """Return how many they are."""
        return len(self.members) + len(self.guests)

    def away(self, at: datetime) -> set[UUID]:
        """Return the ids of the members who are away at an instant."""
        return absent_ids(at, {member.pk for member in self.members})


def attending(series: Series) -> Attending:
    """Return who attends a series now; two statements."""
    return attending_all([series])[series.pk]


def attending_all(many: Iterable[Series]) -> Mapping[UUID, Attending]:
    """Return who attends each of these series now; two statements."""
    found: dict[UUID, Attending] = {series.pk: Attending() for series in many}
    seats = list(
        Seat.objects.filter(series__in=list(found))
        .select_related("member__user", "member__role", "member__workspace", "guest", "team")
        .order_by("series_id", "position", "pk")
    )
    teams: dict[UUID | None, list[Membership]] = {}
    inside = TeamMember.objects.filter(
        team__in=[seat.team_id for seat in seats if seat.team_id], member__status=MemberStatus.ACTIVE
    ).select_related("member__user", "member__role", "member__workspace")
    for row in inside.order_by("member__user__name", "member_id") if seats else ():
        teams.setdefault(row.team_id, []).append(row.member)
    for seat in seats:
        people = found[seat.series_id]
        if seat.guest is not None:
            people.guests.append(seat.guest)
        for member in [seat.member] if seat.member else teams.get(seat.team_id, []):
            if member.is_active and member.pk not in {one.pk for one in people.members}:
                people.members.append(member)
    return found
