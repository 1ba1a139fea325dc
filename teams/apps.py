"""Wiring of people and workspaces."""

from django.apps import AppConfig


class TeamsConfig(AppConfig):
    """The ground floor's people."""

    name = "teams"

    def ready(self) -> None:
        """Fill the port through which jobs open a workspace's scope."""
        from core.jobs import scope_opener
        from teams.tenancy import workspace_scope

        scope_opener.fill(workspace_scope)
