"""Wiring of the content calendar."""

from django.apps import AppConfig


class CalendarConfig(AppConfig):
    """The calendar app."""

    name = "calendar_app"

    def ready(self) -> None:
        """Declare the rights."""
        from calendar_app import permissions  # noqa: F401  # declares the verbs
