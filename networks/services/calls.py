"""Everything an adapter needs to speak for a channel, gathered once inside the workspace's scope."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from core.http import outbound
from files.services.media import open_media
from networks.models import Channel
from networks.oauth.servers import logins
from networks.protocol import Call
from networks.services.apps import open_app
from networks.services.credentials import open_credentials, refresh_credentials
from teams.tenancy import workspace_scope


def call_for(channel: Channel) -> Call:
    """Return what an adapter needs to speak for the channel; usable after the scope is closed.

    Holds the opened credentials: keep it for one delivery, never store or log it.
    """
    return Call(
        workspace_id=channel.workspace_id,
        channel_id=channel.pk,
        facts=dict(channel.facts),
        limits=dict(channel.limits),
        credentials=open_credentials(channel),
        http=outbound(),
        open_media=partial(_open, channel.workspace_id),
        refresh=partial(refresh_credentials, channel.workspace_id, channel.pk),
        app=open_app(channel.kind) if channel.kind in logins else {},
    )


def _open(workspace_id: UUID, entry: Mapping[str, Any]) -> Path:
    with workspace_scope(workspace_id):
        return open_media(entry)
