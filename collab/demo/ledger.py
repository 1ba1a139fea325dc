"""Past deliveries: carried through the engine's own steps, with the answer that a network gave in the story.

The claim is written here, since the scan claims for every workspace by the database's clock. What follows is the
engine's: take up, intent under the ledger's guards, answer by compare-and-set, and the question to people where
the outcome stayed unknown. No call is made in between; the newsroom's item is put by the newsroom's own service.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import uuid4

from core.clock import now
from core.errors import Permanent
from networks.models import Channel
from networks.newsroom.items import item_url, put_item
from networks.protocol import Outcome, OutcomeKind
from networks.states import ChannelStatus
from publishing.ledger import Claim
from publishing.models import Delivery
from publishing.services import confirming, delivering, intents, settling
from publishing.states import DeliveryState
from publishing.timing import CLAIM_LEASE

LATENCY_MS = 240


def carry(delivery: Delivery, answer: Outcome | None) -> str:
    """Carry one due delivery to the answer that the network gave; return the state in which that leaves it.

    `answer` None is the newsroom's, which is asked itself.
    """
    work = _take_up(delivery)
    with _connected(delivery.channel):
        intent = intents.write_intent(
            delivery=work.delivery,
            adapter=work.adapter,
            payload=work.payload,
            prepared={},
            is_intact=work.is_intact,
        )
        if intent is None:
            return str(Delivery.objects.values_list("state", flat=True).get(pk=delivery.pk))
        outcome = answer or _put(delivery, work, intent)
        state = confirming.confirm(
            delivery=work.delivery,
            adapter=work.adapter,
            intent=intent,
            outcome=outcome,
            sent_at=intent.at,
            latency_ms=LATENCY_MS + 13 * len(str(work.payload.get("text", ""))),
        )
    return _ask_people(delivery) if outcome.kind == OutcomeKind.UNKNOWN else state


def _take_up(delivery: Delivery) -> delivering.Work:
    token = uuid4()
    Delivery.objects.filter(pk=delivery.pk, state=DeliveryState.SCHEDULED).update(
        state=DeliveryState.CLAIMED,
        claimed_at=now(),
        lease_token=token,
        lease_until=now() + timedelta(seconds=CLAIM_LEASE),
    )
    works = delivering.take_up([Claim(delivery.workspace_id, delivery.pk, token)])
    if not works:
        raise Permanent("a delivery of the demo could not be taken up")
    return works[0]


@contextmanager
def _connected(channel: Channel) -> Iterator[None]:
    """Let a sample count as the connected account that it is in the story, within the loading transaction only."""
    rows = Channel.objects.filter(pk=channel.pk, status=ChannelStatus.SAMPLE)
    was_sample = bool(rows.update(status=ChannelStatus.ACTIVE))
    yield
    if was_sample:
        Channel.objects.filter(pk=channel.pk).update(status=ChannelStatus.SAMPLE)


def _put(delivery: Delivery, work: delivering.Work, intent: intents.Intent) -> Outcome:
    item, _is_new = put_item(
        workspace_id=delivery.workspace_id,
        channel_id=delivery.channel_id,
        key=intent.remote_key,
        payload=work.payload,
    )
    url = item_url(delivery.post.workspace, item.key)
    return Outcome(OutcomeKind.ACCEPTED, remote_id=item.key, remote_url=url, http_status=201)


def _ask_people(delivery: Delivery) -> str:
    token = uuid4()
    Delivery.objects.filter(pk=delivery.pk, state=DeliveryState.UNKNOWN).update(settle_token=token)
    return settling.settle_unknown(workspace_id=delivery.workspace_id, delivery_id=delivery.pk, token=token)
