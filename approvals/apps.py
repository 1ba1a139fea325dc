"""Wiring of approvals."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ApprovalsConfig(AppConfig):
    """The approval engine."""

    name = "approvals"

    def ready(self) -> None:
        """Declare the verbs and register with the apps below."""
        from approvals import permissions, receivers  # noqa: F401  # declares the verbs
        from approvals.permissions import SEE
        from approvals.selectors import count_waiting
        from approvals.services.overdue import escalate_due
        from approvals.services.workflows import furnish_workflow
        from approvals.work import approval_items
        from core.ticks import Ticker, tickers
        from teams.services.workspaces import furnishers
        from teams.shell import add_place
        from teams.work import work_items

        furnishers.register("approvals.workflow", furnish_workflow)
        tickers.register("approvals.overdue", Ticker(escalate_due, 30))
        receivers.register()
        work_items.register("approvals", approval_items)
        add_place("approvals", _("Approvals"), "eye-check", "approvals:queue", verb=SEE, count=count_waiting)
