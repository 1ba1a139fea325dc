"""Reconcile-only: after a backup was put back or Collab could not work for long, nothing overdue is sent blindly.

What fell due meanwhile goes to `unknown` with its reason; the network is asked as after any lost answer, but its word
moves nothing to the schedule again: what is live is published, all else waits for a person (publishing.settlement).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from core.ids import uuid7
from core.record import record
from core.refs import Ref
from networks.adapters import adapter_of, adapters
from publishing.models import Delivery
from publishing.services.following import follow, lock_post, note
from publishing.services.holds import start_hold
from publishing.states import BEFORE_INTENT, DeliveryState, HeldFor, Reason
from publishing.timing import clock
from teams.actors import Actor
from teams.models import Workspace
from teams.tenancy import workspace_scope

log = structlog.get_logger(__name__)

ENGINE = "engine"


def after_restore() -> int:
    """Pause every workspace and have the networks asked about all that was not sent; return how many fell due.

    The restored rows cannot know what was sent after they were saved: neither what fell due nor what somebody sent
    ahead of its time. While the pause stands nothing leaves; what is still to come and not live keeps its time.
    Records: publishing.hold.started, publishing.delivery.doubted.
    """
    return sum(_hold_and_ask(workspace) for workspace in Workspace.objects.order_by("pk"))


def notice_outage() -> int:
    """Note that the engine lives; after a gap longer than COLLAB_OUTAGE_MINUTES doubt what fell due. Return how many.

    One transaction under a lock on the engine's mark, so that of several dispatchers one does it and none claims what
    is overdue before: each calls this before its first scan, and again after it was away itself.
    Locks: the engine's mark. Records: publishing.outage.noticed, publishing.delivery.doubted.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_MARK, [str(uuid7()), ENGINE, ENGINE])
        cursor.execute(_READ_MARK, [ENGINE])
        last, at = cursor.fetchone()
        doubted = 0
        if at - last > timedelta(minutes=settings.OUTAGE_MINUTES):
            log.warning("engine_was_away", seconds=round((at - last).total_seconds()))
            doubted = sum(
                _ask_about_outage(workspace, last) for workspace in Workspace.objects.order_by("pk")
            )
        cursor.execute("UPDATE publishing_heartbeat SET at = clock_timestamp() WHERE process = %s", [ENGINE])
    return doubted


_MARK = """
INSERT INTO publishing_heartbeat (id, kind, process, started_at, at)
VALUES (%s, %s, %s, clock_timestamp(), clock_timestamp()) ON CONFLICT (process) DO NOTHING
"""
_READ_MARK = "SELECT at, clock_timestamp() FROM publishing_heartbeat WHERE process = %s FOR UPDATE"


def _hold_and_ask(workspace: Workspace) -> int:
    with workspace_scope(workspace.pk):
        by = Actor.system(workspace.pk)
        text = _("A backup was put back. Look at what was interrupted before you let posts go on.")
        start_hold(workspace=workspace, text=text, by=by)
        Delivery.objects.filter(state=DeliveryState.UNKNOWN).update(reason=Reason.RESTORED)
        rows = Delivery.objects.filter(state__in=BEFORE_INTENT)
        fell_due = rows.filter(scheduled_at__lte=clock()).count()
        _doubt(rows, Reason.RESTORED, by)
        return fell_due


def _ask_about_outage(workspace: Workspace, last: datetime) -> int:
    with workspace_scope(workspace.pk):
        by = Actor.system(workspace.pk)
        over = Q(state=DeliveryState.SENDING, lease_until__lte=clock())
        Delivery.objects.filter(over).update(state=DeliveryState.UNKNOWN, settle_token=None)
        Delivery.objects.filter(state=DeliveryState.UNKNOWN).update(reason=Reason.OUTAGE)
        due = Delivery.objects.filter(
            state__in=BEFORE_INTENT, scheduled_at__lte=clock(), held_for=HeldFor.NOTHING
        )
        doubted = _doubt(due, Reason.OUTAGE, by)
        if doubted:
            subject = Ref("teams.workspace", workspace.pk)
            record("publishing.outage.noticed", by=by, subject=subject, since=last.isoformat(), count=doubted)
        return doubted


def _doubt(rows: QuerySet[Delivery], reason: Reason, by: Actor) -> int:
    """Have the network asked about deliveries of which our own rows cannot tell whether they were sent."""
    found: Sequence[tuple[UUID, UUID]] = list(rows.order_by("post_id", "pk").values_list("pk", "post_id"))
    for delivery_id, post_id in found:
        post = lock_post(post_id)
        row = Delivery.objects.select_related("channel").get(pk=delivery_id)
        key = row.remote_key
        if not key and row.channel.kind in adapters:
            key = adapter_of(row.channel).mint_key(row.pk)
        Delivery.objects.filter(pk=row.pk).update(
            state=DeliveryState.UNKNOWN,
            held_for=HeldFor.NOTHING,
            reason=reason,
            reason_text="",
            remote_key=key,
            lease_token=None,
            lease_until=None,
            claimed_at=None,
            settle_until=clock(),
            settle_token=None,
            not_found_count=0,
            failures=0,
        )
        note("publishing.delivery.doubted", row, by=by, reason=str(reason))
        follow(post)
    return len(found)
