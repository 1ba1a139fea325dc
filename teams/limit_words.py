"""Limits as people read them."""

from datetime import date, timedelta

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from core.listing import listed
from core.templatetags.ui import network_name
from teams.limits import Hours, Limit, state_choices
from teams.models import Team

MONDAY = date(2024, 1, 1)


def in_words(limit: Limit) -> str:
    """Return to what a limit limits; one statement where it names teams."""
    found = []
    if limit.networks:
        found.append(
            _("on %(names)s") % {"names": _listed([network_name(kind) for kind in sorted(limit.networks)])}
        )
    if limit.teams:
        names = Team.objects.filter(pk__in=limit.teams).order_by("name", "pk").values_list("name", flat=True)
        found.append(_("work of %(names)s") % {"names": _listed(list(names)) or _("a team that is gone")})
    if limit.states:
        known = dict(choices())
        found.append(
            _("while it is %(states)s")
            % {
                "states": _listed(
                    [str(known.get(state, state)).lower() for state in sorted(limit.states)], _("or")
                )
            }
        )
    if limit.hours:
        found.append(hours_in_words(limit.hours))
    return ", ".join(found)


def hours_in_words(hours: Hours) -> str:
    """Return hours of the week, in the reader's language."""
    days = ", ".join(day_name(day) for day in sorted(hours.days))
    return f"{days} {hours.since:%H:%M}–{hours.until:%H:%M}"


def day_name(day: int) -> str:
    """Return the short name of a day of the week, Monday being 0."""
    return date_format(MONDAY + timedelta(days=day), "D")


def choices() -> list[tuple[str, str]]:
    """Return the states that a limit can name, with their labels."""
    return [(key, str(label)) for gather in state_choices.values() for key, label in gather()]


def _listed(names: list[str], last: str = "") -> str:
    return listed(names, last or _("and"))
