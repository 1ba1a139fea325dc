"""Forms of check-ins: they translate what was typed and know no rules."""

import re
from collections.abc import Sequence
from datetime import date, datetime
from email.utils import parseaddr
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from checkins.models import Action, Series, Update
from checkins.recurrence import WEEKDAYS, weekly_on
from checkins.services.series import AGENDA, AgendaPoint, Plan, Seats
from checkins.states import DayRule, PointKind, Verdict
from core.times import moment_at
from teams.choosing import MemberField
from teams.forms import TeamForm
from teams.models import Membership, Team

DATE = {"type": "date"}
TIME = {"type": "time"}
RHYTHMS = [
    ("weekly", _("every week")),
    ("fortnightly", _("every second week")),
    ("monthly", _("every month, on the same weekday")),
    ("workdays", _("every working day")),
    ("own", _("by a rule of your own")),
]
ASKS = [
    (2, _("2 hours ahead")),
    (24, _("a day ahead")),
    (48, _("two days ahead")),
    (72, _("three days ahead")),
]
POINT_WORDS = {
    "actions": _("Last time’s actions"),
    "updates": _("Wins and help wanted"),
    "plan": _("Action plan"),
}
_LINE = re.compile(r"(?P<title>.+?)[,;\s]+(?P<minutes>\d{1,3})\s*(?:min\w*)?", re.IGNORECASE)


class SeriesForm(TeamForm):
    """A check-in: what for, how often, who attends, and what becomes of days that do not suit."""

    name = None  # type: ignore[assignment]  # a check-in has a title
    title = forms.CharField(label=_("Title"), max_length=120)
    goal = forms.CharField(
        label=_("Goal"),
        max_length=300,
        required=False,
        help_text=_("What everybody should leave with; it stands above each meeting."),
    )
    rhythm = forms.ChoiceField(label=_("How often"), choices=RHYTHMS, initial="weekly")
    rule = forms.CharField(
        label=_("Own rule"),
        max_length=200,
        required=False,
        help_text=_("As calendars write it: FREQ=MONTHLY;BYDAY=-1FR is the last Friday of each month."),
    )
    starts_on = forms.DateField(label=_("First day"), widget=forms.DateInput(DATE))
    wall_time = forms.TimeField(label=_("Time"), widget=forms.TimeInput(TIME, format="%H:%M"))
    minutes = forms.IntegerField(label=_("Minutes"), min_value=5, max_value=480, initial=30)
    is_async = forms.BooleanField(
        label=_("Nobody meets: updates are written until this time"), required=False
    )
    call_url = forms.URLField(
        label=_("Link of the call"), max_length=500, required=False, assume_scheme="https"
    )
    teams = forms.ModelMultipleChoiceField(
        Team.objects.none(), label=_("Teams"), required=False, widget=forms.CheckboxSelectMultiple
    )
    guests = forms.CharField(
        label=_("Guests"),
        required=False,
        widget=forms.Textarea({"rows": 2}),
        help_text=_("People without an account, one a line: Dev Kumar <dev@client.test>. They get a link."),
    )
    agenda = forms.CharField(
        label=_("Agenda"),
        widget=forms.Textarea({"rows": 5}),
        help_text=_("One point a line, with its minutes: “Raya weekend: who is on call, 6”."),
    )
    ask_hours = forms.TypedChoiceField(label=_("Ask for updates"), choices=ASKS, coerce=int, initial=24)
    on_holiday = forms.ChoiceField(label=_("On a holiday"), choices=DayRule, initial=DayRule.MOVE)
    on_away = forms.ChoiceField(
        label=_("When half of the members or more are away"), choices=DayRule, initial=DayRule.HOLD
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, members: Any, teams: Any, **kwargs: Any) -> None:
        super().__init__(*args, members=members, **kwargs)
        self.fields["teams"].queryset = teams
        if not teams:
            del self.fields["teams"]

    @property
    def people_fields(self) -> list[forms.BoundField]:
        """Return the fields in which members and teams are chosen."""
        return [self[name] for name in self.fields if name in ("members", "teams") or name.startswith("add_")]

    def clean_guests(self) -> list[tuple[str, str]]:
        """Return the guests as name and address, one for each line."""
        found = []
        for line in filter(None, (part.strip() for part in self.cleaned_data["guests"].splitlines())):
            name, address = parseaddr(line)
            if not address or "@" not in address:
                raise forms.ValidationError(
                    _("Write “%(line)s” as Dev Kumar <dev@client.test>."), params={"line": line}
                )
            found.append((name or address.partition("@")[0], address))
        return found

    @property
    def plan(self) -> Plan:
        """Return the plan that was written."""
        given = self.cleaned_data
        names = ("title", "goal", "starts_on", "wall_time", "minutes", "is_async", "call_url")
        rest = {name: given[name] for name in (*names, "ask_hours", "on_holiday", "on_away")}
        rule = rule_of(given["rhythm"], given["rule"], given["starts_on"])
        return Plan(rule=rule, agenda=agenda_in(given["agenda"]), **rest)

    @property
    def seats(self) -> Seats:
        """Return who is to attend."""
        given = self.cleaned_data
        return Seats(given["members"], list(given.get("teams", ())), given["guests"])


def rule_of(rhythm: str, own: str, day: date) -> str:
    """Return the rule of a rhythm that begins on a day."""
    weekday = WEEKDAYS[day.weekday()]
    if rhythm == "fortnightly":
        return f"FREQ=WEEKLY;INTERVAL=2;BYDAY={weekday}"
    if rhythm == "monthly":
        return f"FREQ=MONTHLY;BYDAY={(day.day - 1) // 7 + 1 if day.day <= 28 else -1}{weekday}"
    if rhythm == "workdays":
        return "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"
    return own if rhythm == "own" else weekly_on(day)


def initial_of(series: Series, seats: Sequence[Any]) -> dict[str, Any]:
    """Return what the form of a series begins with."""
    names = ("title", "goal", "starts_on", "wall_time", "minutes", "rule", "is_async", "call_url", "version")
    rhythms = [name for name, _label in RHYTHMS if name != "own"]
    rhythm = next((n for n in rhythms if rule_of(n, "", series.starts_on) == series.rule), "own")
    return {
        **{name: getattr(series, name) for name in (*names, "ask_hours", "on_holiday", "on_away")},
        "rhythm": rhythm,
        "agenda": agenda_text(series.agenda),
        "members": [seat.member_id for seat in seats if seat.member_id],
        "teams": [seat.team_id for seat in seats if seat.team_id],
        "guests": "\n".join(f"{seat.guest.name} <{seat.guest.email}>" for seat in seats if seat.guest),
    }


def agenda_text(rows: Sequence[dict[str, Any]]) -> str:
    """Return an agenda as it is written, one point a line."""
    return "\n".join(f"{point_title(row)}, {row['minutes']}" for row in rows)


def point_title(row: dict[str, Any]) -> str:
    """Return what a point of an agenda is called; a standard one in the reader's language."""
    return str(POINT_WORDS.get(row.get("key", ""), row["title"]))


def agenda_in(text: str) -> list[AgendaPoint]:
    """Read an agenda; a line that names a standard point becomes one, and one without minutes has five."""
    keys = {str(words).casefold(): key for key, words in POINT_WORDS.items()}
    known = dict(AGENDA)
    found = []
    for line in filter(None, (part.strip() for part in text.splitlines())):
        match = _LINE.fullmatch(line)
        title, minutes = (match["title"], int(match["minutes"])) if match else (line, 5)
        key = keys.get(title.casefold(), "")
        found.append(AgendaPoint("" if key in known else title, minutes, key))
    return found


class UpdateForm(forms.Form):
    """Wins, where help is wanted, goals."""

    wins = forms.CharField(
        label=_("Wins"), required=False, max_length=2000, widget=forms.Textarea({"rows": 4})
    )
    help = forms.CharField(
        label=_("Where I need help"), required=False, max_length=2000, widget=forms.Textarea({"rows": 3})
    )
    goals = forms.CharField(
        label=_("Goals until next time"), required=False, max_length=2000, widget=forms.Textarea({"rows": 3})
    )

    @classmethod
    def of(cls, update: Update, data: Any = None, *, wins: str = "", wanted: str = "") -> "UpdateForm":
        """Return the form of an update; one that was not written begins with what happened."""
        is_new = update.written_at is None
        start = {
            "wins": wins if is_new else update.wins,
            "help": wanted if is_new else update.help,
            "goals": update.goals,
        }
        return cls(data, initial=start)


class TimeForm(forms.Form):
    """Another time for one meeting, by the clock on its own wall."""

    on = forms.DateField(label=_("Day"), widget=forms.DateInput(DATE))
    at = forms.TimeField(label=_("Time"), widget=forms.TimeInput(TIME, format="%H:%M"))

    def instant(self, zone: str) -> datetime:
        """Return the instant that was meant."""
        return moment_at(datetime.combine(self.cleaned_data["on"], self.cleaned_data["at"]), zone).instant


class PointForm(forms.Form):
    """A decision or a note."""

    kind = forms.ChoiceField(choices=PointKind)
    text = forms.CharField(max_length=1000)


class ActionForm(forms.Form):
    """Who does what by when, about what; the choices of people are given."""

    text = forms.CharField(label=_("What is to be done"), max_length=300)
    owner = forms.ChoiceField(label=_("Who"))
    due_on = forms.DateField(label=_("By"), widget=forms.DateInput(DATE))
    about = forms.CharField(
        label=_("About"),
        required=False,
        max_length=500,
        help_text=_("The address of a post, campaign or duty, from the top of your browser."),
    )

    def __init__(self, *args: Any, people: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].choices = people


class ReportForm(forms.Form):
    """What became of an action."""

    verdict = forms.ChoiceField(choices=Verdict, widget=forms.RadioSelect)
    reason = forms.CharField(label=_("Why"), required=False, max_length=300)
    due_on = forms.DateField(label=_("New day"), required=False, widget=forms.DateInput(DATE))

    @classmethod
    def of(cls, action: Action, data: Any = None) -> "ReportForm":
        """Return the form of an action."""
        return cls(data, initial={"due_on": action.due_on})


class OwnerForm(forms.Form):
    """Who takes an action over."""

    owner = MemberField(Membership.objects.none(), label=_("Who"))

    def __init__(self, *args: Any, members: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = members
