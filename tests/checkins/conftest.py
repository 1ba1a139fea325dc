"""A weekly check-in of acme on Mondays at nine, with the clock told."""

from datetime import UTC, date, datetime, time, timedelta

from activity.models import Delivery as Telling
from activity.services import outbox
from checkins.models import Meeting, Series
from checkins.services.series import Plan, Seats, create_series
from checkins.states import MeetingState
from teams.models import Membership

MONDAY = date(2026, 3, 16)
BEFORE = datetime(2026, 3, 13, 4, 0, tzinfo=UTC)
"""Friday noon in Kuala Lumpur."""
NINE = datetime(2026, 3, 16, 1, 0, tzinfo=UTC)
WEEK = timedelta(days=7)


def fresh(member: Membership) -> Membership:
    return Membership.objects.select_related("user", "role", "workspace").get(pk=member.pk)


def plan(**facts) -> Plan:
    """Mondays at nine, half an hour."""
    return Plan(
        **{
            "title": "Weekly, social team",
            "rule": "FREQ=WEEKLY;BYDAY=MO",
            "starts_on": MONDAY,
            "wall_time": time(9),
            "goal": "Everything for Hari Raya is approved",
            **facts,
        }
    )


def make_series(cast, *, who="cleo", members=("cleo", "ben", "farah", "jun"), guests=(), **facts) -> Series:
    """A check-in of these members; the clock must be told before its first day."""
    seats = Seats(members=[fresh(getattr(cast, name)) for name in members], guests=guests)
    return create_series(plan=plan(**facts), seats=seats, by=cast.actor(who))


def meetings(series: Series) -> list[Meeting]:
    return list(Meeting.objects.filter(series=series).order_by("occurs_on"))


def first(series: Series) -> Meeting:
    """The first meeting that is to take place."""
    rows = Meeting.objects.filter(series=series).exclude(state=MeetingState.SKIPPED)
    return rows.select_related("series").order_by("occurs_on").first()


def tell_all(cast) -> None:
    """Deliver all that was recorded to whom it is to be told."""
    for pk in Telling.objects.order_by("entry_id", "pk").values_list("pk", flat=True):
        outbox.deliver(workspace_id=cast.acme.pk, delivery_id=pk)


def text(response, status: int = 200) -> str:
    """The words of an answer, on one line."""
    assert response.status_code == status, response.status_code
    return " ".join(response.content.decode().split())
