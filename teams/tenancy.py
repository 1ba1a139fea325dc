"""The walls between workspaces: the scope every query runs in and the base of every owned table."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ClassVar, Self
from uuid import UUID

from django.db import connection, models, transaction
from django_scopes import ScopedManager, scope, scopes_disabled

from core.ids import uuid7

BIND = "SELECT set_config('app.workspace', %s, true), set_config('app.user', %s, true)"
"""Binds the transaction to a workspace and a person; takes their ids, or empty texts."""

_current: ContextVar[UUID | None] = ContextVar("current_workspace", default=None)


class WrongWorkspace(RuntimeError):
    """Code tried to write a row of a workspace other than the one in scope."""


def current_workspace_id() -> UUID | None:
    """Return the workspace in scope, or None outside any."""
    return _current.get()


@contextmanager
def memberships_of(user_id: UUID | str, *, hold: bool = False) -> Iterator[None]:
    """Show a person's own memberships in all workspaces, read-only, for the length of a block.

    `hold=True` leaves the person bound inside an open transaction and saves a statement: for the caller who
    enters a workspace right after, which takes the person out again.
    """
    nested = connection.in_atomic_block
    with transaction.atomic(savepoint=False), scopes_disabled():
        _bind(_current.get(), user_id)
        yield
        if nested and not hold:
            _bind(_current.get(), None)


@contextmanager
def workspace_scope(workspace_id: UUID) -> Iterator[None]:
    """Run a block inside one workspace: own transaction (or savepoint), row-level security, scoped managers.

    What stood before is put back at the end, so that a nested scope of another workspace leaves no trace.
    """
    before = _current.get()
    nested = connection.in_atomic_block
    with transaction.atomic(), scope(workspace=workspace_id):
        token = _current.set(workspace_id)
        _bind(workspace_id, None)
        try:
            yield
        finally:
            _current.reset(token)
        if nested and before != workspace_id:
            _bind(before, None)


@contextmanager
def request_transaction() -> Iterator[None]:
    """Open the one transaction of a request; inside another one, as in tests, put back what stood before."""
    nested = connection.in_atomic_block
    with transaction.atomic():
        yield
    if nested:
        _bind(_current.get(), None)


@contextmanager
def entered(workspace_id: UUID, *, is_bound: bool = False) -> Iterator[None]:
    """Bind the transaction that is open to one workspace until it ends; costs a statement unless it `is_bound`.

    For the request, which is one transaction and never leaves its workspace again. The database forgets the
    binding with the transaction, so nothing is put back. Raises: RuntimeError outside a transaction.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("a workspace is entered inside a transaction only")
    with scope(workspace=workspace_id):
        token = _current.set(workspace_id)
        try:
            if not is_bound:
                _bind(workspace_id, None)
            yield
        finally:
            _current.reset(token)


def unbind() -> None:
    """Bind the transaction that is open to no workspace and nobody: for a request that is refused after a look."""
    _bind(None, None)


def _bind(workspace_id: UUID | None, user_id: UUID | str | None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(BIND, [str(workspace_id or ""), str(user_id or "")])


class WorkspaceOwned(models.Model):
    """A row that belongs to one workspace and is invisible from every other."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(
        "teams.Workspace", on_delete=models.PROTECT, related_name="+", editable=False
    )

    objects: ClassVar[models.Manager[Self]] = ScopedManager(workspace="workspace")

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save the row. Raises: WrongWorkspace when it is not of the workspace in scope."""
        scoped = current_workspace_id()
        if self.workspace_id is None and scoped is not None:
            self.workspace_id = scoped
        if scoped is None or self.workspace_id != scoped:
            raise WrongWorkspace(f"{self._meta.label} belongs to another workspace than the one in scope")
        super().save(*args, **kwargs)
