"""What publishing does when it hears of something: channels that need a log-in, and those that have got one."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from activity.models import Entry
from activity.subscriptions import subscribe
from networks.models import Channel
from networks.watchers import connectors_of, watchers_of
from notifications.models import Notice
from notifications.registry import NoticeType, register_notice_types
from notifications.services.notices import tell
from publishing.services.holds import release_channel

LOGIN_NEEDED = "publishing.login_needed"


def channel_connected(entry: Entry) -> None:
    """Let go on what waited for a channel's log-in; done twice, it does nothing more."""
    release_channel(entry.subject_id)


def login_needed(entry: Entry) -> None:
    """Tell who connected the channel, may connect channels or looks after it, that its posts wait for a log-in."""
    channel = Channel.objects.filter(pk=entry.subject_id).first()
    if channel is None:
        return
    told = [*connectors_of(channel), *watchers_of(channel)]
    tell(told, type=LOGIN_NEEDED, entry=entry, facts={"channel": channel.name})


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
