"""How the record and notices name and link a channel."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.urls import reverse

from networks.models import Channel
from networks.selectors import channels_seen_in_the_past_by, get_channel
from teams.actors import Actor
from teams.subjects import Subject


def _load(actor: Actor, ident: Any) -> Channel:
    return get_channel(actor, UUID(str(ident)))


def _label(channel: Channel) -> str:
    return channel.name


def _labels(actor: Actor, idents: Iterable[UUID]) -> dict[UUID, str]:
    rows = channels_seen_in_the_past_by(actor).filter(pk__in=set(idents))
    return {channel.pk: channel.name for channel in rows}


def _path(slug: str, ident: Any) -> str:
    return reverse("networks:channel", args=[slug, ident])


CHANNEL = Subject("networks.channel", _load, _label, _path, _labels)
