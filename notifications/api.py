"""What one wants mailed, for programs."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from notifications.models import MailRules
from notifications.permissions import SEE
from notifications.registry import notice_types
from notifications.services.rules import COLLECT_MINUTES, USUAL_MINUTES, rules_of, set_mail_rules
from teams.openapi import shape
from teams.rest import endpoint, read

MINUTES = [(minutes, str(minutes)) for minutes in COLLECT_MINUTES]


class MailRulesBody(serializers.Serializer[Any]):
    """Which kinds are not mailed, for how long what is alike is collected, and the quiet hours."""

    muted = serializers.ListField(
        child=serializers.CharField(max_length=80), max_length=200, required=False, default=list
    )
    collect_minutes = serializers.ChoiceField(MINUTES, required=False, default=USUAL_MINUTES)
    quiet_from = serializers.TimeField(required=False, allow_null=True, default=None)
    quiet_until = serializers.TimeField(required=False, allow_null=True, default=None)


MailKind = shape(
    "MailKind",
    key=serializers.CharField(),
    label=serializers.CharField(),
    is_mailed=serializers.BooleanField(),
)
MailRulesOutput = shape(
    "MailRulesOutput",
    kinds=MailKind(many=True),
    collect_minutes=serializers.IntegerField(),
    quiet_from=serializers.TimeField(allow_null=True),
    quiet_until=serializers.TimeField(allow_null=True),
)


@endpoint({"GET": SEE, "PUT": SEE}, body=MailRulesBody, answers=MailRulesOutput)
def mail_rules(request: Request) -> Response:
    """What you want mailed, when not, and what is collected; PUT sets all of it."""
    actor = request._request.actor
    if request.method == "PUT":
        return Response(_rules_json(set_mail_rules(by=actor, **read(MailRulesBody, request))))
    return Response(_rules_json(rules_of(actor.member)))


def _rules_json(rules: MailRules | None) -> dict[str, Any]:
    muted = set(rules.muted) if rules else set()
    return {
        "kinds": [
            {"key": kind.key, "label": str(kind.label), "is_mailed": kind.key not in muted}
            for kind in notice_types.values()
            if kind.mail
        ],
        "collect_minutes": rules.collect_minutes if rules else USUAL_MINUTES,
        "quiet_from": rules.quiet_from if rules else None,
        "quiet_until": rules.quiet_until if rules else None,
    }
