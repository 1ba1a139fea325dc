"""Wiring of approvals."""

from django.apps import AppConfig


class ApprovalsConfig(AppConfig):
    """The approval engine."""

    name = "approvals"

    def ready(self) -> None:
        """Declare the verbs, give new workspaces their default workflow, register the dispatcher's work."""
        from approvals import permissions  # noqa: F401  # declares the verbs
        from approvals.services.overdue import escalate_due
        from approvals.services.workflows import furnish_workflow
        from core.ticks import Ticker, tickers
        from teams.services.workspaces import furnishers

        furnishers.register("approvals.workflow", furnish_workflow)
        tickers.register("approvals.overdue", Ticker(escalate_due, 30))
