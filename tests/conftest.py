"""Fixtures that every test may use: the database, the cast, clients that are logged in."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.db import connections
from django.test import Client, TransactionTestCase
from hypothesis import settings as hypothesis_settings

from teams.actors import Actor
from teams.models import Membership
from teams.services.keys import create_token
from teams.tenancy import workspace_scope
from tests.factories.people import Cast, cast_again, make_cast, prove
from tests.support import plugin

# How long an example takes is the machine's business; speed is measured by `make bench`.
hypothesis_settings.register_profile("untimed", deadline=None)
hypothesis_settings.load_profile("untimed")


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
    return cast_again()


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
        return prove(client)

    return log_in


@pytest.fixture
def scope_of() -> Callable[[Membership], AbstractContextManager[None]]:
    """Return the scope of a member's workspace."""
    return lambda member: workspace_scope(member.workspace_id)


class Program:
    """A program that speaks JSON with a member's token."""

    def __init__(self, member: Membership) -> None:
        with workspace_scope(member.workspace_id):
            by = Actor.system(member.workspace_id)
            found = Membership.objects.select_related("user", "role", "workspace").get(pk=member.pk)
            self.client = Client(
                HTTP_AUTHORIZATION=f"Bearer {create_token(member=found, purpose='test', by=by)[1]}"
            )

    def __getattr__(self, method: str) -> Callable[..., Any]:
        call = getattr(self.client, method)
        if method == "get":
            return call
        return lambda path, body=None, **extra: call(
            path, body or {}, content_type="application/json", **extra
        )


@pytest.fixture
def api_as() -> type[Program]:
    """Return a program that carries a member's token."""
    return Program
