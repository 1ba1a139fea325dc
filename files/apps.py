"""Wiring of stored files."""

from django.apps import AppConfig


class FilesConfig(AppConfig):
    """The files app."""

    name = "files"

    def ready(self) -> None:
        """Declare the rights and register the dispatcher's work."""
        from core.ticks import Ticker, tickers
        from files import permissions  # noqa: F401  # declares the verbs
        from files.services.media import rescue_media

        tickers.register("files.rescue", Ticker(rescue_media, 30))
