"""Keeps posts in step with their deliveries, and writes down what became of them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from calendar_app.models import Post
from calendar_app.services.planning import follow_deliveries
from core.record import record
from core.refs import Ref
from publishing import statements
from publishing.models import Delivery
from publishing.states import DeliveryState
from teams.actors import Actor


def lock_post(post_id: UUID) -> Post:
    """Lock a post until the commit, before any of its deliveries, so that siblings never overlook each other."""
    return statements.lock_post(post_id)


def follow(post: Post, latest: Sequence[str] | None = None) -> None:
    """Set the post's state to what its deliveries say; the caller holds the post's lock.

    `latest` are the states of its latest deliveries where they are known already.
    """
    states = statements.latest_states(post.pk) if latest is None else latest
    kept = [state for state in states if state != DeliveryState.CANCELLED]
    if states:
        follow_deliveries(post=post, states=kept or states)


def note(verb: str, delivery: Delivery, *, by: Actor, **facts: Any) -> None:
    """Record what happened to a delivery, on its post. Records: the verb."""
    record(
        verb,
        by=by,
        subject=Ref("calendar_app.post", delivery.post_id),
        delivery=str(delivery.pk),
        channel=str(delivery.channel_id),
        occurrence=delivery.occurrence_no,
        **facts,
    )
