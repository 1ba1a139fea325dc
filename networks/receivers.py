"""What the networks do when they hear of something: tell who looks after a channel that it is not well."""

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from activity.models import Entry
from activity.subscriptions import subscribe
from networks.health import advice_on
from networks.models import Channel
from networks.states import Trouble
from networks.watchers import watchers_of
from notifications.models import Notice
from notifications.registry import NoticeType, register_notice_types
from notifications.services.notices import tell

TROUBLE = "networks.channel_trouble"


def channel_turned_bad(entry: Entry) -> None:
    """Tell who looks after a channel what is wrong with it, unless that is over already."""
    channel = Channel.objects.filter(pk=entry.subject_id).first()
    if channel is None or channel.trouble != entry.facts.get("trouble"):
        return
    ends = channel.login_ends_at.isoformat() if channel.login_ends_at else ""
    facts = {"channel": channel.name, "trouble": channel.trouble, "ends": ends, "error": channel.last_error}
    tell(watchers_of(channel), type=TROUBLE, entry=entry, facts=facts)


def register() -> None:
    """Register the kind of notice and subscribe, at start."""
    label = gettext_lazy("channel is not well")
    register_notice_types(NoticeType(TROUBLE, label, _title, _words, icon="plug"))
    subscribe("networks.troubles", ["networks.channel.turned_bad"], channel_turned_bad)


def _title(notice: Notice) -> str:
    titles = {
        Trouble.ENDED: _("The log-in of %(channel)s has ended"),
        Trouble.ENDING: _("The log-in of %(channel)s ends soon"),
        Trouble.QUOTA: _("%(channel)s has nearly used up its quota"),
        Trouble.FAILING: _("Calls to %(channel)s keep failing"),
    }
    return titles[Trouble(notice.facts["trouble"])] % {"channel": notice.facts["channel"]}


def _words(notice: Notice) -> str:
    facts = notice.facts
    words = advice_on(facts["trouble"], datetime.fromisoformat(facts["ends"]) if facts["ends"] else None)
    return f"{facts['error']} {words}" if facts["trouble"] == Trouble.FAILING and facts["error"] else words
