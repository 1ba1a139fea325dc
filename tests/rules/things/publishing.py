"""Deliveries of a post that goes out tomorrow."""

from datetime import timedelta
from typing import Any

from core.clock import now
from networks.models import Channel
from publishing.models import Delivery
from publishing.services.holds import start_hold
from teams.models import Workspace
from tests.factories.deliveries import allow_policy, plan
from tests.rules.subjects import body, made, subject
from tests.rules.world import Side


@subject("publishing_api:post_deliveries.pk", "planned_post")
def planned(side: Side) -> Any:
    """A post that is scheduled for tomorrow."""
    channel = Channel.objects.get(pk=made(side, "newsroom"))
    asked = Workspace.objects.get(pk=side.workspace.pk).settings
    allow_policy(side.workspace)
    post = plan(
        side.workspace, [channel], side.text("planned post"), at=now() + timedelta(days=1), by=side.by
    )
    Workspace.objects.filter(pk=side.workspace.pk).update(settings=asked)
    return post.pk


@subject("delivery", "publishing_api:*.pk")
def delivery(side: Side) -> Any:
    """Its delivery."""
    return Delivery.objects.get(post=made(side, "planned_post")).pk


@subject("publishing:by_hand.delivery")
def to_post_by_hand(side: Side) -> Any:
    """A delivery of which the page says what would be posted by hand."""
    return made(side, "delivery")


@body("publishing_api:delivery_resolution:POST")
def resolution(side: Side) -> dict[str, Any]:
    return {"live": False}


@subject("publishing:hold.hold", "publishing:hold_resumption.hold")
def one_hold(side: Side) -> Any:
    """A pause of one channel."""
    channel = Channel.objects.get(pk=made(side, "channel"))
    return start_hold(workspace=side.workspace, text=side.text("pause"), by=side.by, channel=channel).pk


@subject("publishing_api:channel_hold.pk")
def held_channel(side: Side) -> Any:
    """A channel that can be paused."""
    return made(side, "channel")


@subject("publishing_api:campaign_hold.pk")
def held_campaign(side: Side) -> Any:
    """A campaign that can be paused."""
    return made(side, "campaign")


@body("publishing_api:channel_hold:PUT", "publishing_api:campaign_hold:PUT", "publishing_api:hold:PUT")
def hold(side: Side) -> dict[str, Any]:
    return {"reason": "words"}
