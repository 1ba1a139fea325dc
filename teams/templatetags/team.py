"""How pages say hours, and from when until when somebody is away."""

from datetime import datetime, time, timedelta

from django import template
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from core.templatetags.ui import say_time
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


@register.simple_tag
def away_span(starts_at: datetime, ends_at: datetime | None, is_short: bool = False) -> str:
    """Say from when until when, as people do: whole days by the first and the last, else with the hours.

    An absence ends at the midnight after its last day; nobody reads that as a day on which the person is here.
    """
    start, end = timezone.localtime(starts_at), timezone.localtime(ends_at) if ends_at else None
    if start.time() != time.min or (end is not None and end.time() != time.min):
        style = "day" if is_short else "when"
        return _between(say_time(start, style), say_time(end, style) if end else "")
    style = "day" if is_short else "weekday"
    last = end - timedelta(days=1) if end else None
    return _between(say_time(start, style), say_time(last, style) if last else "")


def _between(first: str, last: str) -> str:
    if not last:
        return _("from %(day)s on") % {"day": first}
    return first if first == last else f"{first} – {last}"
