"""The real services in any order that hypothesis can think of, held against the network's own count (issue 6, Proof 1).

One process plays all parts: messages are kept and may come late, twice or never; workers die before and after their
call; leases and questions run out; people pause, withdraw, revoke, decide. What is live on the network is the truth.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from approvals.models import Clearance
from calendar_app.models import Post
from core.clock import now
from core.errors import CollabError
from publishing import ledger
from publishing.models import Attempt, Delivery, Hold
from publishing.services import delivering, settling
from publishing.services.holds import end_hold, start_hold
from publishing.services.planning import PublishingDispatcher
from publishing.services.resolving import resolve_delivery, send_again
from publishing.settlement import Step, Verdict
from publishing.states import FINAL, Reason
from publishing.timing import clock
from teams.actors import Actor
from tests.factories.deliveries import delivery_of, fake_channel, plan
from tests.factories.people import Cast
from tests.support.fakenet import FakeNet

pytestmark = pytest.mark.final

ACTIONS = ["ok", "before", "after", "drop", "drop_after", "limit:0", "refuse", "odd", "empty"]
QUIET = frozenset({"rejected", "failed", "cancelled", "expired"})
LIMITS = settings(
    max_examples=25,
    stateful_step_count=20,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


class Killed(BaseException):
    """The worker's process is gone."""


class Engine(RuleBasedStateMachine):
    """Everything that may happen to a few deliveries."""

    team: Cast
    net: FakeNet
    serial = 0
    texts = Bundle("texts")
    messages = Bundle("messages")
    questions = Bundle("questions")

    def __init__(self) -> None:
        super().__init__()
        self.example = transaction.atomic()
        self.example.__enter__()
        self.posts: dict[str, Post] = {}
        self.calls_when_paused: int | None = None
        self.held: dict[str, int] = {}
        self.first_call = len(self.net.calls)
        self.unsent = 0

    @initialize(target=texts, capability=st.sampled_from("KDSFN"), action=st.sampled_from(ACTIONS))
    def begin(self, capability: str, action: str) -> str:
        return self.plan_post(capability, [action], 0, lags=False)

    @rule(
        target=texts,
        capability=st.sampled_from("KDSFN"),
        actions=st.lists(st.sampled_from(ACTIONS), max_size=3),
        minutes=st.sampled_from([0, 0, 0, 60]),
        lags=st.booleans(),
    )
    def plan_another(self, capability: str, actions: list[str], minutes: int, lags: bool) -> str:
        return self.plan_post(capability, actions, minutes, lags=lags)

    def plan_post(self, capability: str, actions: list[str], minutes: int, lags: bool) -> str:
        type(self).serial += 1
        text = f"{capability}-{self.serial}"
        self.net.tell(text, *actions)
        if lags and capability == "F":
            self.net.hide(text, 1)
        channel = fake_channel(self.team.acme, capability, self.net.url)
        at = now() + timedelta(minutes=minutes) if minutes else None
        self.posts[text] = plan(self.team.acme, [channel], text, at=at)
        return text

    @rule(target=messages)
    def scan(self) -> Any:
        return multiple(*ledger.claim_due())

    @rule(claim=messages)
    def deliver(self, claim: ledger.Claim) -> None:
        """A message stays in its bundle: it may come again."""
        delivering.deliver(workspace_id=claim.workspace_id, delivery_id=claim.delivery_id, token=claim.token)

    @rule(claim=messages, after=st.booleans())
    def deliver_and_die(self, claim: ledger.Claim, after: bool) -> None:
        call = delivering._call

        def dying(*args: Any) -> None:
            if after:
                call(*args)
            else:
                self.unsent += 1
            raise Killed

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(delivering, "_call", dying)
            try:
                self.deliver(claim)
            except Killed:
                return

    @rule(fate=st.sampled_from(["works", "dies before", "dies after"]))
    def work(self, fate: str) -> None:
        """A scan whose messages come at once, to a worker that lives or dies."""
        for claim in ledger.claim_due():
            if fate == "works":
                self.deliver(claim)
            else:
                self.deliver_and_die(claim, after=fate == "dies after")

    @rule()
    def leases_run_out(self) -> None:
        Delivery.objects.filter(state__in=["claimed", "prepared", "sending"]).update(lease_until=clock(-1))
        ledger.release_claims()
        ledger.lose_calls()

    @rule(target=questions)
    def settle_time_passes(self) -> Any:
        Delivery.objects.filter(state="unknown").update(settle_until=clock(-1))
        return multiple(*ledger.claim_unsettled())

    @rule(claim=consumes(questions), is_lost=st.booleans())
    def ask_the_network(self, claim: ledger.Claim, is_lost: bool) -> None:
        if not is_lost:
            settling.settle_unknown(
                workspace_id=claim.workspace_id, delivery_id=claim.delivery_id, token=claim.token
            )

    @precondition(lambda self: self.calls_when_paused is None)
    @rule()
    def pause(self) -> None:
        start_hold(workspace=self.team.acme, text="", by=self.team.actor("ana"))
        self.calls_when_paused = len(self.net.calls)

    @precondition(lambda self: self.calls_when_paused is not None)
    @rule()
    def resume(self) -> None:
        self.calls_when_paused = None
        end_hold(workspace=self.team.acme, by=self.team.actor("ana"))

    @rule(text=texts)
    def pause_channel(self, text: str) -> None:
        channel = delivery_of(self.posts[text]).channel
        start_hold(workspace=self.team.acme, text="", by=self.team.actor("ana"), channel=channel)
        self.held.setdefault(text, self.calls_for(text))

    @rule(text=texts)
    def resume_channel(self, text: str) -> None:
        self.held.pop(text, None)
        channel = delivery_of(self.posts[text]).channel
        end_hold(workspace=self.team.acme, by=self.team.actor("ana"), channel=channel)

    def calls_for(self, text: str) -> int:
        return sum(call.text == text for call in self.net.calls)

    @rule(text=texts)
    def withdraw(self, text: str) -> None:
        self.try_to(lambda: PublishingDispatcher().withdrawn(self.posts[text], "", self.system))

    @rule(text=texts)
    def revoke(self, text: str) -> None:
        Clearance.objects.filter(subject_id=self.posts[text].pk, revoked_at=None).update(revoked_at=now())

    @rule(text=texts)
    def time_is_over(self, text: str) -> None:
        Delivery.objects.filter(post=self.posts[text], state="scheduled").update(expires_at=clock(-1))
        settling.expire_due()

    @rule(text=texts)
    def say_what_is_true(self, text: str) -> None:
        row, live = delivery_of(self.posts[text]), self.net.copies(text) > 0
        self.try_to(lambda: resolve_delivery(delivery=row, live=live, by=self.team.actor("ana")))

    @rule(text=texts)
    def repeat(self, text: str) -> None:
        row = delivery_of(self.posts[text])
        self.try_to(lambda: send_again(delivery=row, by=self.team.actor("ana")))

    @invariant()
    def nothing_is_live_twice(self) -> None:
        assert [text for text in self.posts if self.net.copies(text) > 1] == []

    @invariant()
    def states_say_what_is_true(self) -> None:
        for text, post in self.posts.items():
            row, copies = delivery_of(post), self.net.copies(text)
            if row.state == "published":
                assert copies == 1, text
                assert row.reason == "confirmed_live" or row.remote_id in self.net.live, text
            if row.state in QUIET or (row.state == "scheduled" and row.call_no == 0):
                assert copies == 0, (text, row.state)

    @invariant()
    def a_pause_lets_nothing_out(self) -> None:
        if self.calls_when_paused is not None:
            assert len(self.net.calls) == self.calls_when_paused

    @invariant()
    def a_held_channel_sends_nothing(self) -> None:
        assert {text: self.calls_for(text) for text in self.held} == self.held

    @invariant()
    def every_call_was_announced(self) -> None:
        calls = len(self.net.calls) - self.first_call
        assert Attempt.objects.filter(delivery__post__in=self.posts.values()).count() == calls + self.unsent

    def teardown(self) -> None:
        """Let the engine do its work undisturbed: everything comes to its end, and all still holds."""
        try:
            if self.calls_when_paused is not None:
                self.resume()
            for text in list(self.held):
                self.resume_channel(text)
            for _ in range(12):
                self.leases_run_out()
                for claim in ledger.claim_due():
                    self.deliver(claim)
                Delivery.objects.filter(state="unknown").update(settle_until=clock(-1))
                for claim in ledger.claim_unsettled():
                    self.ask_the_network(claim, is_lost=False)
            self.nothing_is_live_twice()
            self.states_say_what_is_true()
            for text, post in self.posts.items():
                row = delivery_of(post)
                is_later = row.state == "scheduled" and row.scheduled_at > now()
                assert row.state in {*FINAL, "needs_attention"} or is_later, (text, row.state)
                if row.state == "needs_attention":
                    assert text[0] == "N" or row.attempt_no > 5, (text, row.reason)
            assert not Hold.objects.filter(ended_at=None).exists()
        finally:
            transaction.set_rollback(True)
            self.example.__exit__(None, None, None)

    @property
    def system(self) -> Actor:
        return Actor.system(self.team.acme.pk)

    def try_to(self, act: Callable[[], object]) -> None:
        """Act as a page does: a refusal changes nothing."""
        try:
            with transaction.atomic():
                act()
        except CollabError:
            return


def machine_for(team: Cast, net: FakeNet) -> type[Engine]:
    return type("Machine", (Engine,), {"team": team, "net": net})


def test_no_order_of_events_makes_two_copies_or_an_untrue_state(team, net):
    run_state_machine_as_test(machine_for(team, net), settings=LIMITS)


def test_the_machine_finds_a_planted_bug(team, net, monkeypatch):
    """Sending again without asking is noticed."""
    monkeypatch.setattr(settling, "settle", lambda _: Verdict(Step.SEND_AGAIN, Reason.NONE))
    with pytest.raises(AssertionError):
        run_state_machine_as_test(
            machine_for(team, net), settings=settings(LIMITS, max_examples=100, phases=[Phase.generate])
        )
