"""Forms of the calendar: they read input; rules live in services."""

from typing import Any
from uuid import UUID

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from calendar_app.models import Post
from calendar_app.states import ViewPage
from calendar_app.times import FIRST_DAY, LAST_DAY
from teams.choosing import member_written
from teams.models import Membership
from teams.states import MemberStatus

DAYS = [MinValueValidator(FIRST_DAY), MaxValueValidator(LAST_DAY)]


class MoveForm(forms.Form):
    """Where a post goes; `fold` 1 asks for the second pass of a time that comes twice."""

    post = forms.UUIDField()
    date = forms.DateField(validators=DAYS)
    time = forms.TimeField(required=False)
    fold = forms.TypedChoiceField(choices=[("0", "0"), ("1", "1")], coerce=int, empty_value=0, required=False)


class NoteForm(forms.Form):
    """A note on a day."""

    text = forms.CharField(label=_("Note"), max_length=300)


class ViewForm(forms.Form):
    """A way to look at the calendar: `query` is what its address says."""

    name = forms.CharField(max_length=80)
    page = forms.ChoiceField(choices=ViewPage.choices)
    query = forms.CharField(required=False, max_length=8000)
    is_shared = forms.BooleanField(required=False)


class ScheduleForm(forms.Form):
    """A wall time in the workspace's zone."""

    date = forms.DateField(
        label=_("Day"), validators=DAYS, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    time = forms.TimeField(label=_("Time"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))


class OwnerForm(forms.Form):
    """Who answers for a campaign, written as people are; nobody where it is left empty."""

    member = forms.CharField(required=False, max_length=400)

    def clean_member(self) -> UUID | None:
        """Return who is named. Raises: ValidationError."""
        name = self.cleaned_data["member"].strip()
        rows = Membership.objects.filter(status=MemberStatus.ACTIVE)
        return member_written(rows, name).pk if name else None


def schedule_form(post: Post, sent: Any = None) -> ScheduleForm:
    """Return the form that plans a post, beginning with the time it has."""
    local = post.local_time
    return ScheduleForm(sent, initial={"date": local.date(), "time": local.time()} if local else None)
