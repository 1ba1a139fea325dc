"""What the API takes and gives for limits of a role's rights."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from core.errors import Invalid
from teams.limits import Hours, Limit
from teams.services.roles import LimitInput


class HoursBody(serializers.Serializer):
    """Hours of the week by the workspace's clock; days count from Monday = 0."""

    days = serializers.ListField(child=serializers.IntegerField(min_value=0, max_value=6), max_length=7)
    since = serializers.TimeField()
    until = serializers.TimeField()


class LimitBody(serializers.Serializer):
    """To what some rights of a role are limited; what is left out limits nothing."""

    rights = serializers.ListField(child=serializers.CharField(max_length=80), max_length=400)
    networks = serializers.ListField(
        child=serializers.CharField(max_length=32), max_length=50, required=False, default=list
    )
    teams = serializers.ListField(child=serializers.UUIDField(), max_length=100, required=False, default=list)
    states = serializers.ListField(
        child=serializers.CharField(max_length=32), max_length=50, required=False, default=list
    )
    hours = HoursBody(required=False, allow_null=True, default=None)


def limit(row: Limit) -> dict[str, Any]:
    """Return a limit of a role's rights."""
    hours = row.hours
    return {
        "id": row.id,
        "rights": sorted(row.verbs),
        "networks": sorted(row.networks),
        "teams": sorted(str(team) for team in row.teams),
        "states": sorted(row.states),
        "hours": {
            "days": sorted(hours.days),
            "since": hours.since.isoformat(),
            "until": hours.until.isoformat(),
        }
        if hours
        else None,
    }


def limit_input(facts: Mapping[str, Any]) -> LimitInput:
    """Return a limit as the service takes it. Raises: Invalid for hours that are not whole."""
    hours = facts.get("hours")
    if hours and len(hours) < 3:
        message = _("Hours have days, since and until.")
        raise Invalid(message, fields={"limits": [message]})
    span = Hours(frozenset(hours["days"]), hours["since"], hours["until"]) if hours else None
    lists = {name: facts.get(name, ()) for name in ("rights", "networks", "teams", "states")}
    return LimitInput(**lists, hours=span)
