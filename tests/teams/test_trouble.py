"""A full disk and a database that is away reach people as a sentence and programs as a problem document."""

import errno

import pytest
from django.db import DatabaseError, connection, connections, transaction
from django.db.utils import IntegrityError
from django.test import Client

from core.trouble import trouble_of
from tests.factories.people import Cast


@pytest.fixture
def read_only(cast: Cast):
    """The database as it stands while its disk is full: it refuses every change, by its own word."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL transaction_read_only = on")
        yield
        transaction.set_rollback(True)


@pytest.fixture
def browser(cast: Cast, client_as) -> Client:
    found = client_as(cast.ana)
    found.get("/w/acme/settings/")
    found.raise_request_exception = False
    return found


def test_page_that_cannot_save_says_that_the_disk_is_full(browser: Client, read_only):
    answer = browser.post("/w/acme/teams/new/", {"name": "Night shift"})

    assert answer.status_code == 503
    assert "disk is full" in answer.content.decode()
    assert "your last change was not saved" in answer.content.decode()
    assert answer["Retry-After"] == "30"


def test_page_that_only_reads_is_shown_on_a_full_disk(browser: Client, read_only):
    assert browser.get("/w/acme/settings/").status_code == 200


def test_log_in_on_a_full_disk_is_refused_for_what_it_is(cast: Cast, read_only, client):
    """And not as one guess too many, which is what an uncounted guess would look like."""
    answer = client.post("/accounts/login/", {"login": "ana@acme.test", "password": "wrong"})

    assert answer.status_code == 503
    assert "disk is full" in answer.content.decode()


def test_program_that_cannot_save_gets_a_problem_document(browser: Client, read_only):
    answer = browser.post("/api/v1/w/acme/teams/", {"name": "Night shift"}, content_type="application/json")

    assert answer.status_code == 503
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "storage_full"


def test_database_that_is_away_is_said(transactional_db, client):
    client.raise_request_exception = False
    settings = connections["default"].settings_dict
    connections["default"].close()
    host, settings["HOST"] = settings["HOST"], "/nowhere"
    try:
        answer = client.get("/")
    finally:
        settings["HOST"] = host
        connections["default"].close()

    assert answer.status_code == 503
    assert "database is away for a moment" in answer.content.decode()


def test_trouble_is_told_from_other_errors():
    full = OSError(errno.ENOSPC, "No space left on device")
    wrapped = ValueError("upload failed")
    wrapped.__context__ = full

    assert trouble_of(full) == trouble_of(wrapped) == "full"
    assert trouble_of(PermissionError(errno.EACCES, "no")) is None
    assert trouble_of(IntegrityError("twice")) is None
    assert trouble_of(DatabaseError("bare")) is None
    assert trouble_of(None) is None
