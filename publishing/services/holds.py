"""The pause switch: everything outgoing of a workspace waits, or goes on."""

from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from core.clock import now
from core.errors import Invalid
from core.record import record
from core.refs import Ref
from networks.states import ChannelStatus
from publishing import ledger
from publishing.models import Delivery, Hold
from publishing.permissions import END_HOLD, START_HOLD
from publishing.states import DeliveryState, HeldFor, Reason
from teams.actors import Actor
from teams.models import Workspace
from teams.permissions import require, standing_for

TEXT_MAX = 300


def start_hold(*, workspace: Workspace, text: str, by: Actor) -> Hold:
    """Pause everything outgoing; where it is paused already, that pause stands with its first words.

    Once this is committed no call begins any more; calls that were announced before are let finish.
    Locks: waits for intents that are being written. Raises: NotAllowed, Invalid. Records: publishing.hold.started.
    """
    by = _as(by, START_HOLD)
    if len(text) > TEXT_MAX:
        message = _("At most %(most)d characters.") % {"most": TEXT_MAX}
        raise Invalid(_("The reason is too long; nothing was paused."), fields={"reason": [message]})
    ledger.take_pause_lock(workspace.pk)
    standing = Hold.objects.filter(ended_at=None).first()
    if standing is not None:
        return standing
    hold = Hold(
        workspace_id=workspace.pk,
        text=text.strip(),
        started_by=by.member,
        actor_kind=by.kind,
        actor_id=by.id,
        on_behalf_of=by.on_behalf_of,
    )
    hold.save(force_insert=True)
    waiting = Delivery.objects.filter(state=DeliveryState.SCHEDULED, held_for=HeldFor.NOTHING)
    waiting.update(held_for=HeldFor.PAUSE)
    record("publishing.hold.started", by=by, subject=Ref("publishing.hold", hold.pk))
    return hold


def end_hold(*, workspace: Workspace, by: Actor) -> Hold | None:
    """Let outgoing posts go on; return the pause that ended, None where there was none.

    Raises: NotAllowed. Records: publishing.hold.ended.
    """
    by = _as(by, END_HOLD)
    ledger.take_pause_lock(workspace.pk)
    hold = Hold.objects.filter(ended_at=None).first()
    if hold is None:
        return None
    hold.ended_at, hold.ended_by = now(), by.member
    hold.ended_actor_kind, hold.ended_actor_id, hold.ended_on_behalf_of = by.kind, by.id, by.on_behalf_of
    hold.save()
    held_by_pause().update(held_for=HeldFor.NOTHING)
    record("publishing.hold.ended", by=by, subject=Ref("publishing.hold", hold.pk))
    return hold


def release_channel(channel_id: UUID) -> int:
    """Let go on what waited for a channel that is connected again; return how many."""
    rows = Delivery.objects.filter(
        channel_id=channel_id, held_for=HeldFor.LOGIN, channel__status=ChannelStatus.ACTIVE
    )
    paused = Hold.objects.filter(ended_at=None).exists()
    return rows.update(held_for=HeldFor.PAUSE if paused else HeldFor.NOTHING, reason=Reason.NONE)


def held_by_pause() -> QuerySet[Delivery]:
    """Return what only the pause keeps back."""
    return Delivery.objects.filter(state=DeliveryState.SCHEDULED, held_for=HeldFor.PAUSE)


def _as(by: Actor, verb: str) -> Actor:
    """Return the actor in person where that is enough, else on behalf of whom he covers."""
    if by.is_system or verb in by.verbs:
        require(by, verb)
        return by
    return standing_for(by, verb)
