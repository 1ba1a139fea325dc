"""Forms of publishing."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from calendar_app.models import Campaign
from networks.models import Channel
from publishing.services.holds import TEXT_MAX


class HoldForm(forms.Form):
    """What is paused, and why."""

    what = forms.ChoiceField(label=_("What"), required=False)
    reason = forms.CharField(
        label=_("Why"),
        help_text=_("Everybody sees this where the pause stands."),
        max_length=TEXT_MAX,
        required=False,
    )

    def __init__(
        self,
        channels: Sequence[Channel],
        names: Mapping[UUID, str],
        campaigns: Sequence[Campaign],
        *args: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._things: dict[str, dict[str, Channel | Campaign]] = {
            "": {},
            **{f"channel:{channel.pk}": {"channel": channel} for channel in channels},
            **{f"campaign:{campaign.pk}": {"campaign": campaign} for campaign in campaigns},
        }
        of_channels = [(f"channel:{channel.pk}", names[channel.pk]) for channel in channels]
        of_campaigns = [(f"campaign:{campaign.pk}", campaign.name) for campaign in campaigns]
        choices: list[Any] = [("", _("Everything outgoing"))]
        choices += [(_("One channel"), of_channels)] if of_channels else []
        choices += [(_("One campaign"), of_campaigns)] if of_campaigns else []
        self.fields["what"].choices = choices  # type: ignore[attr-defined]  # a choice field

    def chosen(self) -> dict[str, Any]:
        """Return the channel or campaign that is meant, by its name; nothing for everything."""
        return dict(self._things[self.cleaned_data["what"]])


class ResolutionForm(forms.Form):
    """A person's word on an unclear delivery."""

    live = forms.ChoiceField(choices=[("yes", _("It is live")), ("no", _("It is not live"))])
    remote_url = forms.CharField(max_length=2000, required=False)


class ConfirmationForm(forms.Form):
    """Where what a person posted is live."""

    remote_url = forms.CharField(
        label=_("Link of the live post"),
        max_length=2000,
        widget=forms.URLInput(attrs={"placeholder": "https://", "inputmode": "url", "autocomplete": "off"}),
    )
