"""What a guest sees of check-ins: the next meeting, his update, his actions, minutes; and nothing of the others."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from checkins.minutes import as_text
from checkins.models import Action, Meeting, Update
from checkins.selectors.actions import actions_visible_to
from checkins.selectors.meetings import coming_meetings, meetings_visible_to
from checkins.states import ActionState, MeetingState
from teams.actors import Actor

MOST = 20
MOST_BACK = timedelta(days=8)


def coming(by: Actor, at: datetime) -> list[Meeting]:
    """Return the next meeting of each check-in of the guest, soonest first."""
    return list(coming_meetings(by, now=at)[:MOST])


def closed(by: Actor) -> QuerySet[Meeting]:
    """Return the meetings of which there are minutes, latest first."""
    return meetings_visible_to(by).filter(state=MeetingState.CLOSED).order_by("-starts_at", "-pk")


def own_actions(by: Actor) -> list[Action]:
    """Return the guest's own open actions, due first."""
    return list(actions_visible_to(by).filter(guest=by.id, state=ActionState.OPEN)[:MOST])


def own_actions_in(by: Actor, meeting: Meeting) -> list[Action]:
    """Return the guest's own actions of a check-in that are open, or were promised in this meeting."""
    rows = actions_visible_to(by).filter(guest=by.id, series=meeting.series_id)
    return [row for row in rows[:MOST] if row.is_open or row.meeting_id == meeting.pk]


def mail_facts(by: Actor, since: datetime | None, at: datetime) -> dict[str, Any]:
    """Return what a mail tells the guest: meetings to come, updates asked of him, actions, minutes new since then."""
    meetings = coming(by, at)
    missing = Update.objects.filter(meeting__in=meetings, guest=by.id, written_at=None)
    asked = set(missing.values_list("meeting_id", flat=True))
    fresh = closed(by).filter(closed_at__gt=max(since or at - MOST_BACK, at - MOST_BACK))
    return {
        "coming": meetings,
        "asked": [row for row in meetings if row.pk in asked],
        "actions": own_actions(by),
        "minutes": [
            {"title": row.series.title, "at": row.starts_at, "text": as_text(row)} for row in fresh[:3]
        ],
    }
