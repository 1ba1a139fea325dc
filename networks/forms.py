"""Forms of channels: fields come from what a network asks for."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from networks.models import NetworkApp
from networks.oauth.servers import OAuthServer
from networks.protocol import Adapter
from networks.states import GrantLevel
from teams.choosing import Chooser, is_id, member_written
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
                required=not field.is_optional,
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


class AppForm(forms.Form):
    """What the workspace is to a network; the secret is never filled in again."""

    client_id = forms.CharField(label=_("Client ID"), max_length=255, widget=forms.TextInput())
    secret = forms.CharField(
        label=_("Client secret"),
        max_length=2000,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, app: NetworkApp | None, server: OAuthServer, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["client_id"].initial = app.client_id if app else ""
        if app:
            self.fields["secret"].help_text = _("Empty: the one that is kept stays.")
        elif not server.is_secret_optional:
            self.fields["secret"].required = True


class NameForm(forms.Form):
    """Renames a channel."""

    name = forms.CharField(label=_("Name"), max_length=120)


class LoginEndForm(forms.Form):
    """Says until which day a log-in works."""

    login_ends_on = forms.DateField(
        label=_("Log-in ends on"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("Where the network told you a day. Who looks after the channel is told a week before."),
    )


class GrantForm(forms.Form):
    """Lets a member or a team use a restricted channel."""

    holder = forms.CharField(
        label=_("Who"), max_length=400, widget=Chooser, help_text=_("The name of a person or of a team.")
    )
    level = forms.ChoiceField(
        label=_("May"), choices=[("", _("no longer use it")), *GrantLevel.choices], required=False
    )

    def __init__(
        self, members: QuerySet[Membership], teams: QuerySet[Team], *args: Any, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._members, self._teams = members, teams
        self.fields["level"].initial = GrantLevel.WRITE

    def clean_holder(self) -> Membership | Team:
        """Return who is meant by `member:<id>`, `team:<id>`, or a name. Raises: ValidationError."""
        text = self.cleaned_data["holder"]
        kind, colon, ident = text.partition(":")
        if colon and kind == "team" and is_id(ident):
            found = self._teams.filter(pk=ident).first()
        else:
            found = self._teams.filter(name__iexact=text).first()
        return found or member_written(self._members, ident if colon and kind == "member" else text)

    def chosen_holder(self) -> Membership | Team:
        """Return who was chosen."""
        holder: Membership | Team = self.cleaned_data["holder"]
        return holder

    def chosen_level(self) -> GrantLevel | None:
        """Return how far, or None to take the grant back."""
        chosen = self.cleaned_data["level"]
        return GrantLevel(chosen) if chosen else None
