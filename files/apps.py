"""Wiring of stored files."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class FilesConfig(AppConfig):
    """The files app."""

    name = "files"
    verbose_name = gettext_lazy("Pictures and videos")

    def ready(self) -> None:
        """Declare the rights and register the dispatcher's work."""
        from core.ticks import Ticker, tickers
        from files import permissions  # noqa: F401  # declares the verbs
        from files.services.media import rescue_media

        tickers.register("files.rescue", Ticker(rescue_media, 30))
