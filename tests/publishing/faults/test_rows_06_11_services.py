"""Fault matrix, rows 6 to 11, 13, 24: broker, database, clocks and schema change under the workers."""

import os
import signal
from contextlib import ExitStack, closing
from datetime import timedelta
from pathlib import Path

import psycopg2
import pytest
import redis
from django.conf import settings
from django.db import connection

from core.clock import now
from publishing.models import Attempt
from publishing.services import heartbeats
from teams.tenancy import workspace_scope
from tests.factories.deliveries import plan
from tests.publishing.faults.scene import Scene
from tests.support import plugin
from tests.support.workers import Fleet

pytestmark = pytest.mark.services
FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"


def broker() -> redis.Redis:
    url = settings.CELERY_BROKER_URL
    return redis.Redis(unix_socket_path=url.split("//")[1].split("?")[0], db=int(url.rpartition("=")[2]))


def worker_pids(fleet: Fleet) -> set[int]:
    return {member.process.pid for member in fleet.members if member.kind == "worker"}


def workers_carried(scene: Scene, text: str) -> bool:
    """Tell whether a worker, not the dispatcher's rescue lane, made the call."""
    with workspace_scope(scene.cast.acme.pk):
        made_by = Attempt.objects.filter(delivery__post__title=text).values_list("worker", flat=True)
    dispatchers = {str(m.process.pid) for m in scene.fleet.members if m.kind == "dispatcher"}
    return {name.rpartition(":")[2] for name in made_by}.isdisjoint(dispatchers)


def wait_for_workers(scene: Scene, name: str) -> None:
    """Publish one after the other until a worker carries one: the rescue lane has handed over."""

    def carried() -> bool:
        text = f"N-{name}-{len(scene.rows())}"
        scene.publish([text])
        scene.wait_until_final()
        return workers_carried(scene, text)

    scene.fleet.wait_for(carried, 60, f"a worker carries again, {name}")


def test_row_06_messages_that_are_lost_or_doubled_change_nothing(scene):
    """The worker stands still until its messages have been tampered with."""
    wait_for_workers(scene, "first")
    before = len(scene.net.calls)
    texts = [f"N{n}" for n in range(30)]
    scene.net.latency = 0.05
    link, lost = broker(), []
    for number in worker_pids(scene.fleet):
        os.killpg(number, signal.SIGSTOP)
    scene.publish(texts)

    def disturb() -> bool:
        waiting = link.lrange("publish", 0, -1)
        if waiting:
            link.lpush("publish", *waiting[:3])
            lost.append(link.rpop("publish"))
        return bool(lost)

    try:
        scene.fleet.wait_for(disturb, 30, "messages wait", tend=False)
    finally:
        for number in worker_pids(scene.fleet):
            os.killpg(number, signal.SIGCONT)
    scene.wait_until_final()

    scene.each_is_live_once()
    assert len(scene.net.calls) == before + 30


def test_row_06_a_flushed_broker_loses_no_delivery(scene):
    texts = [f"{'KDN'[n % 3]}{n}" for n in range(15)]
    scene.net.latency = 0.1
    scene.publish(texts)
    scene.fleet.wait_for(lambda: len(scene.net.calls) > 0, 60, "calls are under way")
    broker().flushall()
    scene.wait_until_final()

    scene.each_is_live_once()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_row_06_without_a_broker_the_dispatcher_delivers_and_nobody_is_logged_out(scene, client_as, number):
    """`p99 ≤ 10 s` of the row: with so few deliveries, the latest of them; measured from when the broker was gone."""
    browser = client_as(scene.cast.ana)
    home = f"/w/{scene.cast.acme.slug}/work/"
    assert browser.get(home).status_code == 200
    plugin.cluster.end_valkey(number)
    try:
        scene.publish([f"N{n}" for n in range(12)])
        scene.wait_until_final()
        assert browser.get(home).status_code == 200
    finally:
        plugin.cluster.begin_valkey()

    scene.each_is_live_once()
    assert len(scene.net.calls) == 12
    assert scene.lateness_seconds()[-1] <= 10 + 1


def test_row_07_workers_hear_again_after_three_restarts_of_the_broker(scene):
    for turn in range(3):
        plugin.cluster.end_valkey(signal.SIGKILL)
        plugin.cluster.begin_valkey()
        wait_for_workers(scene, f"turn-{turn}")

    scene.each_is_live_once()


def test_row_08_a_database_that_restarts_at_once_leaves_nothing_behind(scene):
    """Calls are under way while every connection breaks; nobody crashes, and the network is asked."""
    texts = [f"{'KDF'[n % 3]}{n}" for n in range(9)]
    for text in texts[:3]:
        scene.net.tell(text, "slow:0.8")  # within the settle time of the fakes, as class F asks for
    restarts = scene.fleet.restarts
    scene.publish(texts)
    scene.fleet.wait_for(lambda: len(scene.net.calls) > 0, 60, "calls are under way")
    plugin.cluster.restart_postgres(signal.SIGQUIT)
    connection.close()
    scene.wait_until_final()

    scene.each_is_live_once()
    assert scene.fleet.restarts == restarts


def test_row_08_a_worker_whose_connection_is_cut_while_it_confirms_tries_again(scene):
    """Every backend but ours is terminated while answers are on their way."""
    texts = [f"N{n}" for n in range(6)]
    for text in texts:
        scene.net.tell(text, "slow:1")
    scene.publish(texts)
    scene.fleet.wait_for(lambda: len(scene.net.calls) > 0, 60, "calls are under way")
    with closing(psycopg2.connect(plugin.cluster.admin_dsn())) as link, link.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = %s AND pid <> pg_backend_pid()",
            [plugin.database],
        )
        assert cursor.fetchone()[0] > 0
    connection.close()
    scene.wait_until_final()

    scene.each_is_live_once()
    assert len(scene.net.calls) == 6


def hold_all_connections(held: ExitStack) -> set[int]:
    """Take every connection that the application may still open; return the backends."""
    pids = set()
    while True:
        try:
            link = held.enter_context(closing(psycopg2.connect(plugin.cluster.app_dsn(plugin.database))))
        except psycopg2.OperationalError:
            return pids
        pids.add(link.info.backend_pid)


def test_row_09_exhausted_connections_push_back_and_nothing_is_stuck(scene):
    """All connections are taken, and those of workers and dispatcher are cut, so that they get no new ones."""
    texts = [f"{'KDN'[n % 3]}{n}" for n in range(9)]
    with ExitStack() as held:
        pids = hold_all_connections(held)
        scene.publish(texts)
        pids.add(connection.connection.info.backend_pid)
        with closing(psycopg2.connect(plugin.cluster.admin_dsn())) as link, link.cursor() as cursor:
            cursor.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE datname = %s AND NOT pid = ANY(%s)",
                [plugin.database, sorted(pids)],
            )
            assert cursor.fetchone()[0] > 0
        hold_all_connections(held)
    scene.wait_until_final()

    scene.each_is_live_once()
    assert len(scene.net.calls) == 9


def test_row_10_three_of_each_make_one_copy_of_each(scene):
    for kind in ("dispatcher", "dispatcher", "threads", "threads"):
        scene.fleet.start(kind)
    scene.fleet.wait_for(
        lambda: heartbeats.live_count("dispatcher") == 3 and heartbeats.live_count("worker") == 3,
        120,
        "three",
    )
    texts = [f"F{n}" for n in range(40)]
    for text in texts[::4]:
        scene.net.tell(text, "drop_after")
    for text in texts[1::4]:
        scene.net.tell(text, "before")
    scene.publish(texts)
    scene.wait_until_final()

    scene.each_is_live_once()
    assert len(scene.net.calls) == 40 + 10


@pytest.mark.parametrize("ahead", [600, -600])
def test_row_11_a_clock_that_is_ten_minutes_off_sends_nothing_early_and_nothing_late(scene, tmp_path, ahead):
    """Worker and dispatcher live in another time, which then steps back as NTP would; the database's clock decides."""
    assert Path(FAKETIME).exists()
    told = tmp_path / "clock"
    told.write_text(f"{ahead:+d}s\n")
    scene.fleet.dismiss_all()
    clocks = {
        "LD_PRELOAD": FAKETIME,
        "FAKETIME_TIMESTAMP_FILE": str(told),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    for kind in ("worker", "dispatcher"):
        scene.fleet.start(kind, **clocks)
    soon = now() + timedelta(seconds=25)
    scene.publish(["Dsoon"], at=soon)
    scene.publish(["Nlater"], at=now() + timedelta(minutes=8))
    scene.publish(["Know"])
    scene.fleet.wait_for(lambda: scene.states()["Know"] == "published", 90, "what is due went out")
    told.write_text("+0s\n")
    scene.fleet.wait_for(lambda: scene.states()["Dsoon"] == "published", 90, "what fell due went out")

    assert scene.states()["Nlater"] == "scheduled"
    assert [call.text for call in scene.net.calls if call.text == "Nlater"] == []
    (early,) = scene.net.calls_of("Dsoon")
    assert early.at >= soon.timestamp() - 1
    scene.fleet.dismiss_all()


def test_row_24_the_schema_grows_while_old_and_new_workers_publish(scene):
    """A column and an index come as an upgrade brings them; workers of before and after work side by side."""
    texts = [f"{'KDN'[n % 3]}{n}" for n in range(24)]
    scene.net.latency = 0.1
    scene.publish(texts)
    scene.fleet.wait_for(lambda: len(scene.net.calls) > 0, 60, "calls are under way")
    with closing(psycopg2.connect(plugin.cluster.owner_dsn(plugin.database))) as link:
        link.autocommit = True
        with link.cursor() as cursor:
            cursor.execute("SET lock_timeout = '20s'")
            cursor.execute("ALTER TABLE publishing_delivery ADD COLUMN newer varchar(9) NOT NULL DEFAULT ''")
            cursor.execute("CREATE INDEX CONCURRENTLY newer ON publishing_delivery (newer) WHERE newer <> ''")
    try:
        scene.fleet.start("threads")
        scene.publish([f"{text}b" for text in texts])
        scene.wait_until_final()
    finally:
        with closing(psycopg2.connect(plugin.cluster.owner_dsn(plugin.database))) as link:
            link.autocommit = True
            with link.cursor() as cursor:
                cursor.execute("ALTER TABLE publishing_delivery DROP COLUMN newer")

    scene.each_is_live_once()
    assert len(scene.net.calls) == 48


def test_row_13_a_slow_network_keeps_no_other_waiting(scene):
    """All fall due at the same instant, after they were planned; two slow calls go at a time."""
    slow = [f"D{n}" for n in range(6)]
    for text in slow:
        scene.net.tell(text, "stall:3")
    scene.publish([*slow, "Nquick"], at=now() + timedelta(seconds=5))
    scene.wait_until_final()

    assert [call.text for call in scene.net.calls].index("Nquick") <= 3
    scene.each_is_live_once()


def test_an_attempt_names_who_planned_it_and_who_sent_it(scene):
    with workspace_scope(scene.cast.acme.pk):
        channel = scene.channel("D")
        plan(scene.cast.acme, [channel], "Dopi", by=scene.cast.actor("ben"))
    scene.wait_until_final()

    with workspace_scope(scene.cast.acme.pk):
        attempt = Attempt.objects.get()
        assert (attempt.actor_kind, attempt.member_id) == ("member", scene.cast.ben.pk)
        assert attempt.worker.count(":") == 1
