"""How pages say hours."""

from django import template
from django.utils.formats import number_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from teams.choosing import Chooser

register = template.Library()


@register.simple_tag
def chooser(name: str, ident: str, value: str = "") -> SafeString:
    """Write a box for a member's name outside a form object; its label is the page's."""
    return Chooser().render(name, value, {"id": ident, "class": "input"})


@register.filter
def hours(minutes: int) -> str:
    """Say minutes as hours, with half an hour where there is one: `38 h`, `1.5 h`."""
    value = round(minutes / 30) / 2
    shown = number_format(int(value) if value == int(value) else value)
    return _("%(n)s h") % {"n": shown}
