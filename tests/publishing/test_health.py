"""Is it alive: the answers for balancers and Prometheus, and what makes a deaf worker end itself."""

import os

import pytest
from django.db import connections, transaction
from django.test import Client

from publishing import health
from publishing.services import heartbeats
from publishing.services.heartbeats import Watch, beat, is_deaf, live_count, scan_age_seconds
from tests.factories.deliveries import fake_channel, plan


def test_all_is_well_while_everything_beats(db, client):
    beat("worker", "worker@a:1")
    beat("dispatcher", "dispatcher@a:2", scanned=True)

    answer = client.get("/healthz")

    body = answer.json()
    assert answer.status_code == 200
    assert list(body) == ["status", "database", "writes", "storage", "broker", "workers", "scan_age_seconds"]
    assert (body["status"], body["database"], body["broker"], body["workers"]) == ("ok", "ok", "ok", 1)
    assert (body["writes"], body["storage"]) == ("ok", "ok")
    assert 0 <= body["scan_age_seconds"] < 5


def test_without_a_worker_it_is_not_well(db, client):
    beat("dispatcher", "dispatcher@a:2", scanned=True)
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["workers"]) == (503, 0)


def test_without_a_due_scan_it_is_not_well(db, client):
    beat("worker", "worker@a:1")
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["scan_age_seconds"]) == (503, None)


def test_a_database_that_refuses_changes_is_told_as_a_full_disk(db, client):
    beat("worker", "worker@a:1")
    beat("dispatcher", "dispatcher@a:2", scanned=True)
    with transaction.atomic():
        with connections["default"].cursor() as cursor:
            cursor.execute("SET LOCAL transaction_read_only = on")
        answer = client.get("/healthz")
        transaction.set_rollback(True)
    body = answer.json()
    assert (answer.status_code, body["database"], body["writes"]) == (503, "ok", "refused")
    assert body["storage"] == "full"


def test_a_disk_without_room_for_media_is_told(db, client, monkeypatch):
    beat("worker", "worker@a:1")
    beat("dispatcher", "dispatcher@a:2", scanned=True)
    monkeypatch.setattr(health, "LOW_BYTES", 2**60)
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["writes"], answer.json()["storage"]) == (503, "ok", "full")


def test_without_a_broker_it_is_not_well(db, client, settings):
    settings.CELERY_BROKER_URL = "redis+socket:///nowhere/x.sock"
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["broker"]) == (503, "down")


def test_a_database_that_is_away_is_told_and_no_server_error(transactional_db, client):
    settings = connections["default"].settings_dict
    connections["default"].close()
    host, settings["HOST"] = settings["HOST"], "/nowhere"
    try:
        answer = client.get("/healthz")
        ready = client.get("/readyz")
    finally:
        settings["HOST"] = host
        connections["default"].close()
    assert (answer.status_code, answer.json()["database"]) == (503, "down")
    assert (ready.status_code, ready.json()) == (503, {"status": "down"})


def test_pages_can_be_served_whatever_the_workers_do(db, client):
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_a_process_that_beats_twice_counts_once_and_one_that_ended_not_at_all(db):
    beat("worker", "worker@a:1")
    beat("worker", "worker@a:1")
    beat("worker", "worker@a:2")
    heartbeats.end("worker@a:2")
    assert live_count("worker") == 1


def test_a_sign_of_life_fades(db, monkeypatch):
    beat("worker", "worker@a:1")
    monkeypatch.setattr(heartbeats, "ALIVE_SECONDS", -1)
    assert live_count("worker") == 0


def test_only_a_dispatcher_says_when_it_scanned(db):
    beat("worker", "worker@a:1")
    assert scan_age_seconds() is None


def test_metrics_count_what_is_not_final(team, client):
    plan(team.acme, [fake_channel(team.acme, "D", "http://127.0.0.1:9")], "Kopi")

    answer = client.get("/metrics")

    assert answer["Content-Type"].startswith("text/plain; version=0.0.4")
    lines = answer.content.decode().splitlines()
    assert 'collab_deliveries{state="scheduled"} 1' in lines
    assert "collab_database_up 1" in lines


@pytest.mark.parametrize(
    ("peer", "forwarded", "status"),
    [
        ("127.0.0.1", "", 200),
        ("", "127.0.0.1", 200),
        ("127.0.0.1", "203.0.113.9", 404),
        ("203.0.113.9", "", 404),
        ("203.0.113.9", "127.0.0.1", 404),
        ("127.0.0.1", "127.0.0.1, 203.0.113.9", 404),
    ],
)
def test_metrics_are_for_this_machine(db, peer, forwarded, status):
    headers = {"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {}
    assert Client(REMOTE_ADDR=peer).get("/metrics", **headers).status_code == status


def test_metrics_are_for_the_bearer_of_the_token(db, settings):
    settings.METRICS_TOKEN = "long-and-secret"
    stranger = Client(REMOTE_ADDR="203.0.113.9")
    assert stranger.get("/metrics", HTTP_AUTHORIZATION="Bearer long-and-secret").status_code == 200
    assert stranger.get("/metrics", HTTP_AUTHORIZATION="Bearer wrong").status_code == 404


def test_the_three_addresses_are_those_of_the_routes():
    assert set(health.ADDRESSES) == {"/healthz", "/readyz", "/metrics"}


@pytest.mark.parametrize(
    ("idle", "overdue", "deaf"), [(61, 61, True), (61, 59, False), (59, 61, False), (0, 0, False)]
)
def test_a_worker_is_deaf_when_it_hears_nothing_of_what_lies_about(idle, overdue, deaf):
    assert is_deaf(idle, overdue) is deaf


def test_a_deaf_worker_ends_itself(db, monkeypatch):
    ended: list[tuple[int, int]] = []
    watch = Watch("worker@a:1")
    watch.stop.set()
    monkeypatch.setattr(heartbeats.ledger, "overdue", lambda: (0.0, 90.0))
    monkeypatch.setattr(heartbeats.time, "monotonic", lambda: heartbeats._taken_at.value + 90)
    monkeypatch.setattr(heartbeats.os, "kill", lambda pid, number: ended.append((pid, number)))
    monkeypatch.setattr(heartbeats.os, "_exit", lambda code: ended.append((0, code)))

    watch._check()

    assert [pid for pid, _ in ended] == [os.getpid(), 0]
