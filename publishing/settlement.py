"""What to do with an unknown outcome once the network was asked: pure rules, one for each capability class."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from networks.protocol import Capability, Finding
from publishing.states import Reason
from publishing.timing import LOOK_AGAIN, MOST_ATTEMPTS, back_off

UNASKABLE = (Capability.NEITHER, Capability.HAND)
"""Where no network can be asked what became of a post."""
MOST_QUESTIONS = 6
"""How often a network is asked in a review before people are; they wait for an answer."""


class Step(StrEnum):
    """What follows."""

    FOUND = "find"
    SEND_AGAIN = "rearm"
    ASK_PEOPLE = "ask"
    WAIT = "wait"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known when the network has answered, or could not be asked."""

    capability: str
    finding: Finding
    not_found_count: int
    attempt_no: int
    undecided_count: int
    since_first_intent: timedelta
    key_kept: timedelta
    is_past_bound: bool
    review: Reason = Reason.NONE
    """Why only the network can know whether it was sent: a restore or an outage; empty after a call of our own."""
    is_ahead: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do, why, and for WAIT how long. `new_key`: the network has forgotten the old idempotency key."""

    step: Step
    reason: Reason
    wait_seconds: float = 0
    new_key: bool = False


def settle(facts: Facts) -> Verdict:
    """Say what to do with an unknown outcome.

    Sends again only where the network itself said that it is not there, and never where it cannot be asked:
    K the same key while the network keeps it; D the same id; S by its handle; F after two looks 30 s apart.
    """
    if facts.review:
        return _reviewed(facts)
    if facts.finding == Finding.LIVE:
        return Verdict(Step.FOUND, Reason.NONE)
    if facts.capability in UNASKABLE:
        return Verdict(Step.ASK_PEOPLE, Reason.CANNOT_ASK)
    if facts.finding == Finding.UNDECIDED:
        return _undecided(facts)
    return _not_found(facts)


def _reviewed(facts: Facts) -> Verdict:
    """Send nothing of the past without a person's word; what is still to come keeps its time unless it is live."""
    if facts.finding == Finding.LIVE:
        return Verdict(Step.FOUND, Reason.FOUND_LIVE)
    if facts.is_ahead:
        return Verdict(Step.SEND_AGAIN, Reason.NOT_FOUND)
    if facts.finding == Finding.NOT_LIVE:
        return Verdict(Step.ASK_PEOPLE, Reason.ABSENT)
    if facts.capability in UNASKABLE or facts.is_past_bound or facts.undecided_count >= MOST_QUESTIONS:
        return Verdict(Step.ASK_PEOPLE, facts.review)
    return Verdict(Step.WAIT, Reason.UNDECIDED, back_off(facts.undecided_count, first=15, most=900))


def _undecided(facts: Facts) -> Verdict:
    if facts.is_past_bound:
        return Verdict(Step.ASK_PEOPLE, Reason.UNDECIDED)
    return Verdict(Step.WAIT, Reason.UNDECIDED, back_off(facts.undecided_count, first=15, most=900))


def _not_found(facts: Facts) -> Verdict:
    if facts.attempt_no >= MOST_ATTEMPTS:
        return Verdict(Step.ASK_PEOPLE, Reason.NOT_FOUND)
    key_stands = facts.capability == Capability.KEY and facts.since_first_intent < facts.key_kept
    if key_stands or facts.capability in (Capability.DETERMINISTIC, Capability.SESSION):
        return Verdict(Step.SEND_AGAIN, Reason.NOT_FOUND)
    if facts.not_found_count < 1:
        return Verdict(Step.WAIT, Reason.NOT_FOUND, LOOK_AGAIN)
    return Verdict(Step.SEND_AGAIN, Reason.NOT_FOUND, new_key=facts.capability == Capability.KEY)
