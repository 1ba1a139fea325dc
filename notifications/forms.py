"""The form of what somebody wants mailed."""

from typing import Any, cast

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from notifications.models import MailRules
from notifications.registry import notice_types
from notifications.services.rules import USUAL_MINUTES

CLOCK = forms.TimeInput({"type": "time"}, format="%H:%M")
COLLECT = [
    (0, _("not at all: each at once")),
    (1, _("for a minute")),
    (5, _("for 5 minutes")),
    (15, _("for 15 minutes")),
    (60, _("for an hour")),
]


class MailRulesForm(forms.Form):
    """Which kinds are mailed, for how long they are collected into one, and the quiet hours."""

    mailed = forms.MultipleChoiceField(
        label=_("Mail me when"), required=False, widget=forms.CheckboxSelectMultiple
    )
    collect_minutes = forms.TypedChoiceField(
        label=_("Collect what is alike into one mail"), choices=COLLECT, coerce=int
    )
    quiet_from = forms.TimeField(
        label=_("Quiet from"),
        required=False,
        widget=CLOCK,
        help_text=_(
            "Mails wait until the quiet hours are over, except where a post is about to lose its time."
        ),
    )
    quiet_until = forms.TimeField(label=_("Quiet until"), required=False, widget=CLOCK)

    def __init__(self, data: Any = None, *, rules: MailRules | None) -> None:
        kinds = [(kind.key, capfirst(str(kind.label))) for kind in notice_types.values() if kind.mail]
        self.kinds = [key for key, _label in kinds]
        muted = set(rules.muted) if rules else set()
        start = {
            "mailed": [key for key in self.kinds if key not in muted],
            "collect_minutes": rules.collect_minutes if rules else USUAL_MINUTES,
            "quiet_from": rules.quiet_from if rules else None,
            "quiet_until": rules.quiet_until if rules else None,
        }
        super().__init__(data, initial=start)
        cast("forms.MultipleChoiceField", self.fields["mailed"]).choices = kinds

    @property
    def rules(self) -> dict[str, Any]:
        """Return the rules as the service takes them."""
        said = self.cleaned_data
        muted = [key for key in self.kinds if key not in said["mailed"]]
        return {
            "muted": muted,
            **{name: said[name] for name in ("collect_minutes", "quiet_from", "quiet_until")},
        }
