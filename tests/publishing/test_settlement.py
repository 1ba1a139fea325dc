"""The rules for unknown outcomes, in every combination that can occur."""

from datetime import timedelta
from itertools import product

import pytest

from networks.protocol import Capability, Finding
from publishing.settlement import Facts, Step, settle
from publishing.states import Reason
from publishing.timing import LOOK_AGAIN, MOST_ATTEMPTS

KEPT = timedelta(minutes=50)
ALL = [
    Facts(
        capability=capability,
        finding=finding,
        not_found_count=looks,
        attempt_no=attempts,
        undecided_count=undecided,
        since_first_intent=age,
        key_kept=KEPT if capability == "K" else timedelta(0),
        is_past_bound=past,
    )
    for capability, finding, looks, attempts, undecided, age, past in product(
        Capability, Finding, (0, 1, 5), (1, MOST_ATTEMPTS), (0, 30), (timedelta(0), KEPT), (False, True)
    )
]


def facts(capability: str, finding: Finding, **changes: object) -> Facts:
    start = {
        "not_found_count": 0,
        "attempt_no": 1,
        "undecided_count": 0,
        "since_first_intent": timedelta(minutes=2),
        "key_kept": KEPT if capability == "K" else timedelta(0),
        "is_past_bound": False,
    }
    return Facts(capability=capability, finding=finding, **{**start, **changes})


@pytest.mark.parametrize("given", ALL)
def test_it_is_sent_again_only_on_the_networks_word(given):
    verdict = settle(given)

    if verdict.step == Step.SEND_AGAIN:
        assert given.finding == Finding.NOT_LIVE
        assert given.capability != Capability.NEITHER
        assert given.attempt_no < MOST_ATTEMPTS
        if given.capability == Capability.FINDABLE:
            assert given.not_found_count >= 1
    if given.finding == Finding.LIVE:
        assert verdict.step == Step.FOUND
    if verdict.step == Step.WAIT:
        assert verdict.wait_seconds > 0
    if given.is_past_bound and given.finding == Finding.UNDECIDED:
        assert verdict.step == Step.ASK_PEOPLE


@pytest.mark.parametrize("finding", [Finding.NOT_LIVE, Finding.UNDECIDED])
def test_what_cannot_be_asked_goes_to_people(finding):
    assert settle(facts("N", finding)).step == Step.ASK_PEOPLE


@pytest.mark.parametrize("capability", ["D", "S"])
def test_an_id_or_handle_settles_it_at_one_look(capability):
    assert settle(facts(capability, Finding.NOT_LIVE)).step == Step.SEND_AGAIN


def test_a_findable_one_is_looked_at_again_after_half_a_minute():
    verdict = settle(facts("F", Finding.NOT_LIVE))
    assert (verdict.step, verdict.wait_seconds, LOOK_AGAIN) == (Step.WAIT, LOOK_AGAIN, 30)
    assert settle(facts("F", Finding.NOT_LIVE, not_found_count=1)).step == Step.SEND_AGAIN


def test_an_idempotency_key_is_used_again_only_while_the_network_keeps_it():
    fresh = settle(facts("K", Finding.NOT_LIVE))
    assert (fresh.step, fresh.new_key) == (Step.SEND_AGAIN, False)
    worn = settle(facts("K", Finding.NOT_LIVE, since_first_intent=KEPT))
    assert worn.step == Step.WAIT
    worn = settle(facts("K", Finding.NOT_LIVE, since_first_intent=KEPT, not_found_count=1))
    assert (worn.step, worn.new_key) == (Step.SEND_AGAIN, True)


def test_a_network_that_forgets_every_post_is_not_fed_for_ever():
    verdict = settle(facts("D", Finding.NOT_LIVE, attempt_no=MOST_ATTEMPTS))
    assert (verdict.step, verdict.reason) == (Step.ASK_PEOPLE, Reason.NOT_FOUND)


def test_waiting_for_an_answer_grows_longer_up_to_a_quarter_of_an_hour():
    waits = [settle(facts("D", Finding.UNDECIDED, undecided_count=n)).wait_seconds for n in range(10)]
    assert waits[:3] == [15, 30, 60]
    assert waits[-1] == 900
