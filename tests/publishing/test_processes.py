"""Real workers, dispatchers and broker, killed where it hurts; the network's own count is the judge."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from django.conf import settings

from publishing.models import Attempt, Delivery
from publishing.services import heartbeats
from teams.tenancy import workspace_scope
from tests.factories.deliveries import allow_policy, delivery_of, fake_channel, plan, plan_many
from tests.factories.people import Cast
from tests.support.fakenet import FakeNet
from tests.support.workers import Fleet

pytestmark = pytest.mark.services
FINAL = {"published", "needs_attention", "rejected", "failed", "expired", "cancelled"}


@pytest.fixture(scope="module")
def crew(django_db_setup, tmp_path_factory) -> Iterator[Fleet]:
    """A worker and a dispatcher, started once and started again when a test has killed them."""
    fleet = Fleet(tmp_path_factory.mktemp("fleet"))
    fleet.start("worker")
    fleet.start("dispatcher")
    yield fleet
    fleet.stop()


@pytest.fixture
def fleet(crew: Fleet, live_cast: Cast) -> Fleet:
    """The crew, at work on a fresh database."""
    for point in crew.faults.iterdir():
        point.unlink()
    allow_policy(live_cast.acme)
    crew.wait_for(
        lambda: heartbeats.live_count("worker") and heartbeats.live_count("dispatcher"), 60, "a crew"
    )
    return crew


def states(cast: Cast) -> list[str]:
    with workspace_scope(cast.acme.pk):
        return list(Delivery.objects.order_by("pk").values_list("state", flat=True))


def all_final(cast: Cast) -> Callable[[], bool]:
    return lambda: set(states(cast)) <= FINAL


def publish(cast: Cast, net: FakeNet, capability: str, texts: list[str]) -> None:
    with workspace_scope(cast.acme.pk):
        channel = fake_channel(cast.acme, capability, net.url)
        for _ in plan_many(cast.acme, [channel], texts):
            pass


def test_what_is_due_goes_out_by_itself(fleet, net, live_cast):
    texts = [f"Kopi {n}" for n in range(20)]
    publish(live_cast, net, "N", texts)

    fleet.wait_for(all_final(live_cast), 30, "all are final")

    assert states(live_cast) == ["published"] * 20
    assert [net.copies(text) for text in texts] == [1] * 20
    assert len(net.calls) == 20


@pytest.mark.parametrize("capability", ["K", "D", "F", "N"])
@pytest.mark.parametrize("point", ["before_intent", "after_intent", "after_answer", "after_confirm"])
def test_a_worker_killed_at(fleet, net, live_cast, point, capability):
    before = fleet.restarts
    fleet.crash_at(point)
    publish(live_cast, net, capability, ["Kopi"])

    fleet.wait_for(lambda: all_final(live_cast)() and fleet.restarts > before, 60, "killed, and final")

    had_effect_or_not = capability == "N" and point in ("after_intent", "after_answer")
    assert states(live_cast) == ["needs_attention" if had_effect_or_not else "published"]
    assert net.copies("Kopi") == (0 if capability == "N" and point == "after_intent" else 1)
    with workspace_scope(live_cast.acme.pk):
        row = Delivery.objects.get()
        assert (row.remote_id in net.live) is (row.state == "published")


@pytest.mark.parametrize("capability", ["K", "D", "F", "N"])
def test_a_worker_killed_after_the_network_accepted(fleet, net, live_cast, capability):
    net.on_signal = lambda _: fleet.kill("worker")
    net.tell("Kopi", "signal")
    publish(live_cast, net, capability, ["Kopi"])

    fleet.wait_for(all_final(live_cast), 60, "the delivery is final")

    assert states(live_cast) == ["needs_attention" if capability == "N" else "published"]
    assert net.copies("Kopi") == 1


def test_messages_that_are_lost_or_doubled_change_nothing(fleet, net, live_cast):
    broker = redis.Redis(
        unix_socket_path=settings.CELERY_BROKER_URL.split("//")[1].split("?")[0],
        db=int(settings.CELERY_BROKER_URL.rpartition("=")[2]),
    )
    texts = [f"Kopi {n}" for n in range(40)]
    net.latency = 0.05
    publish(live_cast, net, "N", texts)

    lost: list[bytes] = []

    def disturb() -> bool:
        waiting = broker.lrange("publish", 0, -1)
        if waiting and len(lost) < 10:
            broker.lpush("publish", *waiting[: len(waiting) // 2 + 1])
            lost.append(broker.rpop("publish"))
        return all_final(live_cast)()

    fleet.wait_for(disturb, 60, "all are final")

    assert states(live_cast) == ["published"] * 40
    assert [net.copies(text) for text in texts] == [1] * 40
    assert len(net.calls) == 40
    assert len(lost) > 0


def test_three_of_each_make_one_copy_of_each(fleet, net, live_cast):
    others = [fleet.start("dispatcher"), fleet.start("dispatcher"), fleet.start("threads")]
    try:
        fleet.wait_for(lambda: heartbeats.live_count("dispatcher") == 3, 60, "three dispatchers")
        texts = [f"Kopi {n}" for n in range(60)]
        for text in texts[::4]:
            net.tell(text, "drop_after")
        for text in texts[1::4]:
            net.tell(text, "before")
        publish(live_cast, net, "F", texts)

        fleet.wait_for(all_final(live_cast), 60, "all are final")
    finally:
        for member in others:
            member.process.kill()
            member.process.wait(10)
            fleet.members.remove(member)

    assert states(live_cast) == ["published"] * 60
    assert [net.copies(text) for text in texts] == [1] * 60


def test_without_a_broker_the_dispatcher_delivers_itself(fleet, net, live_cast, tmp_path: Path):
    lone = Fleet(tmp_path, extra={"BROKER_URL": f"redis+socket://{tmp_path}/nowhere.sock"})
    fleet.kill("dispatcher")
    lone.start("dispatcher")
    try:
        texts = [f"Kopi {n}" for n in range(12)]
        publish(live_cast, net, "N", texts)
        lone.wait_for(all_final(live_cast), 60, "all are final")
    finally:
        lone.stop()

    assert states(live_cast) == ["published"] * 12
    assert [net.copies(text) for text in texts] == [1] * 12


def test_an_attempt_names_who_planned_it(fleet, net, live_cast):
    with workspace_scope(live_cast.acme.pk):
        channel = fake_channel(live_cast.acme, "D", net.url)
        post = plan(live_cast.acme, [channel], "Kopi", by=live_cast.actor("ben"))

    fleet.wait_for(all_final(live_cast), 30, "the delivery is final")

    with workspace_scope(live_cast.acme.pk):
        attempt = Attempt.objects.get(delivery=delivery_of(post))
        assert (attempt.actor_kind, attempt.member_id) == ("member", live_cast.ben.pk)
        assert attempt.worker.count(":") == 1
