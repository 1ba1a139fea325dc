"""What the API takes and gives of channels; nothing is shown that is not named here."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from core.clock import now
from networks.health import health_of, quota_of_channel
from networks.models import Channel
from networks.oauth.servers import logins
from networks.protocol import Adapter
from networks.states import Trouble


class ChannelInput(serializers.Serializer):
    """The body that connects a channel."""

    network = serializers.CharField(max_length=32)
    name = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")
    credentials = serializers.DictField(child=serializers.CharField(max_length=2000, trim_whitespace=False))


class ChannelChange(serializers.Serializer):
    """The body that changes a channel."""

    name = serializers.CharField(max_length=120, required=False)
    login_ends_on = serializers.DateField(required=False, allow_null=True)


class QuotaOutput(serializers.Serializer):
    """How many calls the network still takes, for the API's description."""

    left = serializers.IntegerField()
    most = serializers.IntegerField()
    resets_at = serializers.DateTimeField(allow_null=True)


class HealthOutput(serializers.Serializer):
    """How a channel is doing, for the API's description."""

    trouble = serializers.ChoiceField(choices=[str(one) for one in Trouble], allow_blank=True)
    advice = serializers.CharField(allow_blank=True)
    login_ends_at = serializers.DateTimeField(allow_null=True)
    quota = QuotaOutput(allow_null=True)
    last_success_at = serializers.DateTimeField(allow_null=True)
    last_error = serializers.CharField(allow_blank=True)
    last_error_at = serializers.DateTimeField(allow_null=True)


class ChannelOutput(serializers.Serializer):
    """A channel, for the API's description."""

    id = serializers.UUIDField()
    network = serializers.CharField()
    name = serializers.CharField()
    handle = serializers.CharField()
    capability = serializers.CharField()
    status = serializers.CharField()
    limits = serializers.DictField()
    restricted = serializers.BooleanField()
    last_success_at = serializers.DateTimeField(allow_null=True)
    last_error = serializers.CharField()
    health = HealthOutput()


def channel_json(channel: Channel) -> dict[str, Any]:
    """Return a channel as programs see it."""
    return {
        "id": str(channel.pk),
        "network": channel.kind,
        "name": channel.name,
        "handle": channel.handle,
        "capability": channel.capability,
        "status": channel.status,
        "limits": channel.limits,
        "restricted": channel.is_restricted,
        "last_success_at": channel.last_success_at,
        "last_error": channel.last_error,
        "health": _health_json(channel),
    }


def _health_json(channel: Channel) -> dict[str, Any]:
    at = now()
    health, quota = health_of(channel, at), quota_of_channel(channel, at)
    return {
        "trouble": str(health.trouble),
        "advice": health.advice,
        "login_ends_at": channel.login_ends_at,
        "quota": quota and {"left": quota[0], "most": quota[1], "resets_at": channel.quota_resets_at},
        "last_success_at": channel.last_success_at,
        "last_error": channel.last_error,
        "last_error_at": channel.last_error_at,
    }


def network_json(adapter: Adapter) -> Mapping[str, Any]:
    """Return a kind of network with what connecting it needs and what its posts can say."""
    return {
        "network": adapter.kind,
        "label": str(adapter.label),
        "connectable": bool(adapter.credential_fields),
        "by_login": adapter.kind in logins,
        "credentials": [
            {
                "name": field.name,
                "label": str(field.label),
                "secret": field.is_secret,
                "optional": field.is_optional,
                "default": field.default,
            }
            for field in adapter.credential_fields
        ],
        "options": [
            {
                "name": field.name,
                "label": str(field.label),
                "flag": field.is_flag,
                "choices": [{"value": value, "label": str(label)} for value, label in field.choices],
            }
            for field in adapter.option_fields
        ],
    }
