"""Telling in this process: the broker is down, so what the dispatcher finds is done at once."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from activity.models import Delivery
from activity.services import outbox
from core import jobs
from core.clock import now
from notifications.models import NoticeMail
from notifications.services.mails import dispatch_due
from teams.tenancy import workspace_scope


@pytest.fixture
def tell_all(monkeypatch) -> Callable[[object], None]:
    """Return a function that tells every subscriber of a workspace's entries, and sends the mails once collected."""
    monkeypatch.setattr(jobs, "send", lambda *_args, **_kwargs: False)

    def tell(workspace) -> None:
        with workspace_scope(workspace.pk):
            rows = list(Delivery.objects.filter(state="pending").values_list("pk", flat=True))
        for pk in rows:
            assert outbox.deliver(workspace_id=workspace.pk, delivery_id=pk)
        with workspace_scope(workspace.pk):
            fresh = NoticeMail.objects.filter(state="pending", claimed_at=None)
            fresh.update(next_attempt_at=now() - timedelta(seconds=1))
        dispatch_due()

    return tell
