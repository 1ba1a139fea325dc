"""How people are chosen in forms: by name, with those found as one types; a name typed in full does without scripts."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from teams.models import Membership
from teams.states import MemberStatus

SHOWN = 8
NAMED = 4
"""How many people a list that drops down shows, and how many namesakes a refusal lists."""


def matching(rows: QuerySet[Membership], text: str) -> QuerySet[Membership]:
    """Return the members in whose name or address each of the words occurs, by name."""
    for word in text.replace("<", " ").replace(">", " ").split()[:6]:
        rows = rows.filter(Q(user__name__icontains=word) | Q(user__email__istartswith=word))
    return with_namesakes(rows).order_by("user__name", "pk")


def with_namesakes(rows: QuerySet[Membership]) -> QuerySet[Membership]:
    """Tell with each member whether another one has the same name."""
    same = Membership.objects.filter(status=MemberStatus.ACTIVE, user__name__iexact=OuterRef("user__name"))
    return rows.select_related("user").annotate(has_namesake=Exists(same.exclude(pk=OuterRef("pk"))))


def written(member: Membership) -> str:
    """Return how a member is written so that nobody else is meant: the name, with the address beside namesakes."""
    has_namesake = getattr(member, "has_namesake", False)
    return f"{member.user.name} <{member.user.email}>" if has_namesake else member.user.name


def member_written(rows: QuerySet[Membership], text: str) -> Membership:
    """Return who is meant by an id, an address, a name, or a name with its address.

    Raises: ValidationError where nobody or more than one is.
    """
    text = text.strip()
    found = _of_id(rows, text)
    if found is None:
        address = text.rpartition("<")[2].rstrip("> ")
        by_address = list(rows.filter(user__email__iexact=address)[:1]) if "@" in address else []
        found = by_address or list(with_namesakes(rows.filter(user__name__iexact=text))[: NAMED + 1])
    if not found:
        raise ValidationError(_("Nobody here is called “%(name)s”."), "nobody", {"name": text})
    if len(found) > 1:
        names = ", ".join(written(each) for each in found[:NAMED])
        raise ValidationError(
            _("Several people are called that: %(names)s. Say which one."), "several", {"names": names}
        )
    return found[0]


def is_id(text: object) -> bool:
    """Tell whether a text is an id."""
    try:
        UUID(str(text))
    except ValueError:
        return False
    return True


def _of_id(rows: QuerySet[Membership], text: str) -> Sequence[Membership] | None:
    return list(rows.filter(pk=text)) if is_id(text) else None


class Chooser(forms.TextInput):
    """A box for a name; scripts drop down who fits."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Write the box and the empty list under it."""
        attrs = {
            **(attrs or {}),
            "autocomplete": "off",
            "spellcheck": "false",
            "data-chooser-target": "input",
        }
        box = super().render(name, value, attrs, renderer)
        return format_html(
            '<div class="chooser" data-controller="chooser">{}<ul class="chooser-list" id="{}-list"'
            ' role="listbox" aria-label="{}" data-chooser-target="list" hidden></ul></div>',
            box,
            attrs.get("id", name),
            _("Who fits"),
        )


class MemberField(forms.ModelChoiceField):  # type: ignore[type-arg]  # no type at run time
    """One member, by name. What is posted may be an id, an address or a name."""

    widget = Chooser

    def __init__(self, queryset: Any, *, nobody: Any = "", **kwargs: Any) -> None:
        super().__init__(queryset, empty_label=None, **kwargs)
        if nobody:
            self.widget.attrs["placeholder"] = nobody

    def prepare_value(self, value: Any) -> Any:
        """Show a name for whom is chosen already, and what was typed otherwise."""
        if value in self.empty_values:
            return value
        ident = value.pk if isinstance(value, Membership) else value
        rows = _of_id(with_namesakes(Membership.objects.all()), str(ident))
        return written(rows[0]) if rows else value

    def to_python(self, value: Any) -> Membership | None:
        """Return who is meant. Raises: ValidationError."""
        if value in self.empty_values:
            return None
        if isinstance(value, Membership):
            return value
        assert self.queryset is not None
        return member_written(self.queryset, str(value))

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Tell whether what was sent is not what was shown."""
        return (self.prepare_value(initial) or "") != (data or "")
