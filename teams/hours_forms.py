"""The form of working hours: seven days with from and until, a country's holidays, further days off."""

from collections.abc import Iterator
from datetime import date, time
from typing import Any, cast

import holidays
from babel import Locale
from django import forms
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from teams.forms import zones
from teams.models import WorkingHours
from teams.working_time import DAY_MINUTES

DAYS = (
    gettext_lazy("Monday"),
    gettext_lazy("Tuesday"),
    gettext_lazy("Wednesday"),
    gettext_lazy("Thursday"),
    gettext_lazy("Friday"),
    gettext_lazy("Saturday"),
    gettext_lazy("Sunday"),
)
USUAL: tuple[list[int], ...] = ([540, 1080],) * 5 + ([], [])


class HoursForm(forms.Form):
    """When somebody works; a day without times is off."""

    zone = forms.ChoiceField(label=gettext_lazy("Time zone"), choices=zones)
    country = forms.ChoiceField(label=gettext_lazy("Public holidays of"), required=False)
    days_off = forms.CharField(
        label=gettext_lazy("Further days off"),
        required=False,
        max_length=4000,
        widget=forms.Textarea({"rows": 3}),
        help_text=gettext_lazy("One date a line, as in 2026-12-31."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        country = cast("forms.ChoiceField", self.fields["country"])
        country.choices = [("", _("none")), *_countries()]
        for number, name in enumerate(DAYS):
            for end, word in (
                ("from", _("%(day)s, from") % {"day": name}),
                ("until", _("%(day)s, until") % {"day": name}),
            ):
                widget = forms.TimeInput({"type": "time"}, format="%H:%M")
                self.fields[f"{end}_{number}"] = forms.TimeField(label=word, required=False, widget=widget)

    def pairs(self) -> Iterator[tuple[Any, Any, Any]]:
        """Yield each day's name with its two fields."""
        for number, name in enumerate(DAYS):
            yield name, self[f"from_{number}"], self[f"until_{number}"]

    def clean_days_off(self) -> list[date]:
        """Read one date a line."""
        lines = [line.strip() for line in self.cleaned_data["days_off"].splitlines() if line.strip()]
        try:
            return [date.fromisoformat(line) for line in lines]
        except ValueError:
            raise forms.ValidationError(_("Write each date as in 2026-12-31, one a line.")) from None

    def clean(self) -> dict[str, Any]:
        """Ask for both times of a day, or neither."""
        found: dict[str, Any] = super().clean() or {}
        for number in range(7):
            ends = [found.get(f"{end}_{number}") for end in ("from", "until")]
            if (ends[0] is None) != (ends[1] is None) and not self.errors:
                self.add_error(f"until_{number}", _("Give both times, or neither."))
        return found

    @property
    def days(self) -> list[list[int]]:
        """Return the seven days in minutes; until midnight is the end of the day."""
        return [self._day(number) for number in range(7)]

    def _day(self, number: int) -> list[int]:
        begins, ends = (self.cleaned_data.get(f"{end}_{number}") for end in ("from", "until"))
        return [] if begins is None or ends is None else [_minutes(begins), _minutes(ends) or DAY_MINUTES]


def start_of_form(row: WorkingHours | None, zone: str) -> dict[str, Any]:
    """Return what the form begins with: what stands, or nine to six on weekdays."""
    days = row.days if row else USUAL
    found: dict[str, Any] = {
        "zone": row.zone if row else zone,
        "country": row.country if row else "",
        "days_off": "\n".join(row.days_off) if row else "",
    }
    for number, day in enumerate(days):
        if day:
            found[f"from_{number}"], found[f"until_{number}"] = _time(day[0]), _time(day[1])
    return found


def _countries() -> list[tuple[str, str]]:
    names = Locale.parse(get_language() or "en", sep="-").territories
    codes = [code for code in holidays.list_supported_countries() if len(code) == 2]
    return sorted(((code, names.get(code, code)) for code in codes), key=lambda pair: pair[1])


def _minutes(value: time) -> int:
    return value.hour * 60 + value.minute


def _time(minutes: int) -> time:
    return time(minutes // 60 % 24, minutes % 60)
