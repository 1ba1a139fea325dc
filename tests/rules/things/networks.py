"""Channels and the newsroom."""

from typing import Any

from core.refs import Ref
from networks.models import Channel
from networks.newsroom.items import put_item
from networks.services.channels import make_sample_channel
from teams.services.keys import make_key
from teams.states import KeyKind
from tests.rules.subjects import body, made, subject
from tests.rules.world import Side


@subject("channel")
def channel(side: Side) -> Any:
    """A channel for trying out."""
    return make_sample_channel(
        workspace=side.workspace,
        kind="mastodon",
        name=side.text("channel"),
        handle=side.text("handle"),
        by=side.by,
    ).pk


@subject("newsroom")
def newsroom(side: Side) -> Any:
    """The channel that every workspace begins with."""
    return Channel.objects.get(kind="newsroom").pk


@subject("kind")
def kind(side: Side) -> Any:
    """A network that can be connected."""
    return "mastodon"


@subject("networks:app.kind", "networks:journey.kind", "networks:journey_end.kind")
def login_kind(side: Side) -> Any:
    """A network into which people log in; no app of this workspace is known there."""
    return "x"


@subject("newsroom:item.key", "newsroom:endpoint.key")
def item(side: Side) -> Any:
    """An item of the newsroom, public in its own workspace."""
    payload = {"title": "", "text": side.text("published item"), "language": "en", "media": []}
    put_item(workspace_id=side.workspace.pk, channel_id=made(side, "newsroom"), key="first", payload=payload)
    channel_ref = Ref("networks.channel", made(side, "newsroom"))
    make_key(kind=KeyKind.NEWSROOM, workspace=side.workspace, subject=channel_ref, by=side.by)
    return "first"


@body("networks:name:POST")
def new_name(side: Side) -> dict[str, Any]:
    return {"name": side.text("renamed")}


@body("networks:grants:POST")
def new_grant(side: Side) -> dict[str, Any]:
    return {"member": str(side.members["manager"].pk), "may_write": "on"}
