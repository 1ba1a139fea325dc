"""A sample channel's delivery that comes due: it ends at once, in words, and nothing else waits for it."""

from datetime import timedelta

from calendar_app.models import Post
from core.clock import now
from networks.services.channels import make_sample_channel
from publishing import ledger
from publishing.models import Attempt, Delivery
from publishing.services.delivering import deliver
from publishing.states import Reason
from tests.factories.deliveries import allow_policy, delivery_of, plan
from tests.factories.posts import newsroom_of


def _sample(acme, kind="facebook"):
    allow_policy(acme.acme)
    return make_sample_channel(
        workspace=acme.acme, kind=kind, name="Sample", handle="sample", by=acme.actor("ana")
    )


def _carry(claims):
    return [
        deliver(workspace_id=claim.workspace_id, delivery_id=claim.delivery_id, token=claim.token)
        for claim in claims
    ]


def test_a_due_delivery_ends_rejected_with_its_reason(acme):
    post = plan(acme.acme, [_sample(acme)], "Never sent")
    assert _carry(ledger.claim_due()) == ["rejected"]
    row = delivery_of(post)
    assert (row.state, row.reason) == ("rejected", "channel_sample")
    assert str(Reason(row.reason).label) == "This is a sample channel; nothing is sent to it."
    assert Post.objects.get(pk=post.pk).state == "failed"
    assert Attempt.objects.count() == 0
    assert ledger.claim_due() == []


def test_a_sample_of_a_network_that_can_be_connected_is_not_called_either(acme):
    plan(acme.acme, [_sample(acme, "bluesky")], "Never sent")
    assert _carry(ledger.claim_due()) == ["rejected"]
    assert Attempt.objects.count() == 0


def test_nothing_is_prepared_ahead_for_a_sample(acme):
    entry = {"id": "0", "digest": "0", "kind": "image"}
    payload = {"text": "With a picture", "media": [entry]}
    post = plan(acme.acme, [_sample(acme)], "Later", at=now() + timedelta(minutes=10), payload=payload)
    assert _carry(ledger.claim_preparing()) == ["scheduled"]
    row = delivery_of(post)
    assert (row.state, row.lease_until, row.prepare_at) == ("scheduled", None, None)


def test_the_other_channels_of_the_post_are_left_alone(acme):
    sample, newsroom = _sample(acme), newsroom_of(acme)
    post = plan(acme.acme, [newsroom, sample], "Half of it")
    claims = [claim for claim in ledger.claim_due() if claim.delivery_id == delivery_of(post, sample).pk]
    assert _carry(claims) == ["rejected"]
    assert Delivery.objects.get(post=post, channel=newsroom).state == "claimed"
