"""Forms of links: what a member says about one, and what a guest decides."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from guests.states import Scope

LIVES = [
    ("1", _("a day")),
    ("7", _("7 days")),
    ("30", _("30 days")),
    ("90", _("90 days")),
    ("366", _("a year")),
]


class LinkForm(forms.Form):
    """Whom a link is for, what it shows and how it opens; `choices` are what it can show, one alone is not asked."""

    name = forms.CharField(label=_("Name of the guest"), max_length=120)
    email = forms.EmailField(
        label=_("E-mail address of the guest"),
        max_length=254,
        help_text=_("The link goes there and nowhere else: only the guest can use it."),
    )
    shows = forms.ChoiceField(
        label=_("What the link shows"),
        help_text=_("For single posts or another view, open them and choose “Share with a guest”."),
    )
    purpose = forms.CharField(
        label=_("What it is for"),
        max_length=120,
        required=False,
        help_text=_("For you and your team; the guest reads it as a heading."),
    )
    days = forms.ChoiceField(label=_("Lives for"), choices=LIVES, initial="30")
    may_decide = forms.BooleanField(
        label=_("May decide where a workflow asks this guest"), required=False, initial=True
    )
    may_comment = forms.BooleanField(label=_("May comment"), required=False, initial=True)
    is_single_use = forms.BooleanField(
        label=_("Each mail opens once"),
        required=False,
        help_text=_("In one browser; it stays open there until the link ends."),
    )
    is_renewable = forms.BooleanField(
        label=_("The guest can ask for a new mail"),
        required=False,
        initial=True,
        help_text=_("A mail’s link then works for two weeks; a new one goes to the same address."),
    )
    pin = forms.CharField(
        label=_("PIN"),
        max_length=8,
        required=False,
        help_text=_("Four to eight digits that you tell the guest yourself. Five wrong ones shut the link."),
        widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "off"}),
    )
    note = forms.CharField(
        label=_("A few words in the mail"),
        max_length=1000,
        required=False,
        widget=forms.Textarea({"rows": 3}),
    )

    def __init__(self, *args: Any, choices: list[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["shows"].choices = choices
        if len(choices) == 1:
            self.fields["shows"].help_text = ""

    @property
    def facts(self) -> dict[str, Any]:
        """Return what the service takes, but for what the link shows."""
        said = dict(self.cleaned_data)
        said.pop("shows")
        return {**said, "days": int(said["days"])}

    @property
    def campaign(self) -> str:
        """Return the id of the campaign that is to be shown, "" for another scope."""
        kind, _colon, ident = str(self.cleaned_data["shows"]).partition(":")
        return ident if kind == "campaign" else ""

    @property
    def scope(self) -> Scope:
        """Return the scope that was chosen."""
        return Scope.VIEW if self.campaign else Scope(self.cleaned_data["shows"])


class GuestDecisionForm(forms.Form):
    """A guest's decision on the revision that he looked at."""

    verdict = forms.ChoiceField(choices=[("approve", ""), ("request_changes", "")])
    revision = forms.UUIDField()
    note = forms.CharField(required=False, max_length=4000)
