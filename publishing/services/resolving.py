"""What people decide about single deliveries: it is live, it is not, send it again."""

from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from core.errors import Invalid, WrongState
from core.transitions import transition
from networks.protocol import Capability
from publishing.models import Delivery
from publishing.permissions import REPEAT, RESOLVE
from publishing.services.following import follow, lock_post, note
from publishing.services.planning import rearm
from publishing.states import DELIVERY, DeliveryState, Reason
from publishing.timing import clock
from teams.actors import Actor
from teams.permissions import require, standing_for

URL_MAX = 2000


def resolve_delivery(*, delivery: Delivery, live: bool, remote_url: str = "", by: Actor) -> Delivery:
    """Settle by a person's word whether an unclear delivery is live.

    Raises: NotAllowed; WrongState unless it needs attention; Invalid for an address that is none, and without one
    for what was posted by hand.
    Records: publishing.delivery.confirmed_live or .confirmed_not_live.
    """
    by = _as(by, RESOLVE, delivery)
    _check_url(remote_url)
    post = lock_post(delivery.post_id)
    delivery.refresh_from_db(fields=["state"])
    if live:
        _check_hand(delivery, remote_url)
        if delivery.reason == Reason.LATE:
            raise WrongState(_("This was never sent, so it cannot be live."))
        transition(
            delivery,
            DELIVERY,
            "confirm_live",
            published_at=clock(),
            remote_url=remote_url,
            reason=Reason.CONFIRMED_LIVE,
        )
    else:
        transition(delivery, DELIVERY, "confirm_not_live", reason=Reason.CONFIRMED_NOT_LIVE)
    delivery.refresh_from_db()
    note(f"publishing.delivery.{delivery.reason}", delivery, by=by)
    follow(post)
    return delivery


def send_again(*, delivery: Delivery, by: Actor) -> Delivery:
    """Send a delivery again that is known not to be live; return the row that will be sent.

    The same row while no call can have had an effect, else a new occurrence.
    Raises: NotAllowed; WrongState for what is live, may be, or was replaced by a later one; and where the approval
    no longer stands. Records: publishing.delivery.repeated.
    """
    by = _as(by, REPEAT, delivery)
    post = lock_post(delivery.post_id)
    locked = Delivery.objects.select_for_update(of=("self",), no_key=True).select_related("clearance")
    row = locked.get(pk=delivery.pk)
    later = Delivery.objects.filter(
        post_id=row.post_id, channel_id=row.channel_id, occurrence_no__gt=row.occurrence_no
    )
    if later.exists():
        raise WrongState(_("It was sent again already."))
    if post.archived_at is not None:
        raise WrongState(_("The post is archived; restore it first."))
    if row.clearance.revoked_at is not None or row.state == DeliveryState.CANCELLED:
        raise WrongState(_("What was approved no longer stands. Submit the post again."), code="not_approved")
    placed = rearm(row, by=by, run_now=True)
    note("publishing.delivery.repeated", placed, by=by)
    follow(post)
    return placed


def _as(by: Actor, verb: str, delivery: Delivery) -> Actor:
    if verb in by.verbs or by.is_system:
        require(by, verb, delivery)
        return by
    return standing_for(by, verb, delivery)


def _check_hand(delivery: Delivery, url: str) -> None:
    """Ask for the link where a person's word is all that there will ever be."""
    if delivery.channel.capability == Capability.HAND and not url:
        message = _("Give the link of the post, so that everybody can see it.")
        raise Invalid(message, fields={"remote_url": [message]})


def _check_url(url: str) -> None:
    parts = urlsplit(url)
    if url and (len(url) > URL_MAX or parts.scheme not in ("http", "https") or not parts.hostname):
        message = _("Give the address of the post, beginning with https://, or leave it empty.")
        raise Invalid(message, fields={"remote_url": [message]})
