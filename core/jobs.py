"""Background work: messages that carry ids only, sent after commit, run inside the workspace's scope."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol
from uuid import UUID

import structlog
from celery import current_app, shared_task
from django.db import transaction

from core.registry import Port

log = structlog.get_logger(__name__)


class ScopeOpener(Protocol):
    """Opens a transaction bound to one workspace."""

    def __call__(self, workspace_id: UUID) -> AbstractContextManager[None]: ...


scope_opener: Port[ScopeOpener] = Port("core.jobs.scope_opener")


def enqueue(name: str, *, workspace_id: UUID, queue: str = "default", **ids: object) -> None:
    """Send the task `name` once the present transaction is committed.

    A message is a hint: the row that it names is the truth, and a sweep finds what no message came for. So a
    broker that is down is logged and does not fail the caller.
    """
    kwargs = {"workspace_id": str(workspace_id), **{key: str(value) for key, value in ids.items()}}
    transaction.on_commit(lambda: send(name, kwargs=kwargs, queue=queue))


def send(name: str, *, kwargs: dict[str, str], queue: str) -> bool:
    """Send a message now; tell whether the broker took it."""
    try:
        current_app.send_task(name, kwargs=kwargs, queue=queue, retry=False)
    except Exception as error:  # any broker failure means the same: the sweep will find the row
        log.warning("job_not_sent", task=name, queue=queue, error=type(error).__name__)
        return False
    return True


def task(name: str, *, own_scope: bool = False) -> Callable[[Callable[..., Any]], Any]:
    """Make a Celery task that runs in its workspace's scope.

    `own_scope=True` leaves opening it to the body, for work that must commit in between or call the network.
    """

    def decorate(body: Callable[..., Any]) -> Any:
        def run(workspace_id: str, **ids: str) -> Any:
            if own_scope:
                return body(workspace_id=UUID(workspace_id), **ids)
            with scope_opener.impl(UUID(workspace_id)):
                return body(workspace_id=UUID(workspace_id), **ids)

        run.__doc__ = body.__doc__
        run.__name__ = body.__name__
        run.__module__ = body.__module__
        return shared_task(name=name)(run)

    return decorate
