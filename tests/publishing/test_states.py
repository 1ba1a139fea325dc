"""The one table of a delivery's states, enumerated; and the code held against it."""

from itertools import product

import pytest

from core.errors import WrongState
from core.transitions import target_of, transition
from publishing.models import Delivery
from publishing.states import (
    AWAITING_ANSWER,
    BEFORE_INTENT,
    DELIVERY,
    FINAL,
    UNDER_WAY,
    DeliveryState,
    Reason,
    states_with,
)
from publishing.timing import clock
from tests.factories.deliveries import delivery_of, fake_channel, plan

VERBS = sorted({step.verb for step in DELIVERY})


@pytest.fixture
def row(team) -> Delivery:
    return delivery_of(plan(team.acme, [fake_channel(team.acme, "D", "http://127.0.0.1:9")], "Kopi"))


@pytest.mark.parametrize("state", [state for state in DeliveryState if state != "published"])
def test_each_verb_moves_as_the_table_says_or_not_at_all(row, state):
    for verb in VERBS:
        leased = {"lease_token": row.pk, "lease_until": clock(60), "settle_until": clock(60)}
        Delivery.objects.filter(pk=row.pk).update(state=state, published_at=clock(), **leased)
        row.state = str(state)
        goes_to = target_of(DELIVERY, state, verb)
        if goes_to is None:
            with pytest.raises(WrongState):
                transition(row, DELIVERY, verb)
            assert Delivery.objects.get().state == state
        elif goes_to != "published":
            transition(row, DELIVERY, verb)
            assert Delivery.objects.get().state == goes_to


def test_nothing_leaves_published():
    assert [step for step in DELIVERY if step.from_ == "published"] == []


def test_only_a_delivery_that_was_announced_can_become_published():
    sources = {step.from_ for step in DELIVERY if step.to == "published"}
    assert sources == {"sending", "unknown", "needs_attention"}


def test_only_claims_lead_to_sending():
    assert {(step.from_, step.verb) for step in DELIVERY if step.to == "sending"} == {
        ("claimed", "intend"),
        ("prepared", "intend"),
    }


def test_every_state_is_reached_and_every_state_leads_to_an_end():
    reached = {"scheduled"}
    for _ in DeliveryState:
        reached |= {step.to for step in DELIVERY if step.from_ in reached}
    assert reached == {str(state) for state in DeliveryState}
    ending = {str(state) for state in FINAL}
    for _ in DeliveryState:
        ending |= {step.from_ for step in DELIVERY if step.to in ending}
    assert ending == {str(state) for state in DeliveryState}


def test_the_groups_of_states_do_not_overlap():
    groups = [FINAL, AWAITING_ANSWER, BEFORE_INTENT, {DeliveryState.NEEDS_ATTENTION}]
    for one, other in product(range(len(groups)), repeat=2):
        assert one == other or not set(groups[one]) & set(groups[other])
    assert set().union(*groups) == set(DeliveryState)
    assert set(DeliveryState) - UNDER_WAY - FINAL == {"scheduled", "needs_attention"}


def test_what_waits_for_an_answer_is_never_sent_again_by_hand():
    assert set(states_with("rearm")) & {"sending", "published"} == set()


def test_every_reason_says_something():
    assert [reason for reason in Reason if not reason.label] == [Reason.NONE]
