"""What is wrong with channels: noticed when it begins, told once, forgotten when it is over."""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from core.clock import now
from core.errors import Invalid, WrongState
from core.record import record
from core.refs import Ref
from networks.health import ENDING_AHEAD, trouble_of
from networks.models import Channel
from networks.permissions import CONNECT
from networks.protocol import Outcome, OutcomeKind
from networks.states import CONNECTED, Trouble
from teams.actors import Actor
from teams.permissions import require
from teams.tenancy import workspace_scope

TELL_AGAIN = timedelta(hours=24)
BATCH = 100
FARTHEST = timedelta(days=3660)


def values_of(outcome: Outcome) -> dict[str, Any]:
    """Return what a call's outcome changes of its channel's health."""
    values: dict[str, Any] = {}
    if outcome.quota is not None:
        quota = outcome.quota
        values |= {"quota_left": quota.left, "quota_most": quota.most, "quota_resets_at": quota.resets_at}
    if outcome.kind == OutcomeKind.ACCEPTED:
        return values | {"last_success_at": now(), "last_error": "", "last_error_at": None, "failures": 0}
    if outcome.kind in (OutcomeKind.NOT_SENT, OutcomeKind.UNKNOWN):
        values["failures"] = F("failures") + 1
    return values


def settle_trouble(*, channel: Channel, by: Actor) -> Trouble:
    """Note what is wrong with a channel now, and record it where its people have not been told of it.

    The same trouble is told again after a day at the earliest, so that a quota that fills and empties is told once.
    Records: networks.channel.turned_bad, except for a log-in that was refused, which has a record of its own.
    """
    at = now()
    trouble = trouble_of(channel, at)
    rows = Channel.objects.filter(pk=channel.pk).exclude(trouble=trouble)
    if not rows.update(trouble=trouble) or not trouble:
        return trouble
    was_told = channel.told_trouble == trouble and channel.told_at is not None
    if trouble == Trouble.LOGIN or (was_told and at - channel.told_at < TELL_AGAIN):  # type: ignore[operator]  # not None, as asked before
        return trouble
    Channel.objects.filter(pk=channel.pk).update(told_trouble=trouble, told_at=at)
    subject = Ref("networks.channel", channel.pk)
    record("networks.channel.turned_bad", by=by, subject=subject, trouble=str(trouble))
    return trouble


def watch_endings() -> int:
    """Notice the log-ins that end soon or have ended, in every workspace; return how many were news."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT workspace_id, id FROM networks_channels_ending(%s, %s)", [ENDING_AHEAD.days, BATCH]
        )
        found = list(cursor.fetchall())
    for workspace_id, ident in found:
        with workspace_scope(workspace_id):
            channel = Channel.objects.select_for_update().get(pk=ident)
            settle_trouble(channel=channel, by=Actor.system(workspace_id))
    return len(found)


def set_login_end(*, channel: Channel, ends_on: date | None, by: Actor) -> Channel:
    """Say until which day a channel's log-in works, where the network told a person and not the machine.

    Raises: NotAllowed; WrongState for a channel without an account; Invalid for a day that cannot be meant.
    Records: networks.channel.end_noted.
    """
    require(by, CONNECT, channel)
    if channel.status not in CONNECTED:
        raise WrongState(_("There is no account to log in to."))
    today = now().date()
    if ends_on is not None and not today - FARTHEST <= ends_on <= today + FARTHEST:
        message = _("Give a day within the next ten years.")
        raise Invalid(message, fields={"login_ends_on": [message]})
    zone = ZoneInfo(channel.workspace.timezone)
    channel = Channel.objects.select_for_update().get(pk=channel.pk)
    channel.login_ends_at = datetime.combine(ends_on, time(0), zone) if ends_on else None
    channel.save(update_fields=["login_ends_at"])
    record("networks.channel.end_noted", by=by, subject=Ref("networks.channel", channel.pk))
    settle_trouble(channel=channel, by=by)
    channel.refresh_from_db()
    return channel
