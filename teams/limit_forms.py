"""The form of a limit to rights of a role: it translates what was typed and knows no rules."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.templatetags.ui import network_name
from teams.limit_words import choices, day_name
from teams.limits import Hours, Limit
from teams.models import Role, Team
from teams.rights import grouped_rights
from teams.services.roles import LimitInput

TIME = forms.TimeInput({"type": "time"}, format="%H:%M")


class LimitForm(forms.Form):
    """Which rights are limited, and to what."""

    rights = forms.MultipleChoiceField(label=_("Rights"), widget=forms.CheckboxSelectMultiple)
    networks = forms.MultipleChoiceField(
        label=_("Only on these networks"), required=False, widget=forms.CheckboxSelectMultiple
    )
    teams = forms.MultipleChoiceField(
        label=_("Only the work of these teams"), required=False, widget=forms.CheckboxSelectMultiple
    )
    states = forms.MultipleChoiceField(
        label=_("Only while a post is"), required=False, widget=forms.CheckboxSelectMultiple
    )
    days = forms.TypedMultipleChoiceField(
        label=_("Only on these days"), required=False, coerce=int, widget=forms.CheckboxSelectMultiple
    )
    since = forms.TimeField(label=_("From"), required=False, widget=TIME)
    until = forms.TimeField(
        label=_("Until"),
        required=False,
        widget=TIME,
        help_text=_("By the workspace’s clock. An end before the beginning is on the next day."),
    )

    def __init__(
        self,
        *args: Any,
        role: Role,
        networks: Sequence[tuple[str, str]],
        teams: Iterable[Team],
        stands: Limit | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["rights"].choices = grouped_rights(role.verbs)
        self.fields["networks"].choices = networks
        self.fields["teams"].choices = [(str(team.pk), team.name) for team in teams]
        if stands is not None:
            self._show(stands)
        self.fields["states"].choices = choices()
        self.fields["days"].choices = [(str(day), day_name(day)) for day in range(7)]

    def _show(self, stands: Limit) -> None:
        """Begin with a limit that stands; what it names and is gone stays in sight, so that nothing loosens unseen."""
        hours = stands.hours
        self.initial = {
            "rights": sorted(stands.verbs),
            "networks": sorted(stands.networks),
            "teams": sorted(map(str, stands.teams)),
            "states": sorted(stands.states),
            "days": sorted(map(str, hours.days)) if hours else [],
            "since": hours.since if hours else None,
            "until": hours.until if hours else None,
        }
        for name, word in (("networks", network_name), ("teams", lambda _gone: _("a team that is gone"))):
            field = self.fields[name]
            known = {key for key, _label in field.choices}
            field.choices += [(key, word(key)) for key in self.initial[name] if key not in known]

    def clean(self) -> dict[str, Any]:
        """Ask for hours and days together."""
        found: dict[str, Any] = super().clean() or {}
        asked = [name for name in ("days", "since", "until") if found.get(name) not in (None, [], "")]
        for name in ("days", "since", "until"):
            if asked and name not in asked and name not in self.errors:
                self.add_error(name, _("Fill in days, from and until, or none of them."))
        return found

    @property
    def limit(self) -> LimitInput:
        """Return what was chosen."""
        facts = self.cleaned_data
        hours = Hours(frozenset(facts["days"]), facts["since"], facts["until"]) if facts["days"] else None
        return LimitInput(facts["rights"], facts["networks"], facts["teams"], facts["states"], hours)
