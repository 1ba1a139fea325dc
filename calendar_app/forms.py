"""Forms of the calendar: they read input; rules live in services."""

from django import forms
from django.utils.translation import gettext_lazy as _


class MoveForm(forms.Form):
    """Where a post goes."""

    post = forms.UUIDField()
    date = forms.DateField()
    time = forms.TimeField(required=False)


class NoteForm(forms.Form):
    """A note on a day."""

    text = forms.CharField(label=_("Note"), max_length=300)


class ScheduleForm(forms.Form):
    """A wall time in the workspace's zone."""

    date = forms.DateField(label=_("Day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    time = forms.TimeField(label=_("Time"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
