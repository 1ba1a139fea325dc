"""Wiring of approvals."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ApprovalsConfig(AppConfig):
    """The approval engine."""

    name = "approvals"
    verbose_name = _("Approval")

    def ready(self) -> None:
        """Declare the verbs and register with the apps below."""
        from approvals import ladder_receivers, permissions, receivers  # declares the verbs
        from approvals.leaving import APPROVALS_HOLDER
        from approvals.load import approval_load
        from approvals.models import Request
        from approvals.permissions import SEE
        from approvals.places import places_of_request, requests_within
        from approvals.selectors import waiting_rows
        from approvals.services.climbing import climb_due
        from approvals.services.overdue import escalate_due
        from approvals.services.switching import end_policy
        from approvals.services.timeouts import time_out_due
        from approvals.services.workflows import furnish_workflow
        from approvals.work import APPROVALS
        from core.ticks import Ticker, tickers
        from teams.holdings import holders
        from teams.limits import ABOUT_THINGS, Limiting, register_limiting, subjects_limited
        from teams.places import Placing, register_placing
        from teams.scopes import load_facts
        from teams.services.workspaces import configured, furnishers
        from teams.shell import add_place
        from teams.work import work_sources

        furnishers.register("approvals.workflow", furnish_workflow)
        configured.register("approvals.switching", end_policy)
        tickers.register("approvals.overdue", Ticker(escalate_due, 30))
        tickers.register("approvals.ladders", Ticker(climb_due, 10))
        tickers.register("approvals.timeouts", Ticker(time_out_due, 30))
        receivers.register()
        ladder_receivers.register()
        placing = Placing(places_of_request, requests_within, is_subject=False)
        register_placing(Request, placing, verbs=[verb.name for verb in permissions.REQUEST_VERBS])
        register_limiting(
            Request, Limiting(subjects_limited), verbs=dict.fromkeys(permissions.LIMITABLE, ABOUT_THINGS)
        )
        holders.register("approvals", APPROVALS_HOLDER)
        load_facts.register("approvals.waiting", approval_load)
        work_sources.register("approvals", APPROVALS)
        add_place("approvals", _("Approvals"), "eye-check", "approvals:queue", verb=SEE, waiting=waiting_rows)
