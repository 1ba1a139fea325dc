"""Wiring of the publishing engine."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PublishingConfig(AppConfig):
    """The app that carries approved posts to their networks."""

    name = "publishing"
    verbose_name = _("Publishing")

    def ready(self) -> None:
        """Fill the calendar's port, register the dispatcher's work and the worker's watch."""
        from celery.signals import worker_ready, worker_shutting_down

        from calendar_app.ports import dispatcher
        from calendar_app.registry import held_posts, post_panels
        from core.ticks import Ticker, tickers
        from networks.registry import channel_panels, paused_channels
        from publishing import limiting, permissions, receivers, selectors, work
        from publishing.models import Delivery
        from publishing.services import heartbeats, planning, reminding, sweeping
        from publishing.services.lanes import lanes
        from publishing.views import deliveries, pauses
        from teams.limits import Limiting, register_limiting
        from teams.shell import Fact, add_place, shell_facts
        from teams.work import work_sources

        dispatcher.fill(planning.PublishingDispatcher())
        tickers.register("publishing.due", Ticker(lanes.scan_due, 0.25))
        tickers.register("publishing.ahead", Ticker(lanes.scan_ahead, 5.0))
        tickers.register("publishing.sweep", Ticker(sweeping.sweep, 1.0))
        tickers.register("publishing.by_hand", Ticker(reminding.remind_due, 30.0))
        tickers.register("publishing.rescue", Ticker(lanes.rescue_overdue, 1.0))
        tickers.register("publishing.beat", Ticker(heartbeats.beat_dispatcher, 2.0))
        post_panels.register("deliveries", deliveries.ledger_panel)
        held_posts.register("publishing", selectors.held_posts)
        shell_facts.register("hold", Fact(selectors.hold_row, pauses.hold_banner))
        add_place(
            "deliveries", _("Not published"), "alert-triangle", "publishing:troubles", verb=permissions.SEE
        )
        add_place("pause", _("Pause"), "player-pause", "publishing:pause", verb=permissions.START_HOLD)
        channel_panels.register("publishing.pause", pauses.channel_panel)
        paused_channels.register("publishing", pauses.paused_channels)
        work_sources.register("publishing", work.DELIVERIES)
        register_limiting(Delivery, Limiting(limiting.deliveries_limited), verbs=limiting.LIMITABLE)
        receivers.register()
        worker_ready.connect(heartbeats.start_watch, weak=False)
        worker_shutting_down.connect(heartbeats.stop_watch, weak=False)
