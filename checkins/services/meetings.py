"""Meetings under way: opened, their clock, what is decided and noted, closed with minutes."""

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from checkins.attending import attending
from checkins.minutes import searchable
from checkins.models import Action, Meeting, Point
from checkins.permissions import HOLD
from checkins.selectors.actions import unreported
from checkins.services.planning import lock_meeting
from checkins.services.reminders import invite_updates
from checkins.states import MEETING_STEPS, MeetingState, PointKind
from checkins.times import first_due
from core.clock import now
from core.errors import Invalid, NotFound, WrongState
from core.record import record
from core.transitions import transition
from teams.actors import Actor
from teams.permissions import in_own_right

MOST_POINTS = 200
MOST_TEXT = 1000


@transaction.atomic
def open_meeting(*, meeting: Meeting, by: Actor) -> Meeting:
    """Begin a meeting, early or late: its clock runs, and everybody who attends has a place for his update.

    Raises: NotAllowed; WrongState, also while another meeting of the series is under way. Locks: the meeting.
    Records: checkins.meeting.opened.
    """
    by = in_own_right(by, HOLD, meeting)
    meeting = lock_meeting(meeting)
    if (
        Meeting.objects.filter(series=meeting.series_id, state=MeetingState.OPEN)
        .exclude(pk=meeting.pk)
        .exists()
    ):
        raise WrongState(_("The meeting before is still under way. Close it first."))
    instant = now()
    transition(meeting, MEETING_STEPS, "open", opened_at=instant, clock_since=instant, item=0)
    people = attending(meeting.series)
    invite_updates(meeting, people, people.away(instant))
    meeting.asked_at = meeting.asked_at or instant
    meeting.nudged_at = meeting.nudged_at or instant
    meeting.reminded_at = meeting.reminded_at or instant
    meeting.next_at = first_due(meeting)
    meeting.save(update_fields=["asked_at", "nudged_at", "reminded_at", "next_at"])
    record("checkins.meeting.opened", by=by, subject=meeting.ref)
    return meeting


@transaction.atomic
def set_clock(*, meeting: Meeting, runs: bool | None = None, item: int | None = None, by: Actor) -> Meeting:
    """Stop or start the clock of a meeting, or go to a point of its agenda.

    Raises: NotAllowed; WrongState; Invalid for a point that is not on it. Records: checkins.meeting.clocked.
    """
    by = in_own_right(by, HOLD, meeting)
    meeting = lock_meeting(meeting)
    if not meeting.is_open:
        raise WrongState(_("This meeting is not under way."))
    instant = now()
    if item is not None:
        if not 0 <= item <= len(meeting.agenda):
            raise Invalid(_("There is no such point on the agenda."), fields={"item": [_("Choose one.")]})
        meeting.item = item
    if runs is not None and runs != (meeting.clock_since is not None):
        meeting.clock_seconds = meeting.ran_seconds(instant)
        meeting.clock_since = instant if runs else None
    meeting.save(update_fields=["item", "clock_seconds", "clock_since"])
    record("checkins.meeting.clocked", by=by, subject=meeting.ref, item=meeting.item)
    return meeting


@transaction.atomic
def add_point(*, meeting: Meeting, kind: str, text: str, by: Actor) -> Point:
    """Write a decision or a note into a meeting. Raises: NotAllowed; WrongState; Invalid.

    Records: checkins.meeting.noted.
    """
    by = in_own_right(by, HOLD, meeting)
    meeting = lock_meeting(meeting)
    require_words(meeting)
    said = text.strip()
    if kind not in PointKind.values or not 1 <= len(said) <= MOST_TEXT:
        message = _("Write 1 to 1,000 characters.")
        raise Invalid(message, fields={"text": [message]})
    if meeting.points.count() >= MOST_POINTS:
        raise Invalid(_("A meeting holds at most %(count)s notes.") % {"count": MOST_POINTS})
    point = Point(workspace_id=by.workspace_id, meeting=meeting, kind=kind, text=said, by=by.member)
    point.save(force_insert=True)
    record("checkins.meeting.noted", by=by, subject=meeting.ref, kind=str(kind), point=str(point.pk))
    return point


@transaction.atomic
def remove_point(*, meeting: Meeting, point_id: UUID, by: Actor) -> None:
    """Take a decision or note out while the meeting is not closed. Raises: NotAllowed; WrongState; NotFound.

    Records: checkins.meeting.unnoted.
    """
    by = in_own_right(by, HOLD, meeting)
    meeting = lock_meeting(meeting)
    require_words(meeting)
    if not meeting.points.filter(pk=point_id).delete()[0]:
        raise NotFound(_("There is no such note."))
    record("checkins.meeting.unnoted", by=by, subject=meeting.ref, point=str(point_id))


@transaction.atomic
def close_meeting(*, meeting: Meeting, by: Actor) -> Meeting:
    """Close a meeting for good and send its minutes, once each earlier action was reported on (R5.6).

    Raises: NotAllowed; WrongState while an action is not reported on; the database refuses it too.
    Locks: the meeting. Records: checkins.meeting.closed.
    """
    by = in_own_right(by, HOLD, meeting)
    meeting = lock_meeting(meeting)
    missing = list(unreported(meeting)[:3])
    if meeting.is_open and missing:
        raise WrongState(
            _("“%(action)s” is not reported on yet.") % {"action": missing[0].text}, code="not_reported"
        )
    instant = now()
    ran = meeting.ran_seconds(instant)
    transition(
        meeting,
        MEETING_STEPS,
        "close",
        closed_at=instant,
        clock_seconds=ran,
        clock_since=None,
        next_at=None,
        words=searchable(meeting),
    )
    actions = Action.objects.filter(meeting=meeting).count()
    record("checkins.meeting.closed", by=by, subject=meeting.ref, actions=actions)
    return meeting


def require_words(meeting: Meeting) -> None:
    """Pass while a meeting takes words. Raises: WrongState."""
    if not meeting.takes_words:
        raise WrongState(_("This meeting is closed; its minutes stay as they are."))
