"""Wiring of the networks."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class NetworksConfig(AppConfig):
    """The floor of channels and their adapters."""

    name = "networks"
    verbose_name = gettext_lazy("Channels")

    def ready(self) -> None:
        """Declare the verbs, register the adapters, and say what workspaces start with and leavers lose."""
        from core.ticks import Ticker, tickers
        from networks import duties, limiting, permissions, places, receivers  # declares the verbs
        from networks.gap_work import CHANNELS
        from networks.models import Channel
        from networks.newsroom.furnishing import furnish_newsroom
        from networks.remarks import channel_remarks
        from networks.services.grants import end_grants_of
        from networks.services.troubles import watch_endings
        from networks.subjects import CHANNEL
        from teams.limits import Limiting, register_limiting
        from teams.places import Placing, register_placing
        from teams.rights import remarks
        from teams.scopes import coverage_facts, scope_choices
        from teams.services.members import leavers
        from teams.services.workspaces import furnishers
        from teams.shell import add_place
        from teams.subjects import register_subject
        from teams.work import work_sources

        add_place(
            "channels", gettext_lazy("Channels"), "plug", "networks:channels", verb="networks.channel.see"
        )
        self._register_adapters()
        furnishers.register("networks.newsroom", furnish_newsroom)
        leavers.register("networks.grants", end_grants_of)
        register_subject(CHANNEL)
        work_sources.register("networks.gaps", CHANNELS)
        remarks.register("networks.channels", channel_remarks)
        register_placing(
            Channel,
            Placing(places.places_of_channel, places.channels_within),
            verbs=[permissions.SEE, permissions.WRITE, permissions.PUBLISH, permissions.OVERSEE],
        )
        register_limiting(Channel, Limiting(limiting.channels_limited), verbs=limiting.LIMITABLE)
        scope_choices.register("networks.channels", duties.channel_choices)
        coverage_facts.register("networks.writers", duties.writers_by_network)
        tickers.register("networks.endings", Ticker(watch_endings, 60))
        receivers.register()

    def _register_adapters(self) -> None:
        """Register what speaks for each network."""
        from networks.adapters import adapters
        from networks.bluesky.adapter import BlueskyAdapter
        from networks.byhand.adapter import ByHandAdapter
        from networks.discord.adapter import DiscordAdapter
        from networks.mastodon.adapter import MastodonAdapter
        from networks.newsroom.adapter import NewsroomAdapter
        from networks.oauth.servers import logins
        from networks.pinterest.adapter import PinterestAdapter
        from networks.pinterest.login import PinterestLogin
        from networks.telegram.adapter import TelegramAdapter
        from networks.webhook.adapter import WebhookAdapter
        from networks.x.adapter import XAdapter
        from networks.x.login import XLogin

        for adapter in (
            NewsroomAdapter(),
            BlueskyAdapter(),
            MastodonAdapter(),
            DiscordAdapter(),
            TelegramAdapter(),
            WebhookAdapter(),
            XAdapter(),
            PinterestAdapter(),
            ByHandAdapter(),
        ):
            adapters.register(adapter.kind, adapter)
        logins.register("x", XLogin())
        logins.register("pinterest", PinterestLogin())
