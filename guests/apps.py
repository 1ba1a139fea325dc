"""Wiring of guests' links."""

from django.apps import AppConfig


class GuestsConfig(AppConfig):
    """People without an account."""

    name = "guests"

    def ready(self) -> None:
        """Register what is told and mailed."""
        from core.ticks import Ticker, tickers
        from guests import receivers
        from guests.services.mails import mail_due_links

        receivers.register()
        tickers.register("guests.mails", Ticker(mail_due_links, 1))
