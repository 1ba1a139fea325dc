"""Wiring of people and workspaces."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class TeamsConfig(AppConfig):
    """The ground floor's people."""

    name = "teams"
    verbose_name = gettext_lazy("People and workspace")

    def ready(self) -> None:
        """Fill the port through which jobs open a workspace's scope, and the registries."""
        from allauth.account.signals import user_signed_up
        from allauth.mfa.signals import authenticator_added, authenticator_removed
        from allauth.usersessions import models as devices
        from django.contrib.auth.signals import user_logged_in

        from core.jobs import scope_opener
        from teams import receivers
        from teams.gap_work import GAPS
        from teams.holdings import Holder, hand_over_standing, holders, standing_holdings
        from teams.identities import owner_of
        from teams.services.directory import take_up
        from teams.services.duties import furnish_duties
        from teams.services.members import joiners
        from teams.services.workspaces import furnishers
        from teams.shell import add_place, shell_urls
        from teams.tenancy import workspace_scope
        from teams.work import work_sources

        scope_opener.fill(workspace_scope)
        devices.get_session_user = owner_of
        user_signed_up.connect(receivers.note_sign_up)
        user_logged_in.connect(receivers.count_age)
        authenticator_added.connect(receivers.note_new_factor)
        authenticator_removed.connect(receivers.note_lost_factor)
        add_place("team", gettext_lazy("Team"), "users", "teams:coverage", verb="teams.duty.see")
        add_place(
            "settings",
            gettext_lazy("Settings"),
            "settings",
            "teams:settings",
            verb="teams.workspace.configure",
        )
        shell_urls.register("people", "teams:member_choices")
        shell_urls.register("absences", "teams:absences")
        holders.register("teams", Holder(standing_holdings, hand_over_standing))
        work_sources.register("teams.gaps", GAPS)
        furnishers.register("teams.duties", furnish_duties)
        joiners.register("teams.directory", take_up)
        self._tick()

    def _tick(self) -> None:
        """Register the dispatcher's work."""
        from core.ticks import Ticker, tickers
        from teams.services.feeds import fetch_due
        from teams.services.handovers import hand_back_due, settle_due
        from teams.services.invitations import mail_due_invitations

        tickers.register("teams.absence_feeds", Ticker(fetch_due, 30))
        tickers.register("teams.covers", Ticker(settle_due, 5))
        tickers.register("teams.returns", Ticker(hand_back_due, 5))
        tickers.register("teams.invitations", Ticker(mail_due_invitations, 1))
