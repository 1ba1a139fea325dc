"""The pause switch: everything outgoing, one channel or one campaign waits, or goes on."""

from uuid import UUID

from django.utils.translation import gettext as _

from calendar_app.models import Campaign
from core.clock import now
from core.errors import Invalid
from core.record import record
from core.refs import Ref
from networks.models import Channel
from networks.states import ChannelStatus
from publishing import ledger
from publishing.covering import covered, deliveries_under, held_by_pause
from publishing.models import Delivery, Hold
from publishing.permissions import END_HOLD, START_HOLD
from publishing.states import DeliveryState, HeldFor, Reason
from publishing.timing import clock, late_after
from teams.actors import Actor
from teams.models import Workspace
from teams.permissions import require, standing_for

TEXT_MAX = 300


def start_hold(
    *,
    workspace: Workspace,
    text: str,
    by: Actor,
    channel: Channel | None = None,
    campaign: Campaign | None = None,
) -> Hold:
    """Pause everything outgoing, or what goes to a channel or belongs to a campaign.

    Where the same is paused already, that pause stands with its first words. Once this is committed no call that it
    covers begins any more; calls that were announced before are let finish.
    Locks: waits for intents that are being written. Raises: NotAllowed, Invalid. Records: publishing.hold.started.
    """
    by = _as(by, START_HOLD)
    if len(text) > TEXT_MAX:
        message = _("At most %(most)d characters.") % {"most": TEXT_MAX}
        raise Invalid(_("The reason is too long; nothing was paused."), fields={"reason": [message]})
    ledger.take_pause_lock(workspace.pk)
    standing = Hold.objects.filter(ended_at=None, channel=channel, campaign=campaign).first()
    if standing is not None:
        return standing
    hold = Hold(
        workspace_id=workspace.pk,
        channel=channel,
        campaign=campaign,
        text=text.strip(),
        started_by=by.member,
        actor_kind=by.kind,
        actor_id=by.id,
        on_behalf_of=by.on_behalf_of,
    )
    hold.save(force_insert=True)
    waiting = Delivery.objects.filter(state=DeliveryState.SCHEDULED, held_for=HeldFor.NOTHING)
    waiting.filter(deliveries_under(hold)).update(held_for=HeldFor.PAUSE)
    record("publishing.hold.started", by=by, subject=Ref("publishing.hold", hold.pk), **_scope(hold))
    return hold


def end_hold(
    *,
    workspace: Workspace,
    by: Actor,
    channel: Channel | None = None,
    campaign: Campaign | None = None,
) -> Hold | None:
    """Let go on what a pause kept back and no other one does; return the pause, None where there was none.

    What is now later than the workspace sends unasked asks instead of going out, unless it was tried in time.
    Raises: NotAllowed. Records: publishing.hold.ended.
    """
    by = _as(by, END_HOLD)
    ledger.take_pause_lock(workspace.pk)
    hold = Hold.objects.filter(ended_at=None, channel=channel, campaign=campaign).first()
    if hold is None:
        return None
    hold.ended_at, hold.ended_by = now(), by.member
    hold.ended_actor_kind, hold.ended_actor_id, hold.ended_on_behalf_of = by.kind, by.id, by.on_behalf_of
    hold.save()
    freed = held_by_pause().filter(~covered())
    late = freed.filter(call_no=0, run_at__lte=clock(-late_seconds(workspace)))
    late.update(reason=Reason.LATE, held_for=HeldFor.NOTHING)
    freed.update(held_for=HeldFor.NOTHING)
    record("publishing.hold.ended", by=by, subject=Ref("publishing.hold", hold.pk), **_scope(hold))
    return hold


def late_seconds(workspace: Workspace) -> float:
    """Return how late a post may be and still go out unasked when a pause ends."""
    return late_after(workspace.settings).total_seconds()


def release_channel(channel_id: UUID) -> int:
    """Let go on what waited for a channel that is connected again; return how many."""
    rows = Delivery.objects.filter(
        channel_id=channel_id, held_for=HeldFor.LOGIN, channel__status=ChannelStatus.ACTIVE
    )
    paused = rows.filter(covered()).update(held_for=HeldFor.PAUSE, reason=Reason.NONE)
    return paused + rows.update(held_for=HeldFor.NOTHING, reason=Reason.NONE)


def _scope(hold: Hold) -> dict[str, str]:
    scope = {"channel": hold.channel_id, "campaign": hold.campaign_id}
    return {name: str(ident) for name, ident in scope.items() if ident}


def _as(by: Actor, verb: str) -> Actor:
    """Return the actor in person where that is enough, else on behalf of whom he covers."""
    if by.is_system or verb in by.verbs:
        require(by, verb)
        return by
    return standing_for(by, verb)
