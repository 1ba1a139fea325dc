"""What a decider sends."""

from uuid import UUID

from django import forms

from approvals.states import Verdict


class DecisionForm(forms.Form):
    """A decision on the revision and in the step that were looked at."""

    verdict = forms.ChoiceField(choices=Verdict)
    revision = forms.UUIDField()
    step = forms.UUIDField()
    note = forms.CharField(required=False, max_length=4000)
    whose = forms.CharField(required=False, max_length=40)

    @property
    def for_member(self) -> UUID | None:
        """Return in whose place it is decided, where the decider said so."""
        try:
            return UUID(self.data.get("for", ""))
        except ValueError:
            return None
