"""Forms of people and workspaces: they translate what was typed and know no rules."""

import zoneinfo
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.clock import now
from teams.models import LANGUAGES, Membership, Role
from teams.permissions import verbs
from teams.services.absences import MOST_BACKUPS
from teams.states import AbsenceKind

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
        labels = [_("First backup"), _("Second"), _("Third"), _("Fourth"), _("Fifth")]
        for number, label in enumerate(labels[:MOST_BACKUPS], start=1):
            self.fields[f"backup_{number}"] = forms.ModelChoiceField(
                members, label=label, required=False, empty_label=_("nobody")
            )

    @property
    def backups(self) -> list[Membership]:
        """Return the chosen members in order."""
        return [value for value in self.cleaned_data.values() if value is not None]


class AbsenceForm(forms.Form):
    """Who is away, why, and on which days; the last day is included."""

    member = forms.ModelChoiceField(Membership.objects.none(), label=_("Who"), empty_label=None)
    kind = forms.ChoiceField(label=_("Why"), choices=AbsenceKind, initial=AbsenceKind.LEAVE)
    first_day = forms.DateField(label=_("First day"), widget=DATE)
    last_day = forms.DateField(
        label=_("Last day"), widget=DATE, required=False, help_text=_("Leave it empty when nobody knows yet.")
    )

    def __init__(self, *args: Any, members: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["member"].queryset = members

    @property
    def starts_at(self) -> datetime:
        """Return the beginning of the first day, or now when that is today."""
        day = self.cleaned_data["first_day"]
        return now() if day == timezone.localdate() else midnight(day)

    @property
    def ends_at(self) -> datetime | None:
        """Return the end of the last day, None when nobody knows."""
        day = self.cleaned_data["last_day"]
        return midnight(day + timedelta(days=1)) if day else None


def midnight(day: date) -> datetime:
    """Return the beginning of a day in the zone of the page."""
    return timezone.make_aware(datetime.combine(day, time.min))


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


class RoleForm(forms.Form):
    """A role's name and rights."""

    name = forms.CharField(label=_("Name"), max_length=80)
    rights = forms.MultipleChoiceField(
        label=_("Rights"), required=False, widget=forms.CheckboxSelectMultiple, choices=()
    )

    def __init__(self, *args: Any, held: frozenset[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = sorted(verbs.values(), key=lambda verb: verb.name)
        self.fields["rights"].choices = [(verb.name, verb.label) for verb in known if verb.name in held]


class TokenForm(forms.Form):
    """What a token is for and how long it lives."""

    purpose = forms.CharField(label=_("What is it for?"), max_length=120)
    days = forms.TypedChoiceField(
        label=_("Lives for"), choices=LIFETIMES, required=False, coerce=int, empty_value=None, initial="90"
    )


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
