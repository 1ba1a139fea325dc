"""What publishing does when it hears of something: a channel that is connected again lets its deliveries go."""

from activity.models import Entry
from activity.subscriptions import subscribe
from publishing.services.holds import release_channel


def channel_connected(entry: Entry) -> None:
    """Let go on what waited for a channel's log-in; done twice, it does nothing more."""
    release_channel(entry.subject_id)


def register() -> None:
    """Subscribe, at start."""
    subscribe("publishing.channels", ["networks.channel.connected"], channel_connected)
