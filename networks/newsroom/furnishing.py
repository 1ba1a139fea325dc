"""Gives a new workspace its newsroom."""

from core.record import record
from core.refs import Ref
from networks.models import Channel
from networks.newsroom.adapter import CAPABILITY, LIMITS
from networks.services.credentials import store_credentials
from teams.actors import Actor
from teams.models import Workspace
from teams.services.keys import make_key
from teams.states import KeyKind


def furnish_newsroom(workspace: Workspace, by: Actor) -> Channel:
    """Make the built-in channel with a secret of its own, sealed like any other network's.

    Records: networks.channel.connected, teams.accesskey.made.
    """
    channel = Channel(
        workspace=workspace,
        kind="newsroom",
        name="Newsroom",
        handle=f"/n/{workspace.slug}/",
        remote_account_id=str(workspace.pk),
        capability=CAPABILITY,
        limits=LIMITS.as_json(),
        facts={"workspace": workspace.slug},
        connected_by=by.member,
    )
    channel.save()
    subject = Ref("networks.channel", channel.pk)
    _key, secret = make_key(kind=KeyKind.NEWSROOM, workspace=workspace, subject=subject, by=by)
    store_credentials(channel=channel, credentials={"secret": secret})
    record("networks.channel.connected", by=by, subject=subject, kind=channel.kind)
    return channel
