"""Wiring of the record."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class ActivityConfig(AppConfig):
    """The record floor."""

    name = "activity"
    verbose_name = gettext_lazy("Record")

    def ready(self) -> None:
        """Fill the recorder port and register the dispatcher's work."""
        from activity import permissions  # noqa: F401  # declares the verbs
        from activity.services import entries, outbox, sealing
        from core.record import recorder
        from core.ticks import Ticker, tickers
        from teams.shell import add_place

        recorder.fill(entries.write_entry)
        add_place("log", gettext_lazy("Record"), "history", "activity:log", verb="activity.entry.see")
        tickers.register("activity.outbox", Ticker(outbox.dispatch_due, 0.5))
        tickers.register("activity.seal", Ticker(sealing.seal_recent, 0.5))
        tickers.register("activity.seal_old", Ticker(sealing.seal_everything, 600))
