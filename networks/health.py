"""How a channel is doing, in words, with what to do about it."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from networks.models import Channel
from networks.states import ChannelStatus


@dataclass(frozen=True, slots=True)
class Health:
    """A channel's health: colour (by post state), icon, word, and a sentence with the next step."""

    state: str
    icon: str
    word: str
    advice: str = ""


def health_of(channel: Channel) -> Health:
    """Return how the channel is doing."""
    word = str(ChannelStatus(channel.status).label).capitalize()
    if channel.status == ChannelStatus.NEEDS_LOGIN:
        advice = _("The network no longer takes the credentials. Log in again; posts wait until then.")
        return Health("needs_attention", "alert-triangle-filled", word, advice)
    if channel.status == ChannelStatus.SAMPLE:
        return Health("draft", "eye", word, _("For trying out previews. Nothing is ever sent from it."))
    if channel.status == ChannelStatus.DISCONNECTED:
        return Health("cancelled", "ban", word, _("Connect the account again to publish to it."))
    if channel.last_error:
        advice = _("The last call failed; Collab tries again by itself. Look at the post if it stays so.")
        return Health("changes_requested", "alert-circle", _("Last call failed"), advice)
    return Health("approved", "circle-check", word)
