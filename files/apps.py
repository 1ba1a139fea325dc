"""Wiring of stored files."""

from django.apps import AppConfig


class FilesConfig(AppConfig):
    """The files app."""

    name = "files"

    def ready(self) -> None:
        """Declare the rights."""
        from files import permissions  # noqa: F401  # declares the verbs
