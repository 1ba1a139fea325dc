"""What publishing does when it hears of something: channels that need a log-in, and those that have got one."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from activity.models import Entry
from activity.subscriptions import subscribe
from networks.models import Channel
from networks.permissions import CONNECT
from notifications.models import Notice
from notifications.registry import NoticeType, register_notice_types
from notifications.services.notices import tell
from publishing.services.holds import release_channel
from teams.models import Membership
from teams.permissions import verbs_of
from teams.states import MemberStatus

LOGIN_NEEDED = "publishing.login_needed"
MOST_TOLD = 20


def channel_connected(entry: Entry) -> None:
    """Let go on what waited for a channel's log-in; done twice, it does nothing more."""
    release_channel(entry.subject_id)


def login_needed(entry: Entry) -> None:
    """Tell who connected the channel, and who may connect channels, that its posts wait for a log-in."""
    channel = Channel.objects.filter(pk=entry.subject_id).first()
    if channel is None:
        return
    members = Membership.objects.filter(status=MemberStatus.ACTIVE).select_related("user", "role")
    told = [m for m in members if m.pk == channel.connected_by_id or CONNECT in verbs_of(m.role)]
    tell(told[:MOST_TOLD], type=LOGIN_NEEDED, entry=entry, facts={"channel": channel.name})


def register() -> None:
    """Register the kind of notice and subscribe, at start."""
    register_notice_types(
        NoticeType(LOGIN_NEEDED, gettext_lazy("channel needs a new log-in"), _title, _words, icon="key"),
    )
    subscribe("publishing.channels", ["networks.channel.connected"], channel_connected)
    subscribe("publishing.logins", ["networks.channel.login_needed"], login_needed)


def _title(notice: Notice) -> str:
    return str(_("%(channel)s needs a new log-in") % notice.facts)


def _words(notice: Notice) -> str:
    return _("Its posts wait; nothing is lost. They go out once somebody has logged in again.")
