"""The outbox: told after the commit, at least once, given up after twelve tries."""

from datetime import timedelta

import pytest
from django.db import transaction

from activity.models import Delivery
from activity.services import outbox
from activity.services.outbox import MOST_ATTEMPTS, deliver, dispatch_due
from activity.states import OutboxState
from activity.subscriptions import subscribe, subscriptions
from core.clock import now
from core.record import record
from core.refs import Ref
from teams.models import Guest
from teams.tenancy import current_workspace_id, workspace_scope


class Listener:
    """A subscriber that fails as often as it is told to."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.heard: list[str] = []
        self.scopes: list[object] = []

    def __call__(self, entry) -> None:
        self.scopes.append(current_workspace_id())
        Guest(name="heard", email=f"{len(self.heard)}-{self.failures}@heard.test").save()
        if self.failures:
            self.failures -= 1
            raise RuntimeError("not now")
        self.heard.append(entry.verb)


@pytest.fixture
def listener(live_cast, monkeypatch) -> Listener:
    for side in (live_cast.acme, live_cast.other):
        with workspace_scope(side.pk):
            Delivery.objects.update(state=OutboxState.DONE)
    monkeypatch.setattr(subscriptions, "_entries", {})
    found = Listener()
    subscribe("tests.listener", ["tests.thing.noted"], found)
    return found


@pytest.fixture
def broker_down(monkeypatch) -> None:
    monkeypatch.setattr(outbox.jobs, "send", lambda *_args, **_kwargs: False)


def note(cast) -> None:
    with workspace_scope(cast.acme.pk):
        record("tests.thing.noted", by=cast.actor("ben"), subject=Ref("tests.thing", cast.acme.pk))


def row_of(cast) -> Delivery:
    with workspace_scope(cast.acme.pk):
        return Delivery.objects.select_related("entry").get(subscriber="tests.listener")


def make_due(cast) -> None:
    with workspace_scope(cast.acme.pk):
        Delivery.objects.filter(subscriber="tests.listener").update(
            next_attempt_at=now() - timedelta(seconds=1)
        )


def test_a_subscriber_is_told_in_the_scope_of_the_entry(live_cast, listener, broker_down):
    note(live_cast)
    assert listener.heard == []
    assert dispatch_due() == 1
    assert listener.heard == ["tests.thing.noted"]
    assert listener.scopes == [live_cast.acme.pk]
    assert row_of(live_cast).state == OutboxState.DONE


def test_what_was_rolled_back_is_told_to_nobody(live_cast, listener, broker_down):
    with pytest.raises(RuntimeError), transaction.atomic():
        note(live_cast)
        raise RuntimeError
    assert dispatch_due() == 0
    assert listener.heard == []


def test_a_row_is_handed_out_once_at_a_time(live_cast, listener, monkeypatch):
    sent = []
    monkeypatch.setattr(outbox.jobs, "send", lambda *_args, **words: sent.append(words["kwargs"]) or True)
    note(live_cast)
    assert (dispatch_due(), dispatch_due()) == (1, 0)
    assert [set(kwargs) for kwargs in sent] == [{"workspace_id", "delivery_id"}]


def test_a_message_that_was_lost_is_sent_again(live_cast, listener, monkeypatch):
    sent = []
    monkeypatch.setattr(outbox.jobs, "send", lambda *_args, **words: sent.append(words["kwargs"]) or True)
    note(live_cast)
    dispatch_due()
    make_due(live_cast)
    assert dispatch_due() == 1
    assert sent[0] == sent[1]


def test_a_message_that_comes_twice_is_told_once(live_cast, listener, broker_down):
    note(live_cast)
    row = row_of(live_cast)
    assert deliver(workspace_id=live_cast.acme.pk, delivery_id=row.pk)
    assert not deliver(workspace_id=live_cast.acme.pk, delivery_id=row.pk)
    assert listener.heard == ["tests.thing.noted"]


def test_a_failing_subscriber_is_tried_again_and_leaves_nothing_behind(live_cast, listener, broker_down):
    listener.failures = 2
    note(live_cast)
    dispatch_due()
    row = row_of(live_cast)
    assert (row.state, row.attempts, row.last_error) == (OutboxState.PENDING, 1, "RuntimeError")
    assert timedelta(seconds=15) < row.next_attempt_at - now() < timedelta(seconds=25)
    with workspace_scope(live_cast.acme.pk):
        assert not Guest.objects.filter(name="heard").exists()
    for _attempt in range(2):
        make_due(live_cast)
        dispatch_due()
    assert listener.heard == ["tests.thing.noted"]
    assert row_of(live_cast).state == OutboxState.DONE


def test_a_subscriber_that_never_manages_is_given_up_after_twelve_tries(live_cast, listener, broker_down):
    listener.failures = 100
    note(live_cast)
    for _attempt in range(MOST_ATTEMPTS + 2):
        make_due(live_cast)
        dispatch_due()
    row = row_of(live_cast)
    assert (row.state, row.attempts, listener.failures) == (OutboxState.DEAD, 12, 88)
    assert row.next_attempt_at - now() <= timedelta(hours=1)


def test_one_failing_subscriber_does_not_stop_another(live_cast, listener, broker_down):
    listener.failures = 100
    other = Listener()
    subscribe("tests.other", ["tests.thing.noted"], other)
    note(live_cast)
    dispatch_due()
    assert other.heard == ["tests.thing.noted"]


def test_a_subscriber_that_is_gone_is_left_alone(live_cast, listener, broker_down, monkeypatch):
    note(live_cast)
    monkeypatch.setattr(subscriptions, "_entries", {})
    assert dispatch_due() == 1
    assert row_of(live_cast).state == OutboxState.PENDING


def test_a_delivery_of_another_workspace_cannot_be_told(live_cast, listener, broker_down):
    note(live_cast)
    assert not deliver(workspace_id=live_cast.other.pk, delivery_id=row_of(live_cast).pk)
    assert listener.heard == []
