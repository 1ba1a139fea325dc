"""What was before a meeting: when the last one was closed, and since when things are told."""

from datetime import datetime, timedelta

from checkins.models import Meeting
from checkins.states import MeetingState

LONGEST_BACK = timedelta(days=31)


def told_since(meeting: Meeting) -> datetime:
    """Return since when updates of a meeting tell: from the last meeting's close, else the rhythm of a month."""
    before = Meeting.objects.filter(series=meeting.series_id, state=MeetingState.CLOSED)
    closed = before.filter(starts_at__lt=meeting.starts_at).order_by("-starts_at", "-pk")
    return closed.values_list("closed_at", flat=True).first() or meeting.starts_at - LONGEST_BACK
