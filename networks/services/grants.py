"""Who may use a restricted channel."""

from django.utils.translation import gettext as _

from core.errors import Invalid
from core.record import record
from core.refs import Ref
from networks.models import Channel, ChannelGroupGrant, ChannelUserGrant
from networks.permissions import GRANT, PUBLISH, SEE, WRITE
from networks.states import GrantLevel
from teams.actors import Actor
from teams.grants import end_grants, grant_to_member, grant_to_team
from teams.models import Membership, Team
from teams.permissions import require

_INCLUDES = {
    GrantLevel.SEE: (SEE,),
    GrantLevel.WRITE: (SEE, WRITE),
    GrantLevel.PUBLISH: (SEE, WRITE, PUBLISH),
}


def restrict_channel(*, channel: Channel, is_restricted: bool, by: Actor) -> Channel:
    """Open a channel to every role that fits, or only to leads and those who are granted it.

    Grants are kept while a channel is open. Records: networks.channel.restricted, networks.channel.opened.
    """
    require(by, GRANT, channel)
    if channel.is_restricted != is_restricted:
        channel.is_restricted = is_restricted
        channel.save(update_fields=["is_restricted"])
        verb = "networks.channel.restricted" if is_restricted else "networks.channel.opened"
        record(verb, by=by, subject=Ref("networks.channel", channel.pk))
    return channel


def set_grant(*, channel: Channel, holder: Membership | Team, level: GrantLevel | None, by: Actor) -> None:
    """Let a member or a team use the channel up to a level, or no longer (None).

    Raises: NotAllowed; Invalid for an ended membership. Records: networks.channel.granted, .grant_ended.
    """
    require(by, GRANT, channel)
    verbs = _INCLUDES[level] if level else ()
    if isinstance(holder, Team):
        grant_to_team(ChannelGroupGrant, channel, verbs, holder)
        facts = {"team": str(holder.pk)}
    else:
        if verbs and not holder.is_active:
            message = _("This person is no longer a member.")
            raise Invalid(message, fields={"holder": [message]})
        grant_to_member(ChannelUserGrant, channel, verbs, holder)
        facts = {"member": str(holder.pk)}
    verb = "networks.channel.granted" if level else "networks.channel.grant_ended"
    record(verb, by=by, subject=Ref("networks.channel", channel.pk), level=str(level or ""), **facts)


def end_grants_of(member: Membership) -> None:
    """Take back what a leaver was granted; called by teams in the transaction that ends the membership."""
    end_grants(ChannelUserGrant, member)
