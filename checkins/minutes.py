"""Minutes: what came of a meeting, as text in the reader's language and as words to search."""

from typing import Any

from django.template.loader import render_to_string

from checkins.models import Meeting, Report
from checkins.selectors.actions import actions_of
from checkins.selectors.meetings import points_of, updates_of
from checkins.states import PointKind

MOST_WORDS = 60_000


def minutes_of(meeting: Meeting) -> dict[str, Any]:
    """Return what the minutes of a meeting tell; five statements."""
    points = points_of(meeting)
    reports = Report.objects.filter(meeting=meeting).select_related(
        "action__member__user", "action__guest", "by__user", "by_guest"
    )
    return {
        "meeting": meeting,
        "reports": list(reports.order_by("pk")[:200]),
        "updates": [row for row in updates_of(meeting) if row.written_at],
        "decisions": [point for point in points if point.kind == PointKind.DECISION],
        "notes": [point for point in points if point.kind == PointKind.NOTE],
        "actions": actions_of(meeting),
    }


def as_text(meeting: Meeting) -> str:
    """Return the minutes as plain text, in the language that is active."""
    return render_to_string("checkins/minutes.txt", minutes_of(meeting)).strip()


def searchable(meeting: Meeting) -> str:
    """Return the words of people in a meeting, without those of the product."""
    found = minutes_of(meeting)
    words = [meeting.series.title, meeting.goal, *(row.get("title", "") for row in meeting.agenda)]
    words += [f"{row.action.text} {row.reason}" for row in found["reports"]]
    words += [f"{row.who} {row.wins} {row.help} {row.goals}" for row in found["updates"]]
    words += [point.text for point in (*found["decisions"], *found["notes"])]
    words += [f"{row.who} {row.text}" for row in found["actions"]]
    return "\n".join(word for word in words if word)[:MOST_WORDS]
