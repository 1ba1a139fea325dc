"""What a decider sends."""

from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy

from approvals.services.bulk import MOST, Choice
from approvals.states import Verdict
from teams.choosing import is_id, member_written
from teams.models import Membership
from teams.states import MemberStatus


class AmendmentForm(forms.Form):
    """A change of a running review. What it names is `kind:step:holder`, as the page writes it."""

    what = forms.CharField(max_length=120, required=False)
    member = forms.CharField(required=False, max_length=400)
    reason = forms.CharField(required=False, max_length=2000)

    def clean_member(self) -> UUID | None:
        """Return who is named. Raises: ValidationError."""
        name = self.cleaned_data["member"].strip()
        rows = Membership.objects.filter(status=MemberStatus.ACTIVE)
        return UUID(name) if is_id(name) else member_written(rows, name).pk if name else None

    @property
    def change(self) -> dict[str, Any]:
        """Return kind, step, holder and member as the service takes them."""
        kind, _colon, rest = self.cleaned_data.get("what", "").partition(":")
        step, _colon, holder = rest.partition(":")
        return {
            "kind": kind,
            "step_id": _uuid(step),
            "holder_id": _uuid(holder),
            "member_id": self.cleaned_data.get("member"),
        }


class DecisionForm(forms.Form):
    """A decision on the revision and in the step that were looked at."""

    verdict = forms.ChoiceField(choices=Verdict)
    revision = forms.UUIDField()
    step = forms.UUIDField()
    note = forms.CharField(required=False, max_length=4000)

    @property
    def for_member(self) -> UUID | None:
        """Return in whose place it is decided, where the decider said so."""
        try:
            return UUID(self.data.get("for", ""))
        except ValueError:
            return None


class OverrideForm(forms.Form):
    """Why somebody goes past a review, and of which revision."""

    revision = forms.UUIDField(widget=forms.HiddenInput)
    reason = forms.CharField(
        label=gettext_lazy("Why it cannot wait"),
        max_length=500,
        widget=forms.Textarea({"rows": 3}),
        help_text=gettext_lazy("Kept in the record with your name and read by the leads."),
    )


class OverrideReviewForm(forms.Form):
    """What a lead says of it afterwards."""

    verdict = forms.CharField(max_length=8, required=False)
    note = forms.CharField(max_length=500, required=False)


class MailDecisionForm(forms.Form):
    """A tap on the page that a mail leads to."""

    token = forms.CharField(max_length=600)
    verdict = forms.ChoiceField(choices=Verdict)
    note = forms.CharField(required=False, max_length=4000)


class BulkForm(forms.Form):
    """What is said to all that were chosen."""

    verdict = forms.CharField(required=False, max_length=16)
    note = forms.CharField(required=False, max_length=4000)


def chosen_from(values: list[str]) -> list[Choice]:
    """Read what was chosen, `request:revision:step:member` each; what cannot be read is left out."""
    found = []
    for value in values[: MOST + 1]:
        parts = [_uuid(part) for part in value.split(":")]
        if len(parts) == 4 and parts[0] and parts[1] and parts[2]:
            found.append(Choice(parts[0], parts[1], parts[2], parts[3]))
    return found


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
