"""What the API takes and gives of check-ins; nothing is shown that is not named here."""

from typing import Any

from rest_framework import serializers

from checkins.attending import Attending
from checkins.forms import point_title
from checkins.models import Action, Meeting, Point, Report, Series, Update
from checkins.services.series import AGENDA, AgendaPoint
from checkins.states import DayRule, PointKind, Verdict

STANDARD = [(key, key) for key, _minutes in AGENDA]


class AgendaBody(serializers.Serializer):
    """A point of an agenda; a standard one is named by its key."""

    title = serializers.CharField(max_length=120, required=False, default="", allow_blank=True)
    standard = serializers.ChoiceField(choices=STANDARD, required=False)
    minutes = serializers.IntegerField(min_value=0, max_value=480)


class GuestBody(serializers.Serializer):
    """A person without an account."""

    name = serializers.CharField(max_length=120)
    email = serializers.EmailField(max_length=254)


class SeriesBody(serializers.Serializer):
    """A check-in; without a rule it comes weekly on the weekday of its first day. Times are the workspace's."""

    title = serializers.CharField(max_length=120)
    goal = serializers.CharField(max_length=300, required=False, allow_blank=True)
    rule = serializers.CharField(max_length=200, required=False, help_text="RRULE of RFC 5545, by days.")
    starts_on = serializers.DateField()
    time = serializers.TimeField()
    minutes = serializers.IntegerField(min_value=5, max_value=480, required=False)
    agenda = AgendaBody(many=True, required=False)
    call_url = serializers.URLField(max_length=500, required=False, allow_blank=True)
    asynchronous = serializers.BooleanField(required=False)
    on_holiday = serializers.ChoiceField(choices=DayRule.choices, required=False)
    on_away = serializers.ChoiceField(choices=DayRule.choices, required=False)
    ask_hours = serializers.IntegerField(min_value=1, max_value=168, required=False)
    members = serializers.ListField(child=serializers.UUIDField(), max_length=60, required=False)
    teams = serializers.ListField(child=serializers.UUIDField(), max_length=60, required=False)
    guests = GuestBody(many=True, required=False)


class MeetingChange(serializers.Serializer):
    """Moves a meeting, takes it on in its course, or sets its clock; one thing at a time or several."""

    starts_at = serializers.DateTimeField(required=False)
    state = serializers.ChoiceField(
        choices=[("open", "open"), ("closed", "closed"), ("skipped", "skipped"), ("planned", "planned")],
        required=False,
    )
    clock_runs = serializers.BooleanField(required=False)
    item = serializers.IntegerField(min_value=0, max_value=12, required=False)


class UpdateBody(serializers.Serializer):
    """An update; `for` names a member in whose place it is shared."""

    wins = serializers.CharField(max_length=2000, required=False, default="", allow_blank=True)
    help = serializers.CharField(max_length=2000, required=False, default="", allow_blank=True)
    goals = serializers.CharField(max_length=2000, required=False, default="", allow_blank=True)

    def get_fields(self) -> Any:
        """Add the field whose name Python keeps for itself."""
        return {**super().get_fields(), "for": serializers.UUIDField(required=False)}


class HelpBody(serializers.Serializer):
    """Takes help on, or the offer back."""

    helping = serializers.BooleanField()


class PointBody(serializers.Serializer):
    """A decision or a note."""

    kind = serializers.ChoiceField(choices=PointKind.choices)
    text = serializers.CharField(max_length=1000)


class ActionBody(serializers.Serializer):
    """Who does what by when, about what."""

    text = serializers.CharField(max_length=300)
    owner = serializers.UUIDField(help_text="A member who attends, or a guest.")
    due_on = serializers.DateField()
    subject = serializers.CharField(
        max_length=120, required=False, help_text="As calendar_app.post:<id>, or another kind of thing."
    )


class ActionChange(serializers.Serializer):
    """Hands an action on."""

    owner = serializers.UUIDField()


class ReportBody(serializers.Serializer):
    """What became of an action."""

    verdict = serializers.ChoiceField(choices=Verdict.choices)
    reason = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)
    due_on = serializers.DateField(required=False, allow_null=True, default=None)


def agenda_points(rows: list[dict[str, Any]]) -> list[AgendaPoint]:
    """Return the agenda of a body as the service takes it."""
    return [AgendaPoint(row.get("title", ""), row["minutes"], row.get("standard", "")) for row in rows]


def series_json(series: Series, people: Attending | None = None) -> dict[str, Any]:
    """Return a series; with who attends it where that was asked for."""
    found = {
        "id": str(series.pk),
        "title": series.title,
        "goal": series.goal,
        "rule": series.rule,
        "starts_on": series.starts_on,
        "time": series.wall_time.strftime("%H:%M"),
        "zone": series.zone,
        "minutes": series.minutes,
        "agenda": agenda_json(series.agenda),
        "call_url": series.call_url,
        "asynchronous": series.is_async,
        "on_holiday": series.on_holiday,
        "on_away": series.on_away,
        "ask_hours": series.ask_hours,
        "version": series.version,
        "ended": series.ended_at is not None,
    }
    if people is not None:
        found["attending"] = [person_json(one) for one in (*people.members, *people.guests)]
    return found


def agenda_json(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the points of an agenda."""
    return [
        {"title": point_title(row), "standard": row.get("key") or None, "minutes": row["minutes"]}
        for row in rows
    ]


def person_json(person: Any) -> dict[str, str]:
    """Return a member or guest by id and name."""
    return {"id": str(person.pk), "name": str(person)}


def meeting_json(meeting: Meeting) -> dict[str, Any]:
    """Return a meeting."""
    return {
        "id": str(meeting.pk),
        "series": str(meeting.series_id),
        "title": meeting.series.title,
        "state": meeting.state,
        "reason": meeting.reason or None,
        "occurs_on": meeting.occurs_on,
        "starts_at": meeting.starts_at,
        "ends_at": meeting.ends_at,
        "zone": meeting.zone,
        "host": person_json(meeting.host) if meeting.host else None,
        "goal": meeting.goal,
        "agenda": agenda_json(meeting.agenda),
        "item": meeting.item,
        "clock_runs": meeting.clock_since is not None,
        "closed_at": meeting.closed_at,
    }


def update_json(update: Update) -> dict[str, Any]:
    """Return somebody's update, or his empty place."""
    return {
        "id": str(update.pk),
        "who": update.who,
        "wins": update.wins,
        "help": update.help,
        "goals": update.goals,
        "asked": update.is_due,
        "written_at": update.written_at,
        "helper": update.helper_name or None,
        "happened": update.happened,
    }


def point_json(point: Point) -> dict[str, Any]:
    """Return a decision or note."""
    return {
        "id": str(point.pk),
        "kind": point.kind,
        "text": point.text,
        "by": point.by.user.name if point.by else None,
        "at": point.at,
    }


def action_json(action: Action) -> dict[str, Any]:
    """Return an action."""
    owner = action.member or action.guest
    return {
        "id": str(action.pk),
        "series": str(action.series_id),
        "meeting": str(action.meeting_id),
        "text": action.text,
        "owner": person_json(owner) if owner else None,
        "due_on": action.due_on,
        "subject": str(action.subject) if action.subject else None,
        "state": action.state,
    }


def report_json(report: Report) -> dict[str, Any]:
    """Return what was reported of an action."""
    return {
        "action": str(report.action_id),
        "meeting": str(report.meeting_id),
        "verdict": report.verdict,
        "reason": report.reason,
        "by": report.who,
        "at": report.at,
    }
