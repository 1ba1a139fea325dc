"""Wiring of the roof."""

from django.apps import AppConfig


class CollabConfig(AppConfig):
    """The roof: start-up checks."""

    name = "collab"

    def ready(self) -> None:
        """Load the start-up checks."""
        from collab import checks  # noqa: F401  # registers them
