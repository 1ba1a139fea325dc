"""What publishing does when it hears of something: channels that need a log-in, and those that have got one."""

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from activity.models import Entry
from activity.subscriptions import subscribe
from checkins.registry import tellers
from networks.models import Channel
from networks.watchers import connectors_of, watchers_of
from notifications.models import Notice
from notifications.registry import NoticeType, register_notice_types
from notifications.services.notices import tell
from publishing import happened
from publishing.models import Delivery
from publishing.posters import leads_of, posters_of
from publishing.services.holds import release_channel
from publishing.states import DeliveryState, Reason

LOGIN_NEEDED = "publishing.login_needed"
BY_HAND = "publishing.by_hand"
HAND_VERBS = (
    "publishing.delivery.needs_attention",
    "publishing.delivery.hand_reminded",
    "publishing.delivery.hand_escalated",
)


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


def post_by_hand(entry: Entry) -> None:
    """Tell who posts by hand that it is time, again when half an hour is over, and the leads after two."""
    delivery = (
        Delivery.objects.filter(pk=entry.facts.get("delivery")).select_related("channel", "post").first()
    )
    if (
        delivery is None
        or delivery.state != DeliveryState.NEEDS_ATTENTION
        or delivery.reason != Reason.BY_HAND
    ):
        return
    step = entry.verb.rpartition(".")[2]
    told = leads_of() if step == "hand_escalated" else posters_of(delivery.channel)
    facts = {
        "channel": delivery.channel.name,
        "post": str(delivery.post),
        "delivery": str(delivery.pk),
        "step": step,
    }
    tell(told, type=BY_HAND, entry=entry, facts=facts)


def register() -> None:
    """Register the kinds of notice and subscribe, at start."""
    tellers.register("publishing", happened.POSTS)
    register_notice_types(
        NoticeType(
            BY_HAND,
            gettext_lazy("post to put up by hand"),
            _hand_title,
            _hand_words,
            icon="device-mobile",
            path=_hand_path,
            is_urgent=True,
        ),
        NoticeType(LOGIN_NEEDED, gettext_lazy("channel needs a new log-in"), _title, _words, icon="key"),
    )
    subscribe("publishing.channels", ["networks.channel.connected"], channel_connected)
    subscribe("publishing.by_hand", HAND_VERBS, post_by_hand)
    subscribe("publishing.logins", ["networks.channel.login_needed"], login_needed)


def _title(notice: Notice) -> str:
    return str(_("%(channel)s needs a new log-in") % notice.facts)


def _words(notice: Notice) -> str:
    return _("Its posts wait; nothing is lost. They go out once somebody has logged in again.")


def _hand_title(notice: Notice) -> str:
    titles = {
        "needs_attention": _("Post it now on %(channel)s: %(post)s"),
        "hand_reminded": _("Still to be posted on %(channel)s: %(post)s"),
        "hand_escalated": _("Nobody has posted on %(channel)s: %(post)s"),
    }
    return str(titles[notice.facts["step"]] % notice.facts)


def _hand_words(_notice: Notice) -> str:
    return _("Text, files and the address are ready. Post it there, then give the link.")


def _hand_path(slug: str, notice: Notice) -> str:
    return reverse("publishing:by_hand", args=[slug, notice.facts["delivery"]])
