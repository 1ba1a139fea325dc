"""A kept connection is looked at before it serves again, without asking the server (performance list, row 6)."""

import psycopg2
import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from tests.support import plugin


@pytest.fixture
def kept(django_db_setup, django_db_blocker):
    """A connection of its own, as a thread of the web server keeps one."""
    with django_db_blocker.unblock():
        found = connections["default"].copy()
        found.connect()
        yield found
        found.close()


def terminate(pid: int) -> None:
    """End a connection from the server's side and wait until it is gone."""
    with psycopg2.connect(plugin.cluster.admin_dsn(plugin.database)) as link, link.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    link.close()


def test_a_connection_that_lives_is_used_without_a_question(kept):
    with CaptureQueriesContext(kept) as found:
        assert kept.is_usable() is True
    assert found.captured_queries == []
    received = kept.connection.info.backend_pid
    assert kept.is_usable() is True
    assert kept.connection.info.backend_pid == received


def test_a_connection_that_the_server_ended_is_replaced(kept):
    pid = kept.connection.info.backend_pid
    kept.health_check_enabled = True
    terminate(pid)
    assert kept.is_usable() is False
    kept.health_check_done = False
    with kept.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        assert cursor.fetchone()[0] != pid
