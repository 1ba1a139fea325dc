"""Wiring of the networks."""

from django.apps import AppConfig


class NetworksConfig(AppConfig):
    """The floor of channels and their adapters."""

    name = "networks"

    def ready(self) -> None:
        """Declare the verbs."""
        from networks import permissions  # noqa: F401  # declares the verbs
