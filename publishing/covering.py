"""Which pauses cover which deliveries: the one rule, as conditions for statements."""

from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from calendar_app.models import Post
from publishing.models import Delivery, Hold
from publishing.states import DeliveryState, HeldFor


def covered() -> Exists:
    """Build the condition on deliveries: a standing pause covers them."""
    of_channel = Q(channel=None) | Q(channel=OuterRef("channel_id"))
    of_campaign = Q(campaign=None) | Q(campaign=OuterRef("post__campaign_id"))
    return Exists(Hold.objects.filter(of_channel, of_campaign, ended_at=None))


def deliveries_under(hold: Hold) -> Q:
    """Build the condition on deliveries: this pause covers them."""
    found = Q(channel=hold.channel_id) if hold.channel_id else Q()
    return found & Q(post__campaign=hold.campaign_id) if hold.campaign_id else found


def held_by_pause() -> QuerySet[Delivery]:
    """Return what only pauses keep back."""
    return Delivery.objects.filter(state=DeliveryState.SCHEDULED, held_for=HeldFor.PAUSE)


def paused_channels(post_id: UUID) -> set[UUID | None]:
    """Return the channels of which a post's deliveries are paused; None among them stands for every channel."""
    campaign = Post.objects.filter(pk=post_id).order_by().values("campaign")
    rows = Hold.objects.filter(Q(campaign=None) | Q(campaign__in=campaign), ended_at=None)
    return set(rows.values_list("channel_id", flat=True))


def held_for(channel_id: UUID, paused: set[UUID | None]) -> HeldFor:
    """Return what keeps a delivery back that is put on the schedule now."""
    return HeldFor.PAUSE if None in paused or channel_id in paused else HeldFor.NOTHING
