"""Channels: connected, logged in again, renamed, disconnected; never deleted."""

from collections.abc import Mapping

from django.db.models import Max
from django.utils.translation import gettext as _

from core.clock import now
from core.errors import Invalid, WrongState
from core.http import OutboundError, outbound
from core.record import record
from core.refs import Ref
from networks.adapters import adapters
from networks.models import Channel
from networks.oauth.servers import logins
from networks.outcomes import shorten
from networks.permissions import CONNECT
from networks.protocol import Adapter, Capability, Connected, Outcome, OutcomeKind
from networks.samples import sample_limits
from networks.services.credentials import forget_credentials, store_credentials
from networks.services.troubles import settle_trouble, values_of
from networks.states import CONNECTED, ChannelStatus, Trouble
from teams.actors import Actor
from teams.models import Workspace
from teams.permissions import require

CREDENTIAL_MAX = 2000
NAME_MAX = 120


def connect_channel(
    *, workspace: Workspace, kind: str, name: str, credentials: Mapping[str, str], by: Actor
) -> Channel:
    """Check credentials with the network and connect the account; one that was connected before comes back.

    Asks the network before it touches a row, within the adapter's short deadline.
    Raises: NotAllowed; Invalid with a sentence per field; WrongState when the account is connected already.
    """
    require(by, CONNECT)
    adapter = adapters.find(kind)
    if adapter is None or not adapter.credential_fields:
        message = _("Accounts of this network cannot be connected.")
        if kind in logins:
            message = _(
                "Accounts of this network are connected by logging in there, on the page of channels."
            )
        raise Invalid(message, fields={"network": [message]})
    name = name.strip()
    if len(name) > NAME_MAX:
        message = _("Give a name of at most 120 characters.")
        raise Invalid(message, fields={"name": [message]})
    return admit_account(
        workspace=workspace, kind=kind, name=name, connected=_ask(adapter, credentials), by=by
    )


def admit_account(*, workspace: Workspace, kind: str, name: str, connected: Connected, by: Actor) -> Channel:
    """Make a channel of an account that its network vouched for; one that was connected before comes back.

    Raises: NotAllowed; WrongState when the account is connected already. Records: networks.channel.connected.
    """
    require(by, CONNECT)
    earlier = Channel.objects.filter(kind=kind, remote_account_id=connected.remote_account_id)
    channel = earlier.select_for_update().order_by("-created_at").first()
    if channel is not None and channel.status == ChannelStatus.ACTIVE:
        message = _("%(handle)s is connected already, as “%(name)s”.")
        raise WrongState(message % {"handle": channel.handle, "name": channel.name}, code="already_connected")
    if channel is None or channel.is_sample:
        channel = Channel(workspace=workspace, kind=kind, position=_next_position())
    _settle(channel, connected, name or channel.name or connected.name, by)
    record("networks.channel.connected", by=by, subject=Ref("networks.channel", channel.pk), kind=kind)
    return channel


def log_in_again(*, channel: Channel, credentials: Mapping[str, str], by: Actor) -> Channel:
    """Give a channel new credentials of the same account.

    Raises: NotAllowed; WrongState for a sample; Invalid, also for another account.
    """
    require(by, CONNECT, channel)
    adapter = adapters.find(channel.kind)
    if channel.status not in CONNECTED or adapter is None or not adapter.credential_fields:
        raise WrongState(_("There is no account to log in to."))
    return admit_again(channel=channel, connected=_ask(adapter, credentials), by=by)


def admit_again(*, channel: Channel, connected: Connected, by: Actor) -> Channel:
    """Keep a new log-in of a channel's account.

    Raises: NotAllowed; WrongState where there is none; Invalid for another one. Records: networks.channel.connected.
    """
    require(by, CONNECT, channel)
    if channel.status not in CONNECTED:
        raise WrongState(_("There is no account to log in to."))
    if connected.remote_account_id != channel.remote_account_id:
        message = _("These are the credentials of %(other)s; this channel is %(handle)s.")
        text = message % {"other": connected.handle, "handle": channel.handle}
        raise Invalid(text, fields={"credentials": [text]})
    channel = Channel.objects.select_for_update().get(pk=channel.pk)
    _settle(channel, connected, channel.name, by)
    subject = Ref("networks.channel", channel.pk)
    record("networks.channel.connected", by=by, subject=subject, kind=channel.kind)
    return channel


def rename_channel(*, channel: Channel, name: str, by: Actor) -> Channel:
    """Give a channel the name under which the team knows it. Records: networks.channel.renamed."""
    require(by, CONNECT, channel)
    name = name.strip()
    if not 1 <= len(name) <= NAME_MAX:
        message = _("Give a name of 1 to 120 characters.")
        raise Invalid(message, fields={"name": [message]})
    channel.name = name
    channel.save(update_fields=["name"])
    record("networks.channel.renamed", by=by, subject=Ref("networks.channel", channel.pk))
    return channel


def disconnect_channel(*, channel: Channel, by: Actor) -> Channel:
    """Stop using a channel and forget its credentials; what was published stays on record.

    Raises: NotAllowed; WrongState for the built-in newsroom. Records: networks.channel.disconnected.
    """
    require(by, CONNECT, channel)
    if channel.kind == "newsroom":
        raise WrongState(_("The newsroom belongs to the workspace and stays."))
    if channel.status != ChannelStatus.DISCONNECTED:
        channel.status = ChannelStatus.DISCONNECTED
        channel.disconnected_at = now()
        channel.save(update_fields=["status", "disconnected_at"])
        forget_credentials(channel=channel)
        record("networks.channel.disconnected", by=by, subject=Ref("networks.channel", channel.pk))
    return channel


def mark_needs_login(*, channel: Channel, reason: str, by: Actor) -> bool:
    """Note that the network no longer takes the credentials; tell whether that is news.

    Records: networks.channel.login_needed, once until somebody logs in again.
    """
    rows = Channel.objects.filter(pk=channel.pk, status=ChannelStatus.ACTIVE)
    values = {"last_error": shorten(reason), "last_error_at": now()}
    is_news = bool(rows.update(status=ChannelStatus.NEEDS_LOGIN, **values))
    if is_news:
        channel.status = ChannelStatus.NEEDS_LOGIN
        settle_trouble(channel=channel, by=by)
        record("networks.channel.login_needed", by=by, subject=Ref("networks.channel", channel.pk))
    return is_news


def note_outcome(*, channel: Channel, outcome: Outcome, by: Actor) -> None:
    """Keep what a call said about the channel's health.

    Records: networks.channel.login_needed when the network no longer takes the credentials, .turned_bad when
    something else is wrong that its people should know.
    """
    values = values_of(outcome)
    if outcome.kind == OutcomeKind.NEEDS_LOGIN:
        mark_needs_login(channel=channel, reason=outcome.reason, by=by)
    elif outcome.kind not in (OutcomeKind.ACCEPTED, OutcomeKind.RATE_LIMITED):
        values |= {"last_error": shorten(outcome.reason), "last_error_at": now()}
    if values:
        Channel.objects.filter(pk=channel.pk).update(**values)
    if channel.trouble or outcome.kind != OutcomeKind.ACCEPTED or (outcome.quota and outcome.quota.is_low):
        settle_trouble(channel=Channel.objects.get(pk=channel.pk), by=by)


def make_sample_channel(*, workspace: Workspace, kind: str, name: str, handle: str, by: Actor) -> Channel:
    """Make a channel for trying out previews; it can never be published to.

    Records: networks.channel.sampled.
    """
    require(by, CONNECT)
    channel = Channel(
        workspace=workspace,
        kind=kind,
        name=name,
        handle=handle,
        capability=Capability.NEITHER,
        status=ChannelStatus.SAMPLE,
        limits=sample_limits(kind).as_json(),
        position=_next_position(),
        connected_by=by.member,
    )
    channel.save()
    record("networks.channel.sampled", by=by, subject=Ref("networks.channel", channel.pk), kind=kind)
    return channel


def _ask(adapter: Adapter, credentials: Mapping[str, str]) -> Connected:
    """Check the fields and let the adapter try them. Raises: Invalid."""
    known = {field.name: field for field in adapter.credential_fields}
    given = {name: str(value).strip() for name, value in credentials.items()}
    filled = {name: given.get(name) or field.default for name, field in known.items()}
    wrong = {name: [_("Unknown field.")] for name in given if name not in known}
    needed = [name for name, field in known.items() if not field.is_optional]
    wrong |= {name: [_("This is needed.")] for name in needed if not filled[name]}
    wrong |= {name: [_("This is too long.")] for name, value in filled.items() if len(value) > CREDENTIAL_MAX}
    if wrong:
        fields = {f"credentials.{name}": texts for name, texts in wrong.items()}
        raise Invalid(_("The account could not be connected."), fields=fields)
    try:
        return adapter.connect(outbound(), filled)
    except OutboundError as error:
        message = _("The server could not be reached: %(reason)s") % {"reason": error.message}
        raise Invalid(message, fields={"credentials": [message]}) from error


def _settle(channel: Channel, connected: Connected, name: str, by: Actor) -> None:
    channel.name = name[:NAME_MAX]
    channel.handle = connected.handle
    channel.remote_account_id = connected.remote_account_id
    channel.capability = connected.capability
    channel.limits = connected.limits.as_json()
    channel.facts = dict(connected.facts)
    channel.status = ChannelStatus.ACTIVE
    channel.last_error, channel.last_error_at, channel.disconnected_at = "", None, None
    channel.failures, channel.login_ends_at = 0, connected.login_ends_at
    channel.quota_left = channel.quota_most = channel.quota_resets_at = None
    channel.trouble, channel.told_trouble, channel.told_at = Trouble.NONE, Trouble.NONE, None
    channel.connected_by = by.member
    channel.save()
    store_credentials(channel=channel, credentials=connected.credentials)


def _next_position() -> int:
    return (Channel.objects.aggregate(last=Max("position"))["last"] or 0) + 1
