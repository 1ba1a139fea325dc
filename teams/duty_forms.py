"""Forms of duties, moderators, profiles and leavers: they translate what was typed and know no rules."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from teams.choosing import MemberField
from teams.forms import add_backup_fields, chosen_backups
from teams.models import WORKING_LANGUAGES, Membership


class DutyForm(forms.Form):
    """A duty: what, where, who answers for it, who stands in, and how much of a week it takes."""

    kind = forms.ChoiceField(label=_("Kind of work"))
    new_kind = forms.CharField(label=_("Or a kind of your own"), max_length=80, required=False)
    name = forms.CharField(
        label=_("Name"),
        max_length=120,
        required=False,
        help_text=_("Leave it empty to call it by its kind and place."),
    )
    owner = MemberField(Membership.objects.none(), label=_("Owner"), required=False, nobody=_("nobody"))
    effort_hours = forms.DecimalField(
        label=_("Hours a week"),
        min_value=0,
        max_value=168,
        decimal_places=2,
        required=False,
        widget=forms.NumberInput({"step": "0.25", "inputmode": "decimal"}),
    )
    scopes = forms.MultipleChoiceField(
        label=_("Where"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Nothing chosen means the whole workspace."),
    )

    def __init__(self, *args: Any, kinds: Any, scopes: Any, members: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = kinds
        self.fields["scopes"].choices = scopes
        self.fields["owner"].queryset = members
        add_backup_fields(self, members, most=3)
        self.order_fields(["kind", "new_kind", "name", "owner", "backup_1", "backup_2", "backup_3"])

    @property
    def backups(self) -> list[Membership]:
        """Return the chosen backups in order."""
        return chosen_backups(self)

    @property
    def effort_minutes(self) -> int:
        """Return the effort in minutes a week."""
        return round((self.cleaned_data["effort_hours"] or 0) * 60)


class ModeratorForm(forms.Form):
    """Who looks over what goes out on a channel, and who stands in for him there."""

    member = MemberField(Membership.objects.none(), label=_("Moderator"), required=False, nobody=_("nobody"))

    def __init__(self, *args: Any, members: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["member"].queryset = members
        add_backup_fields(self, members, most=2)

    @property
    def backups(self) -> list[Membership]:
        """Return the chosen backups in order."""
        return chosen_backups(self)


class MemberProfileForm(forms.Form):
    """What a member is called at work, how many hours there are, and which languages he works in."""

    job_title = forms.CharField(label=_("Job title"), max_length=120, required=False)
    capacity_hours = forms.IntegerField(label=_("Hours a week"), min_value=0, max_value=80)
    languages = forms.MultipleChoiceField(
        label=_("Languages"), choices=WORKING_LANGUAGES, required=False, widget=forms.CheckboxSelectMultiple
    )
    networks = forms.MultipleChoiceField(
        label=_("Networks"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Where this person is trained; nothing chosen means everywhere."),
    )

    def __init__(self, *args: Any, networks: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["networks"].choices = networks


class HeirsForm(forms.Form):
    """Who takes over each line that a leaver holds."""

    def __init__(self, *args: Any, lines: Any, members: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lines = lines
        for line in lines:
            able = members.exclude(pk__in=line.barred)
            nobody = _("nobody; others are left") if line.may_lapse else _("choose somebody")
            self.fields[line.key] = MemberField(
                able, label=line.title, required=not line.may_lapse, initial=line.heir_id, nobody=nobody
            )

    @property
    def heirs(self) -> dict[str, Membership | None]:
        """Return who takes over each line."""
        return {line.key: self.cleaned_data.get(line.key) for line in self.lines}

    def rows(self) -> list[tuple[Any, Any]]:
        """Return each line with its field."""
        return [(line, self[line.key]) for line in self.lines]
