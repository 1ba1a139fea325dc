"""Wiring of notices."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class NotificationsConfig(AppConfig):
    """Notices and their mails."""

    name = "notifications"
    verbose_name = gettext_lazy("Notices")

    def ready(self) -> None:
        """Declare the verbs, register the dispatcher's work, and fill the bell of the shell."""
        from core.ticks import Ticker, tickers
        from notifications import permissions  # noqa: F401  # declares the verbs
        from notifications.services.mails import dispatch_due
        from notifications.shell import unread
        from teams.shell import shell_facts, shell_urls

        tickers.register("notifications.mails", Ticker(dispatch_due, 1))
        shell_facts.register("unread", unread)
        shell_urls.register("notices", "notifications:list")
