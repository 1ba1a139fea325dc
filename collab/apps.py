"""Wiring of the roof."""

from django.apps import AppConfig


class CollabConfig(AppConfig):
    """The roof: start-up checks."""

    name = "collab"

    def ready(self) -> None:
        """Load the start-up checks and name what the record is about."""
        from collab import checks, words  # noqa: F401  # checks register themselves

        words.register()
