"""Fixtures that every test may use: the database, the cast, clients that are logged in."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
from django.db import connections
from django.test import Client, TransactionTestCase

from teams.models import Membership
from teams.tenancy import workspace_scope
from tests.factories.people import Cast, make_cast
from tests.support import plugin


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker) -> Iterator[None]:
    """Make this worker's database; the run's servers take it away with them."""
    with django_db_blocker.unblock():
        plugin.make_database()
    yield
    with django_db_blocker.unblock():
        for connection in connections.all():
            connection.close()


def _empty(self: TransactionTestCase) -> None:
    plugin.empty_database()


TransactionTestCase._fixture_teardown = _empty


@pytest.fixture
def cast(db) -> Cast:
    """The fixed cast: Ana, Ben, Cleo, Farah and Jun of acme, Dev their guest, Eve of other."""
    return make_cast()


@pytest.fixture
def live_cast(transactional_db) -> Cast:
    """The cast in a database that other processes see; emptied after the test."""
    return make_cast()


@pytest.fixture
def acme(cast: Cast) -> Iterator[Cast]:
    """The cast, with the workspace acme in scope."""
    with workspace_scope(cast.acme.pk):
        yield cast


@pytest.fixture
def client_as() -> Callable[[Membership], Client]:
    """Return a browser in which a member is logged in."""

    def log_in(member: Membership) -> Client:
        client = Client()
        client.force_login(member.user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return log_in


@pytest.fixture
def scope_of() -> Callable[[Membership], AbstractContextManager[None]]:
    """Return the scope of a member's workspace."""
    return lambda member: workspace_scope(member.workspace_id)
