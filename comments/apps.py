"""Wiring of comments."""

from django.apps import AppConfig


class CommentsConfig(AppConfig):
    """Comments on any subject."""

    name = "comments"

    def ready(self) -> None:
        """Declare the verbs."""
        from comments import permissions  # noqa: F401  # declares them
