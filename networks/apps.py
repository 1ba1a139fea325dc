"""Wiring of the networks."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class NetworksConfig(AppConfig):
    """The floor of channels and their adapters."""

    name = "networks"

    def ready(self) -> None:
        """Declare the verbs, register the adapters, and say what workspaces start with and leavers lose."""
        from networks import permissions  # noqa: F401  # declares the verbs
        from networks.adapters import adapters
        from networks.bluesky.adapter import BlueskyAdapter
        from networks.mastodon.adapter import MastodonAdapter
        from networks.newsroom.adapter import NewsroomAdapter
        from networks.newsroom.furnishing import furnish_newsroom
        from networks.services.grants import end_grants_of
        from networks.subjects import CHANNEL
        from teams.services.members import leavers
        from teams.services.workspaces import furnishers
        from teams.shell import add_place
        from teams.subjects import register_subject

        add_place(
            "channels", gettext_lazy("Channels"), "plug", "networks:channels", verb="networks.channel.see"
        )
        for adapter in (NewsroomAdapter(), BlueskyAdapter(), MastodonAdapter()):
            adapters.register(adapter.kind, adapter)
        furnishers.register("networks.newsroom", furnish_newsroom)
        leavers.register("networks.grants", end_grants_of)
        register_subject(CHANNEL)
