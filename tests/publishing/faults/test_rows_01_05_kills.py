"""Fault matrix, rows 1 to 5, 21 and 22: processes that are killed, frozen or told to stop, at every step of the way."""

import os
import signal

import pytest
from django.db.models import QuerySet

from publishing.models import Attempt
from publishing.services import heartbeats
from teams.tenancy import workspace_scope
from tests.publishing.faults.scene import CLASSES, Scene

pytestmark = pytest.mark.services
LEASE_SECONDS = 3
RESTART_SECONDS = 10


def kill_a_worker_of_each_class(scene: Scene, point: str) -> None:
    """Let the process that comes to the point die of it, one class after the other.

    Side by side, a death would take a neighbour's call along, which then never came to its point.
    """
    for capability in CLASSES:
        scene.fleet.crash_at(f"{point}@{capability}")
        scene.publish([f"{capability}opi"])
        scene.fleet.wait_for(lambda: not list(scene.fleet.faults.iterdir()), 60, f"killed for {capability}")
        scene.wait_until_final()


def test_row_01_a_worker_killed_before_the_intent_is_replaced_after_its_lease(scene):
    kill_a_worker_of_each_class(scene, "before_intent")

    scene.each_is_live_once()
    assert len(scene.net.calls) == len(CLASSES)
    assert scene.lateness_seconds()[-1] <= len(CLASSES) * LEASE_SECONDS + 2 + RESTART_SECONDS


def test_row_02_a_worker_killed_after_the_intent_has_sent_nothing_and_it_is_sent_once(scene):
    kill_a_worker_of_each_class(scene, "after_intent")

    scene.each_is_live_once(but=["Nopi"])
    assert (scene.states()["Nopi"], scene.net.copies("Nopi")) in [("needs_attention", 0), ("published", 1)]
    with workspace_scope(scene.cast.acme.pk):
        lost = Attempt.objects.filter(outcome="").values_list("delivery__channel__capability", flat=True)
        assert set(lost) == set(CLASSES)


def test_row_03_a_worker_killed_after_the_network_accepted_is_found_out(scene):
    """The network itself gives the sign: it has published, and no byte of its answer has left it yet."""
    texts = [f"{capability}ahwa" for capability in CLASSES]
    kills = [1, 1]
    for text in texts:
        scene.net.tell(text, "signal")
    scene.net.on_signal = lambda _: scene.fleet.kill("worker") if kills and kills.pop() else None
    scene.publish(texts)
    scene.wait_until_final()

    assert kills == []
    scene.each_is_live_once(but=["Nahwa"])
    assert scene.net.copies("Nahwa") <= 1
    if scene.net.copies("Nahwa"):
        assert scene.states()["Nahwa"] == "needs_attention"


def test_row_04_a_worker_killed_after_the_answer_before_the_commit_is_found_out(scene):
    kill_a_worker_of_each_class(scene, "after_answer")

    scene.each_is_live_once(but=["Nopi"])
    assert (scene.states()["Nopi"], scene.net.copies("Nopi")) in [("needs_attention", 1), ("published", 1)]
    assert len(scene.net.calls) == len(CLASSES)


def test_row_04_a_worker_killed_after_the_commit_changes_nothing(scene):
    """One after the other: a death beside another's call would be about that call."""
    for capability in "KN":
        scene.fleet.crash_at("after_confirm")
        scene.publish([f"{capability}opi"])
        scene.fleet.wait_for(lambda: not list(scene.fleet.faults.iterdir()), 60, "killed")
        scene.wait_until_final()

    scene.each_is_live_once()
    assert len(scene.net.calls) == 2


def test_row_05_a_killed_dispatcher_is_not_missed_by_the_other(scene):
    """Nobody starts the killed one again before all is out: the other scans on."""
    other = scene.fleet.start("dispatcher")
    scene.fleet.wait_for(lambda: heartbeats.live_count("dispatcher") == 2, 90, "two dispatchers")
    first = next(member for member in scene.fleet.members if member.kind == "dispatcher")
    os.killpg(first.process.pid, signal.SIGKILL)
    first.process.wait(10)
    scene.publish([f"N{n}" for n in range(20)])
    scene.fleet.wait_for(scene.all_final, 60, "all are final", tend=False)

    scene.each_is_live_once()
    assert (other.process.poll(), len(scene.net.calls)) == (None, 20)


@pytest.mark.parametrize("pair", ["KF", "DN", "SF"])
def test_row_21_a_worker_frozen_before_its_call_sends_late(scene, pair):
    """K, D and S: the late call repeats nothing. N: nobody has sent another. F may get a second copy: it is counted."""
    texts = [f"{capability}eku" for capability in pair]
    for capability in pair:
        scene.fleet.crash_at(f"stop-before_call@{capability}")
    scene.publish(texts)
    scene.fleet.wait_for(lambda: len(scene.fleet.frozen()) == 2, 60, "both processes are frozen")
    scene.fleet.start("threads")
    scene.wait_until_final()
    before = len(scene.net.calls)
    scene.fleet.thaw()
    scene.fleet.wait_for(lambda: len(scene.net.calls) == before + 2, 60, "the late calls were made")

    assert [text for text in texts if text[0] in "KDSN" and scene.net.copies(text) != 1] == []
    assert set(scene.states().values()) <= {"published", "needs_attention"}
    if "F" in pair:
        assert 1 <= scene.net.copies("Feku") <= 2
        print(f"row 21, class F, frozen beyond its settle time: {scene.net.copies('Feku')} copies")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGQUIT])
def test_row_22_a_worker_that_is_told_to_stop_finishes_its_calls(scene, number):
    """A deploy: warm shutdown (SIGTERM) lets calls under way end; a quick one (SIGQUIT) leaves them to be settled."""
    worker = scene.fleet.start("threads")
    scene.fleet.kill("worker")

    def own() -> QuerySet[Attempt]:
        return Attempt.objects.filter(worker__endswith=f":{worker.process.pid}")

    def carries() -> bool:
        with workspace_scope(scene.cast.acme.pk):
            if own().filter(outcome="", sent_at=None).exists():
                return True
        if scene.all_final():
            texts = [f"F{len(scene.rows())}-{n}" for n in range(8)]
            for text in texts:
                scene.net.tell(text, "slow:1")
            scene.publish(texts)
        return False

    scene.fleet.wait_for(carries, 90, "its calls are under way", tend=False)
    os.kill(worker.process.pid, number)
    scene.fleet.wait_for(lambda: worker.process.poll() is not None, 60, "it has stopped", tend=False)
    if number == signal.SIGTERM:
        # What the worker never began is with the dispatcher meanwhile, whose calls may be under way.
        with workspace_scope(scene.cast.acme.pk):
            assert own().count() > 0
            assert list(own().exclude(outcome="accepted").values_list("outcome", "number")) == []
    scene.wait_until_final()

    scene.each_is_live_once()
