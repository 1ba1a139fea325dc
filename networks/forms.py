"""Forms of channels: fields come from what a network asks for."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from networks.protocol import Adapter
from networks.states import GrantLevel
from teams.models import Membership, Team


class CredentialsForm(forms.Form):
    """What a network needs to know of an account; secrets are never filled in again."""

    def __init__(self, adapter: Adapter, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in adapter.credential_fields:
            self.fields[field.name] = forms.CharField(
                label=field.label,
                initial=field.default,
                max_length=2000,
                help_text=field.help,
                widget=forms.PasswordInput(attrs={"autocomplete": "off"})
                if field.is_secret
                else forms.TextInput(),
            )

    def credentials(self) -> dict[str, str]:
        """Return what was given, without the name of the channel."""
        return {name: value for name, value in self.cleaned_data.items() if name != "name"}


class ConnectForm(CredentialsForm):
    """Connects an account under a name."""

    name = forms.CharField(
        label=_("Name"),
        max_length=120,
        required=False,
        help_text=_("How the team calls this channel; empty: as the account."),
    )


class NameForm(forms.Form):
    """Renames a channel."""

    name = forms.CharField(label=_("Name"), max_length=120)


class GrantForm(forms.Form):
    """Lets a member or a team use a restricted channel."""

    holder = forms.ChoiceField(label=_("Who"))
    level = forms.ChoiceField(
        label=_("May"), choices=[("", _("no longer use it")), *GrantLevel.choices], required=False
    )

    def __init__(self, members: list[Membership], teams: list[Team], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._holders: dict[str, Membership | Team] = {f"member:{member.pk}": member for member in members}
        self._holders |= {f"team:{team.pk}": team for team in teams}
        holder = self.fields["holder"]
        assert isinstance(holder, forms.ChoiceField)
        holder.choices = [
            (_("Teams"), [(f"team:{team.pk}", team.name) for team in teams]),
            (_("Members"), [(f"member:{member.pk}", member.user.name) for member in members]),
        ]
        self.fields["level"].initial = GrantLevel.WRITE

    def chosen_holder(self) -> Membership | Team:
        """Return who was chosen."""
        return self._holders[self.cleaned_data["holder"]]

    def chosen_level(self) -> GrantLevel | None:
        """Return how far, or None to take the grant back."""
        chosen = self.cleaned_data["level"]
        return GrantLevel(chosen) if chosen else None
