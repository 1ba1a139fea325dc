"""A check-in with a meeting under way, one to come, updates, decisions and actions."""

from datetime import time, timedelta
from typing import Any

from checkins.models import Meeting, Series, Update
from checkins.selectors.meetings import own_place
from checkins.services.actions import add_action, report_action
from checkins.services.meetings import add_point, open_meeting
from checkins.services.series import Plan, Seats, create_series
from checkins.services.updates import write_update
from core.clock import now
from core.refs import Ref
from guests.services.links import make_meeting_link
from teams.services.keys import make_key
from teams.states import KeyKind
from tests.rules.subjects import body, made, subject
from tests.rules.world import Side


def _plan(side: Side, title: str, **facts: Any) -> Series:
    people = [*side.members.values()][:60]
    tomorrow = (now() + timedelta(days=1)).date()
    wanted = Plan(
        title=side.text(title),
        goal=side.text("goal"),
        rule="FREQ=WEEKLY",
        starts_on=tomorrow,
        wall_time=time(9),
        **facts,
    )
    guests = [(side.text("stakeholder"), f"stake@{side.word.lower()}.test")]
    return create_series(plan=wanted, seats=Seats(members=people, guests=guests), by=side.by)


def _meetings(side: Side) -> list[Meeting]:
    rows = Meeting.objects.filter(series=made(side, "series")).select_related("series")
    return list(rows.order_by("occurs_on"))


@subject("series")
def series(side: Side) -> Any:
    """A weekly check-in of everybody and a guest."""
    return _plan(side, "check-in").pk


@subject("checkins:end.series", "checkins_api:series.series")
def series_to_end(side: Side) -> Any:
    """Another one, which can be ended."""
    return _plan(side, "short check-in").pk


@subject("meeting")
def meeting(side: Side) -> Any:
    """The second meeting, under way; the first one left an action that it reports on."""
    before, found = _meetings(side)[:2]
    due = (now() + timedelta(days=3)).date()
    carried = add_action(meeting=before, text=side.text("carried"), owner=side.owner, due_on=due, by=side.by)
    open_meeting(meeting=found, by=side.by)
    report_action(action=carried, verdict="continue", reason=side.text("why"), by=side.by)
    place = own_place(side.by, found, now=now())
    write_update(update=place, wins=side.text("win"), help_wanted=side.text("help"), goals="", by=side.by)
    return found.pk


@subject(
    "checkins:opening.meeting",
    "checkins:time.meeting",
    "checkins:skipping.meeting",
    "checkins_api:meeting.meeting",
)
def coming_meeting(side: Side) -> Any:
    """The third meeting, still to come."""
    return _meetings(side)[2].pk


@subject("update")
def update(side: Side) -> Any:
    """The owner's update, who wants help."""
    return Update.objects.get(meeting=made(side, "meeting"), member=side.owner).pk


@subject("point")
def point(side: Side) -> Any:
    """A decision of the meeting."""
    found = Meeting.objects.select_related("series").get(pk=made(side, "meeting"))
    return add_point(meeting=found, kind="decision", text=side.text("decision"), by=side.by).pk


@subject("action")
def action(side: Side) -> Any:
    """An action that the meeting has just added."""
    found = Meeting.objects.select_related("series").get(pk=made(side, "meeting"))
    due = (now() + timedelta(days=9)).date()
    return add_action(meeting=found, text=side.text("action"), owner=side.owner, due_on=due, by=side.by).pk


@subject("guests:report.action")
def guests_action(side: Side) -> Any:
    """An action of the guest."""
    found = Meeting.objects.select_related("series").get(pk=made(side, "meeting"))
    guest = found.series.seats.get(guest__isnull=False).guest
    due = (now() + timedelta(days=9)).date()
    return add_action(meeting=found, text=side.text("guest's"), owner=guest, due_on=due, by=side.by).pk


@subject("guests:meeting.link", "guests:report.link")
def meeting_link(side: Side) -> Any:
    """The link of the guest who attends."""
    found = Series.objects.get(pk=made(side, "series")).seats.get(guest__isnull=False)
    return make_meeting_link(guest=found.guest, for_member=side.owner, by=side.by).pk


@subject("guests:meeting.secret")
def meeting_secret(side: Side) -> Any:
    """The secret of that link."""
    subject_ = Ref("guests.guestlink", made(side, "guests:meeting.link"))
    return make_key(kind=KeyKind.GUEST, workspace=side.workspace, subject=subject_, by=side.by)[1]


@body("guests:meeting:POST")
def guests_update(side: Side) -> dict[str, Any]:
    return {"wins": "words"}


@body("guests:report:POST")
def guests_report(side: Side) -> dict[str, Any]:
    return {"verdict": "done"}


@body("checkins:new:POST", "checkins:edit:POST")
def series_form(side: Side) -> dict[str, Any]:
    return {
        "title": side.text("new"),
        "rhythm": "weekly",
        "starts_on": (now() + timedelta(days=2)).date().isoformat(),
        "wall_time": "10:00",
        "minutes": "30",
        "members": [str(side.owner.pk)],
        "agenda": "Talk, 10",
        "ask_hours": "24",
        "on_holiday": "move",
        "on_away": "hold",
    }


@body("checkins:time:POST")
def time_form(side: Side) -> dict[str, Any]:
    return {"on": (now() + timedelta(days=12)).date().isoformat(), "at": "11:00"}


@body("checkins:clock:POST")
def clock_form(side: Side) -> dict[str, Any]:
    return {"item": "1"}


@body("checkins:points:POST", "checkins_api:points:POST")
def point_body(side: Side) -> dict[str, Any]:
    return {"kind": "note", "text": side.text("note")}


@body("checkins:update:POST")
def update_form(side: Side) -> dict[str, Any]:
    return {"wins": side.text("won")}


@body("checkins:actions:POST", "checkins_api:meeting_actions:POST")
def action_form(side: Side) -> dict[str, Any]:
    due = (now() + timedelta(days=4)).date().isoformat()
    return {"text": side.text("to do"), "owner": str(side.owner.pk), "due_on": due}


@body("checkins:report:POST", "checkins_api:report:PUT")
def report_body(side: Side) -> dict[str, Any]:
    return {"verdict": "done", "reason": side.text("reason")}


@body("checkins:owner:POST", "checkins_api:action:PATCH")
def owner_body(side: Side) -> dict[str, Any]:
    return {"owner": str(made(side, "member"))}


@body("checkins_api:all:POST", "checkins_api:series:PATCH")
def series_body(side: Side) -> dict[str, Any]:
    day = (now() + timedelta(days=2)).date().isoformat()
    return {"title": side.text("new"), "starts_on": day, "time": "10:00", "members": [str(side.owner.pk)]}


@body("checkins_api:meeting:PATCH")
def meeting_body(side: Side) -> dict[str, Any]:
    return {"starts_at": (now() + timedelta(days=16)).isoformat()}


@body("checkins_api:update:PUT")
def update_body(side: Side) -> dict[str, Any]:
    return {"wins": side.text("won")}


@body("checkins_api:help:PUT")
def help_body(side: Side) -> dict[str, Any]:
    return {"helping": True}
