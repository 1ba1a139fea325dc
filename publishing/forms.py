"""Forms of publishing."""

from django import forms
from django.utils.translation import gettext_lazy as _

from publishing.services.holds import TEXT_MAX


class HoldForm(forms.Form):
    """Why everything outgoing is paused."""

    reason = forms.CharField(
        label=_("Why"),
        help_text=_("Everybody sees this at the top of every page."),
        max_length=TEXT_MAX,
        required=False,
    )


class ResolutionForm(forms.Form):
    """A person's word on an unclear delivery."""

    live = forms.ChoiceField(choices=[("yes", _("It is live")), ("no", _("It is not live"))])
    remote_url = forms.CharField(max_length=2000, required=False)
