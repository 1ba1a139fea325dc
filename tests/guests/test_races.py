"""Several at once, on connections of their own: a link opens once, counts each guess, and has one end."""

import threading
from collections.abc import Callable

import pytest

from approvals.models import Decision
from core.clock import now
from core.errors import CollabError
from guests.models import MOST_WRONG_PINS, GuestLink
from guests.permissions import actor_of_link
from guests.selectors import key_of_secret, link_by_id, post_ids_of
from guests.services.answers import decide_by_link
from guests.services.doors import open_door
from guests.services.links import revoke_link
from teams.tenancy import workspace_scope
from tests.guests.linking import ask_dev, link_to, submitted
from tests.support.threads import at_once

pytestmark = pytest.mark.final

ROUNDS = 4


def approve(link, post) -> Callable[[], object]:
    def run() -> object:
        found = link_by_id(link.pk)
        return decide_by_link(
            link=found,
            post_id=post.pk,
            verdict="approve",
            note_text="",
            revision_id=post.current_revision_id,
            by=actor_of_link(found, post_ids_of(found)),
        )

    return run


def test_of_many_browsers_one_opens_a_single_use_link(live_cast, mailed):
    link = link_to(live_cast, submitted(live_cast), is_single_use=True)
    key = key_of_secret(mailed(link).split("/")[2])
    outcomes = at_once(live_cast.acme.pk, *[lambda: open_door(link=link, key=key)] * 5)
    assert sorted(str(outcome is True) for outcome in outcomes) == ["False"] * 4 + ["True"]


def test_guesses_at_once_are_counted_one_by_one(live_cast, mailed):
    """R12.3: no number of browsers gets more than five guesses at a PIN."""
    link = link_to(live_cast, submitted(live_cast), pin="2468")
    key = key_of_secret(mailed(link).split("/")[2])
    outcomes = at_once(
        live_cast.acme.pk, *[lambda: open_door(link=link, key=key, pin="0000")] * (MOST_WRONG_PINS + 3)
    )
    assert sum(outcome is False for outcome in outcomes) == MOST_WRONG_PINS
    assert sum(isinstance(outcome, CollabError) for outcome in outcomes) == 3


def test_one_guest_in_two_browsers_has_one_voice(live_cast):
    ask_dev(live_cast)
    for _round in range(ROUNDS):
        post = submitted(live_cast)
        link = link_to(live_cast, post)
        outcomes = at_once(live_cast.acme.pk, approve(link, post), approve(link, post))
        assert sum(isinstance(outcome, Decision) for outcome in outcomes) == 1
        assert sum(isinstance(outcome, CollabError) for outcome in outcomes) == 1


def test_nothing_is_decided_after_the_link_was_taken_back(live_cast):
    """Either the decision came first and stands, or the link was gone and there is none."""
    ask_dev(live_cast)
    for _round in range(ROUNDS):
        post = submitted(live_cast)
        link = link_to(live_cast, post)
        with workspace_scope(live_cast.acme.pk):
            ben = live_cast.actor("ben")
        decided, revoked = at_once(
            live_cast.acme.pk, approve(link, post), lambda link=link, ben=ben: revoke_link(link=link, by=ben)
        )
        with workspace_scope(live_cast.acme.pk):
            row = GuestLink.objects.get(pk=link.pk)
            made = Decision.objects.filter(guest=live_cast.dev, request__subject_id=post.pk).first()
            assert isinstance(revoked, GuestLink)
            assert row.revoked_at <= now()
            assert (made is not None) == isinstance(decided, Decision)
            order = list(row.events.order_by("pk").values_list("kind", flat=True))
            assert order in (["made", "approve", "revoked"], ["made", "revoked"])


def test_a_word_waits_for_a_link_that_is_being_taken_back(live_cast):
    """The decision begins while the taking back is not committed yet: it waits, and then there is no link."""
    ask_dev(live_cast)
    post = submitted(live_cast)
    link = link_to(live_cast, post)
    with workspace_scope(live_cast.acme.pk):
        ben = live_cast.actor("ben")
    taken = threading.Event()

    def take_back() -> object:
        done = revoke_link(link=link, by=ben)
        taken.set()
        threading.Event().wait(1)
        return done

    def decide_then() -> object:
        assert taken.wait(20)
        return approve(link, post)()

    revoked, decided = at_once(live_cast.acme.pk, take_back, decide_then)
    assert isinstance(revoked, GuestLink)
    assert isinstance(decided, CollabError)
    with workspace_scope(live_cast.acme.pk):
        assert not Decision.objects.exists()
