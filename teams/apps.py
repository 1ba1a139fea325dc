"""Wiring of people and workspaces."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class TeamsConfig(AppConfig):
    """The ground floor's people."""

    name = "teams"

    def ready(self) -> None:
        """Fill the port through which jobs open a workspace's scope; register the dispatcher's work."""
        from core.jobs import scope_opener
        from core.ticks import Ticker, tickers
        from teams.services.invitations import mail_due_invitations
        from teams.shell import add_place
        from teams.tenancy import workspace_scope

        scope_opener.fill(workspace_scope)
        add_place("team", gettext_lazy("Team"), "users", "teams:members", verb="teams.member.see")
        add_place(
            "settings",
            gettext_lazy("Settings"),
            "settings",
            "teams:settings",
            verb="teams.workspace.configure",
        )
        tickers.register("teams.invitations", Ticker(mail_due_invitations, 1))
