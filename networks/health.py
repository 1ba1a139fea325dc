"""How a channel is doing, in words, with what to do about it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from core.clock import now
from networks.models import Channel
from networks.states import ChannelStatus, Trouble

ENDING_AHEAD = timedelta(days=7)
FAILURES_IN_A_ROW = 3


@dataclass(frozen=True, slots=True)
class Health:
    """A channel's health: colour (by post state), icon, word, and a sentence with the next step."""

    state: str
    icon: str
    word: str
    advice: str = ""
    trouble: Trouble = Trouble.NONE


def trouble_of(channel: Channel, at: datetime) -> Trouble:
    """Return what is wrong with a channel at an instant, the worst first."""
    if channel.status == ChannelStatus.NEEDS_LOGIN:
        return Trouble.LOGIN
    if channel.status != ChannelStatus.ACTIVE:
        return Trouble.NONE
    if channel.login_ends_at is not None and channel.login_ends_at <= at + ENDING_AHEAD:
        return Trouble.ENDED if channel.login_ends_at <= at else Trouble.ENDING
    if channel.failures >= FAILURES_IN_A_ROW:
        return Trouble.FAILING
    return Trouble.QUOTA if quota_is_low(channel, at) else Trouble.NONE


def quota_is_low(channel: Channel, at: datetime) -> bool:
    """Tell whether at most a tenth of what the network takes in this window is left."""
    if channel.quota_left is None or not channel.quota_most:
        return False
    is_over = channel.quota_resets_at is not None and channel.quota_resets_at <= at
    return not is_over and channel.quota_left * 10 <= channel.quota_most


def quota_of_channel(channel: Channel, at: datetime) -> tuple[int, int] | None:
    """Return how much is left of how much in the window that is running, None where nobody knows."""
    if channel.quota_left is None or not channel.quota_most:
        return None
    is_over = channel.quota_resets_at is not None and channel.quota_resets_at <= at
    return (channel.quota_most if is_over else channel.quota_left, channel.quota_most)


def login_end_of(channel: Channel) -> date | None:
    """Return the day on which the log-in ends, by the workspace's calendar, None where nobody knows."""
    if channel.login_ends_at is None:
        return None
    return channel.login_ends_at.astimezone(ZoneInfo(channel.workspace.timezone)).date()


def health_of(channel: Channel, at: datetime | None = None) -> Health:
    """Return how the channel is doing."""
    word = str(ChannelStatus(channel.status).label).capitalize()
    trouble = trouble_of(channel, at or now())
    if trouble:
        return _troubled(channel, trouble, word)
    if channel.status == ChannelStatus.SAMPLE:
        return Health("draft", "eye", word, _("For trying out previews. Nothing is ever sent from it."))
    if channel.status == ChannelStatus.DISCONNECTED:
        return Health("cancelled", "ban", word, _("Connect the account again to publish to it."))
    if channel.last_error:
        advice = _("The last call failed; Collab tries again by itself. Look at the post if it stays so.")
        return Health("changes_requested", "alert-circle", _("Last call failed"), advice)
    return Health("approved", "circle-check", word)


def advice_on(trouble: str, login_ends_at: datetime | None) -> str:
    """Return what to do about a trouble."""
    ends = date_format(localtime(login_ends_at), "DATE_FORMAT") if login_ends_at else ""
    words = {
        Trouble.LOGIN: _("The network no longer takes the credentials. Log in again; posts wait until then."),
        Trouble.ENDED: _("The log-in ended on %(date)s. Log in again before posts are turned away."),
        Trouble.ENDING: _("The log-in ends on %(date)s. Log in again before then, and nothing has to wait."),
        Trouble.QUOTA: _(
            "The network takes only a few more calls for now. Posts beyond that wait by themselves;"
            " move what is not urgent."
        ),
        Trouble.FAILING: _(
            "Several calls in a row have failed. Read the last problem, and see whether the network is up;"
            " if it is, log in again."
        ),
    }
    return words[Trouble(trouble)] % {"date": ends} if trouble else ""


def _troubled(channel: Channel, trouble: Trouble, word: str) -> Health:
    advice = advice_on(trouble, channel.login_ends_at)
    if trouble == Trouble.LOGIN:
        return Health("needs_attention", "alert-triangle-filled", word, advice, trouble)
    is_bad = trouble in (Trouble.ENDED, Trouble.FAILING)
    state, icon = (
        ("needs_attention", "alert-triangle-filled") if is_bad else ("changes_requested", "alert-circle")
    )
    return Health(state, icon, str(trouble.label).capitalize(), advice, trouble)
