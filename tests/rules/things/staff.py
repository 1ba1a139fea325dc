"""Visits of operators."""

from datetime import timedelta
from typing import Any

from core.clock import now
from teams.models import StaffSession
from tests.rules.subjects import subject
from tests.rules.world import Side


@subject("visit")
def visit(side: Side) -> Any:
    """A visit that is over by the time anybody asks, on the leaver's ended membership."""
    row = StaffSession(
        workspace=side.workspace,
        member=side.leaver,
        reason=side.text("they asked for help"),
        started_at=now() - timedelta(hours=2),
        ends_at=now() - timedelta(hours=1),
    )
    row.save()
    return row.pk
