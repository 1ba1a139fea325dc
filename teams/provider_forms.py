"""Forms of a workspace's log-in: its provider, what groups mean, how newcomers come in."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from teams.models import Role, Team
from teams.saml import MOST_CHARACTERS

OFF, ON, ONLY = "off", "on", "only"
SWITCH = [
    (OFF, _("Nobody logs in by it")),
    (ON, _("People may log in by it, or as before")),
    (ONLY, _("People log in by it only; owners keep their own way in")),
]


class OidcForm(forms.Form):
    """An OpenID Connect provider."""

    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("Stands on the button, as in: Acme account.")
    )
    issuer = forms.CharField(
        label=_("Issuer"),
        max_length=500,
        widget=forms.TextInput({"inputmode": "url", "autocomplete": "off"}),
        help_text=_("The address as the provider writes it, without /.well-known."),
    )
    client_id = forms.CharField(
        label=_("Client ID"), max_length=255, widget=forms.TextInput({"autocomplete": "off"})
    )
    secret = forms.CharField(
        label=_("Client secret"),
        max_length=500,
        required=False,
        widget=forms.PasswordInput({"autocomplete": "off"}),
        help_text=_("It is kept sealed and shown to nobody. Leave it empty to keep the one that stands."),
    )
    groups_claim = forms.CharField(
        label=_("Claim that lists groups"),
        max_length=120,
        required=False,
        help_text=_("As in: groups. Empty: groups are not looked at."),
    )
    invites = forms.BooleanField(
        label=_("Invite whom the provider sends and nobody here knows"),
        required=False,
        help_text=_("They get a mail and join by its link."),
    )


class SamlForm(forms.Form):
    """A SAML provider."""

    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("Stands on the button, as in: Acme account.")
    )
    metadata = forms.CharField(
        label=_("Metadata of the provider"),
        max_length=MOST_CHARACTERS,
        widget=forms.Textarea({"rows": 8, "spellcheck": "false", "autocomplete": "off"}),
        help_text=_(
            "Paste the XML that the provider gives. It is read here; nothing is fetched from anywhere."
        ),
    )
    groups_claim = forms.CharField(
        label=_("Attribute that lists groups"),
        max_length=120,
        required=False,
        help_text=_(
            "As in: groups. Empty: groups are not looked at. Once named, an answer without it means none."
        ),
    )
    invites = forms.BooleanField(
        label=_("Invite whom the provider sends and nobody here knows"),
        required=False,
        help_text=_("They get a mail and join by its link."),
    )

    def __init__(self, *args: Any, stands: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if stands:
            self.fields["metadata"].required = False
            self.fields["metadata"].help_text = _(
                "Leave it empty to keep what stands. Paste it anew when the provider changes its certificate."
            )


class SwitchForm(forms.Form):
    """How far the provider counts."""

    state = forms.ChoiceField(label=_("Log-in"), choices=SWITCH, widget=forms.RadioSelect)


class JoinRoleForm(forms.Form):
    """The role of newcomers."""

    role = forms.ModelChoiceField(Role.objects.none(), label=_("Role of newcomers"), empty_label=None)

    def __init__(self, *args: Any, roles: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].queryset = roles


class GroupRuleForm(forms.Form):
    """What a group means."""

    group = forms.CharField(label=_("Group"), max_length=200)
    role = forms.ModelChoiceField(
        Role.objects.none(), label=_("Role"), required=False, empty_label=_("as it is")
    )
    team = forms.ModelChoiceField(Team.objects.none(), label=_("Team"), required=False, empty_label=_("none"))

    def __init__(self, *args: Any, roles: Any, teams: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].queryset = roles
        self.fields["team"].queryset = teams


class WhichWorkspaceForm(forms.Form):
    """The address of a workspace."""

    workspace = forms.SlugField(
        label=_("Address of your workspace"),
        max_length=48,
        help_text=_("The word after /w/ in its address."),
        widget=forms.TextInput({"autocapitalize": "none", "autocomplete": "organization"}),
    )
