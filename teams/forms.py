"""Forms of people and workspaces: they translate what was typed and know no rules."""

import zoneinfo
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from core.clock import now
from core.times import moment_at
from teams.choosing import MemberField, is_id
from teams.models import LANGUAGES, Absence, Membership, Role
from teams.rights import grouped_rights
from teams.services.absences import MOST_NOTE, zone_of
from teams.services.backups import MOST_BACKUPS
from teams.states import AbsenceKind

NOON = time(12)
DATE = forms.DateInput({"type": "date"})
APPROVAL = [("on", _("Posts need an approval")), ("off", _("Posts go out without approval"))]
LIFETIMES = [("30", _("30 days")), ("90", _("90 days")), ("366", _("a year")), ("", _("until revoked"))]


def zones() -> list[tuple[str, str]]:
    """Return the time zones by name."""
    return [
        (name, name.replace("_", " "))
        for name in sorted(zoneinfo.available_timezones())
        if "/" in name or name == "UTC"
    ]


class InviteForm(forms.Form):
    """An address and a role."""

    email = forms.EmailField(label=_("E-mail address"), max_length=254)
    role = forms.ModelChoiceField(Role.objects.none(), label=_("Role"), empty_label=None)

    def __init__(self, *args: Any, roles: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].queryset = roles


class RoleChoiceForm(forms.Form):
    """Another role for a member."""

    role = forms.ModelChoiceField(Role.objects.none(), label=_("Role"), empty_label=None)

    def __init__(self, *args: Any, roles: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].queryset = roles


class BackupsForm(forms.Form):
    """Up to five standing backups, in order."""

    def __init__(self, *args: Any, members: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        add_backup_fields(self, members, most=MOST_BACKUPS)

    @property
    def backups(self) -> list[Membership]:
        """Return the chosen members in order."""
        return chosen_backups(self)


class AbsenceForm(forms.Form):
    """Who is away, why, and on which days; the last day is included. Half days begin or end at noon."""

    member = MemberField(Membership.objects.none(), label=_("Who"))
    kind = forms.ChoiceField(label=_("Why"), choices=AbsenceKind, initial=AbsenceKind.LEAVE)
    first_day = forms.DateField(label=_("First day"), widget=DATE)
    from_noon = forms.BooleanField(label=_("Only from noon on the first day"), required=False)
    last_day = forms.DateField(
        label=_("Last day"), widget=DATE, required=False, help_text=_("Leave it empty when nobody knows yet.")
    )
    until_noon = forms.BooleanField(label=_("Only until noon on the last day"), required=False)
    note = forms.CharField(
        label=_("Note"),
        max_length=MOST_NOTE,
        required=False,
        widget=forms.Textarea({"rows": 2}),
        help_text=_("Read by team leads, admins and whoever is away; by nobody else."),
    )

    def __init__(self, *args: Any, members: Any, absence: Absence | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.absence = absence
        self.fields["member"].queryset = members
        if absence is not None:
            del self.fields["member"]

    @property
    def zone(self) -> str:
        """Return the zone whose clock the days go by."""
        return self.absence.zone if self.absence else zone_of(self.cleaned_data["member"])

    @property
    def starts_at(self) -> datetime:
        """Return the beginning of the first day or its noon; now, when that is over today; the old one, if kept."""
        day, at_noon = self.cleaned_data["first_day"], self.cleaned_data["from_noon"]
        if self.absence is not None and not {"first_day", "from_noon"} & set(self.changed_data):
            return self.absence.starts_at
        begins = start_of(day, self.zone, at_noon=at_noon)
        today = now().astimezone(ZoneInfo(self.zone)).date()
        return max(begins, now()) if day == today else begins

    @property
    def ends_at(self) -> datetime | None:
        """Return the end of the last day or its noon, None when nobody knows."""
        day, at_noon = self.cleaned_data["last_day"], self.cleaned_data["until_noon"]
        if self.absence is not None and not {"last_day", "until_noon"} & set(self.changed_data):
            return self.absence.ends_at
        if day is None:
            return None
        return start_of(day if at_noon else day + timedelta(days=1), self.zone, at_noon=at_noon)


class FeedForm(forms.Form):
    """A calendar of absences: its address, whose it is, and which events count."""

    url = forms.CharField(
        label=_("Address of the calendar (ICS)"),
        max_length=2000,
        widget=forms.TextInput({"inputmode": "url", "autocomplete": "off"}),
        help_text=_("It is kept sealed and shown to nobody."),
    )
    whose = forms.ChoiceField(label=_("Whose absences"))
    words = forms.CharField(
        label=_("Only events with one of these words"),
        max_length=200,
        required=False,
        help_text=_("Separated by commas, as in: leave, sick, cuti. Empty: every event."),
    )

    def __init__(self, *args: Any, may_others: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        everybody = [("all", _("everybody whom the events name"))] if may_others else []
        self.fields["whose"].choices = [("me", _("mine")), *everybody]


def days_of(absence: Absence) -> dict[str, Any]:
    """Return what the form shows of an absence: its days and halves by the clock on the wall."""
    first = datetime.fromisoformat(absence.starts_wall)
    last = datetime.fromisoformat(absence.ends_wall) if absence.ends_wall else None
    at_noon = last is not None and last.time() == NOON
    return {
        "kind": absence.kind,
        "note": absence.note,
        "first_day": first.date(),
        "from_noon": first.time() == NOON,
        "last_day": last and (last if at_noon else last - timedelta(seconds=1)).date(),
        "until_noon": at_noon,
    }


def start_of(day: date, zone: str, *, at_noon: bool = False) -> datetime:
    """Return the beginning of a day, or its noon, by the clock of a zone, right across changes of the clock."""
    return moment_at(datetime.combine(day, NOON if at_noon else time.min), zone).instant


def add_backup_fields(form: forms.Form, members: Any, *, most: int) -> None:
    """Give a form the choice of backups, in order."""
    labels = [_("First backup"), _("Second"), _("Third"), _("Fourth"), _("Fifth")]
    for number, label in enumerate(labels[:most], start=1):
        form.fields[f"backup_{number}"] = MemberField(
            members, label=label, required=False, nobody=_("nobody")
        )


def chosen_backups(form: forms.Form) -> list[Membership]:
    """Return the chosen backups in order."""
    names = sorted(name for name in form.fields if name.startswith("backup_"))
    chosen = (form.cleaned_data.get(name) for name in names)
    return [member for member in chosen if member is not None]


MANY = 30
"""Up to so many people a form offers each to tick; beyond, only those who are chosen, and boxes to name others."""
ADDED = ("add_1", "add_2", "add_3")


class TeamForm(forms.Form):
    """A team's name and who is in it."""

    name = forms.CharField(label=_("Name"), max_length=80)
    members = forms.ModelMultipleChoiceField(
        Membership.objects.none(),
        label=_("Members"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, members: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["members"].queryset = members
        if len(members[: MANY + 1]) > MANY:
            chosen = members.filter(pk__in=self._ticked())
            self.fields["members"].choices = [(member.pk, member.user.name) for member in chosen]
            for name in ADDED:
                self.fields[name] = MemberField(members, label=_("Add somebody"), required=False)

    def _ticked(self) -> list[Any]:
        given = self.data.getlist("members") if self.is_bound else self.initial.get("members", [])
        return [ident for ident in given if is_id(ident)]

    def clean(self) -> dict[str, Any]:
        """Count those who were named in boxes among the members."""
        data = super().clean() or self.cleaned_data
        named = [data.pop(name, None) for name in ADDED]
        if "members" in data:
            found = [*data["members"], *filter(None, named)]
            data["members"] = list({member.pk: member for member in found}.values())
        return data


class RoleForm(forms.Form):
    """A role's name and rights."""

    name = forms.CharField(label=_("Name"), max_length=80)
    rights = forms.MultipleChoiceField(
        label=_("Rights"), required=False, widget=forms.CheckboxSelectMultiple, choices=()
    )

    def __init__(self, *args: Any, held: frozenset[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["rights"].choices = grouped_rights(held)


class TokenForm(forms.Form):
    """What a token is for and how long it lives."""

    purpose = forms.CharField(label=_("What is it for?"), max_length=120)
    days = forms.TypedChoiceField(
        label=_("Lives for"), choices=LIFETIMES, required=False, coerce=int, empty_value=None, initial="90"
    )


TIME_OUTS = [
    ("4", _("after 4 hours")),
    ("8", _("after 8 hours")),
    ("24", _("after a day")),
    ("48", _("after two days")),
    ("72", _("after three days")),
    ("0", _("never")),
]


class WorkspaceForm(forms.Form):
    """Name, zone, language and rules of a workspace."""

    name = forms.CharField(label=_("Name"), max_length=120)
    timezone = forms.ChoiceField(label=_("Time zone"), choices=zones)
    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGES)
    approval = forms.ChoiceField(label=_("Approval"), choices=APPROVAL)
    lock_approved = forms.BooleanField(
        label=_("Lock what is approved"),
        required=False,
        help_text=_("An approved post can be changed only after it is withdrawn."),
    )
    time_out_hours = forms.TypedChoiceField(
        label=_("Overdue approvals of somebody who is not seen"),
        choices=TIME_OUTS,
        coerce=int,
        help_text=_("The backup may then decide on them, until the person is seen again."),
    )


class SecurityForm(forms.Form):
    """What the workspace asks of everybody who logs in."""

    second_step = forms.BooleanField(label=_("Everybody needs a second step"), required=False)


class VisitForm(forms.Form):
    """Which workspace an operator visits, why, and for how long."""

    workspace = forms.SlugField(label=_("Address of the workspace"), max_length=48)
    reason = forms.CharField(
        label=_("Why?"),
        max_length=300,
        help_text=_("The workspace reads it."),
        widget=forms.Textarea({"rows": 3}),
    )
    minutes = forms.ChoiceField(
        label=_("For how long?"),
        choices=[("15", _("15 minutes")), ("30", _("30 minutes")), ("60", _("an hour"))],
    )


class NewWorkspaceForm(forms.Form):
    """What a new workspace needs."""

    name = forms.CharField(label=_("Name of the team or company"), max_length=120)
    slug = forms.SlugField(
        label=_("Address"), max_length=48, help_text=_("Lower-case letters, digits and hyphens: acme-kopi")
    )
    timezone = forms.ChoiceField(label=_("Time zone"), choices=zones, initial="UTC")


class ProfileForm(forms.Form):
    """One's own account as others see it, and how one reads."""

    name = forms.CharField(label=_("Your name"), max_length=120)
    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGES)
    timezone = forms.ChoiceField(
        label=_("Your time zone"),
        choices=lambda: [("", _("as the workspace")), *zones()],
        required=False,
        help_text=_("Shown beside the workspace's time where both differ."),
    )


class JoinForm(forms.Form):
    """A new account for an invited address."""

    name = forms.CharField(
        label=_("Your name"), max_length=120, widget=forms.TextInput({"autocomplete": "name"})
    )
    password = forms.CharField(
        label=_("Choose a password"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
        help_text=_("At least 10 characters; a few words are best."),
    )
