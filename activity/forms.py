"""What the record's page is narrowed by."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from teams.choosing import MemberField
from teams.models import Membership


class WhoForm(forms.Form):
    """Whose doings are shown."""

    member = MemberField(Membership.objects.none(), label=_("Who"), required=False, nobody=_("Everybody"))

    def __init__(self, *args: Any, members: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["member"].queryset = members

    @property
    def chosen(self) -> Membership | None:
        """Return the member who was named, if one was."""
        return self.cleaned_data.get("member") if self.is_valid() else None
