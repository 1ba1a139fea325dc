"""Questions about series, their meetings and updates."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from checkins.attending import attending
from checkins.before import told_since
from checkins.models import Meeting, Seat, Series, Update
from checkins.permissions import SEE, SHARE, person_of
from checkins.registry import happened_to
from checkins.states import MeetingState
from core.errors import NotFound
from teams.actors import Actor
from teams.models import Guest, Membership
from teams.permissions import require, selves, visible
from teams.states import ActorKind

COMING = (MeetingState.PLANNED, MeetingState.OPEN)
MOST_UPDATES = 100
MOST_POINTS = 200


def series_visible_to(by: Actor) -> QuerySet[Series]:
    """Return the series that somebody may see, newest first."""
    return visible(by, SEE, Series.objects.all()).order_by("-pk")


def resting_series(by: Actor) -> QuerySet[Series]:
    """Return the series that somebody may see and that have no meeting to come, newest first."""
    coming = Meeting.objects.filter(series=OuterRef("pk"), state__in=COMING)
    return visible(by, SEE, Series.objects.filter(~Exists(coming))).order_by("-pk")


def get_series(by: Actor, pk: UUID, verb: str = SEE) -> Any:
    """Return a series for a purpose. Raises: NotFound where the actor may not see it, NotAllowed."""
    found = series_visible_to(by).filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such check-in."))
    require(by, verb, found)
    return found


def seats_of(series: Series) -> list[Seat]:
    """Return the seats of a series in order, with who sits there."""
    rows = series.seats.select_related("member__user", "team", "guest")
    return list(rows.order_by("position", "pk"))


def meetings_visible_to(by: Actor) -> QuerySet[Meeting]:
    """Return the meetings that somebody may see, with series and host."""
    return visible(by, SEE, Meeting.objects.select_related("series", "host__user"))


def coming_meetings(by: Actor, *, now: datetime) -> QuerySet[Meeting]:
    """Return meetings under way and to come, the next one of each series, soonest first."""
    earlier = Meeting.objects.filter(series=OuterRef("series"), state__in=COMING)
    earlier = earlier.filter(
        Q(starts_at__lt=OuterRef("starts_at")) | Q(starts_at=OuterRef("starts_at"), pk__lt=OuterRef("pk"))
    )
    rows = meetings_visible_to(by).filter(~Exists(earlier), state__in=COMING)
    return rows.order_by("starts_at", "pk")


def meetings_of(by: Actor, series: Series) -> QuerySet[Meeting]:
    """Return the meetings of a series that have begun or are over, latest first."""
    rows = meetings_visible_to(by).filter(series=series)
    return rows.exclude(state=MeetingState.PLANNED).order_by("-starts_at", "-pk")


def planned_of(by: Actor, series: Series) -> QuerySet[Meeting]:
    """Return what is planned of a series, soonest first."""
    rows = meetings_visible_to(by).filter(series=series, state__in=COMING)
    return rows.order_by("starts_at", "pk")


def minutes_with(by: Actor, words: str) -> QuerySet[Meeting]:
    """Return the closed meetings in whose minutes all of these words stand, latest first."""
    rows = meetings_visible_to(by).filter(state=MeetingState.CLOSED)
    for word in words.split()[:8]:
        rows = rows.filter(words__icontains=word)
    return rows.order_by("-starts_at", "-pk")


def get_meeting(by: Actor, pk: UUID, verb: str = SEE) -> Meeting:
    """Return a meeting for a purpose. Raises: NotFound where the actor may not see it, NotAllowed."""
    found = meetings_visible_to(by).filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such meeting."))
    require(by, verb, found)
    return found


def updates_of(meeting: Meeting) -> list[Update]:
    """Return everybody's places in a meeting: what was written first, then who is missing."""
    rows = meeting.updates.select_related("member__user", "guest", "by__user", "helper__user", "helper_guest")
    return list(rows.order_by(F("written_at").asc(nulls_last=True), "pk")[:MOST_UPDATES])


def points_of(meeting: Meeting) -> list[Any]:
    """Return decisions and notes of a meeting, in the order in which they were written."""
    return list(meeting.points.select_related("by__user").order_by("pk")[:MOST_POINTS])


def get_update(meeting: Meeting, pk: UUID) -> Update:
    """Return an update of a meeting that the reader sees. Raises: NotFound."""
    rows = meeting.updates.select_related("member__user", "guest", "meeting__series")
    found = rows.filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such update."))
    return found


def own_place(by: Actor, meeting: Meeting, *, for_member: UUID | None = None, now: datetime) -> Update:
    """Return the place of the actor in a meeting, or of a member whom he covers; not saved where none was made yet.

    Raises: NotFound for who does not attend, NotAllowed.
    """
    person = _person(by, meeting, for_member)
    mine = {"guest": person} if isinstance(person, Guest) else {"member": person}
    found = meeting.updates.select_related("member__user", "guest").filter(**mine).first()
    if found is None:
        found = Update(workspace_id=meeting.workspace_id, meeting=meeting, **mine)
        if isinstance(person, Membership):
            since = told_since(meeting)
            found.happened = [one.row for one in happened_to([person.pk], since, now)[person.pk]]
    found.meeting = meeting
    require(by, SHARE, found)
    return found


def _person(by: Actor, meeting: Meeting, for_member: UUID | None) -> Membership | Guest:
    people = attending(meeting.series)
    wanted = by.id
    among: list[Membership] | list[Guest] = people.guests
    if by.kind != ActorKind.GUEST:
        wanted = for_member or _whom(by, {one.pk for one in people.members})
        among = people.members
    person = next((one for one in among if one.pk == wanted), None)
    if person is None:
        raise NotFound(_("This check-in does not ask you for an update."))
    return person


def _whom(by: Actor, attend: set[UUID]) -> UUID | None:
    """Return for whom somebody shares who says nothing of it: himself, else the first whom he covers."""
    return next((person_of(self_) for self_ in selves(by, SHARE) if person_of(self_) in attend), by.member_id)
