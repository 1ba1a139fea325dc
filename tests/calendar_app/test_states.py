"""The table of states, walked: every state against every verb."""

import pytest

from calendar_app.models import Post
from calendar_app.states import POST_STEPS, UNAPPROVED, PostState
from core.clock import now
from core.errors import WrongState
from core.transitions import target_of, transition
from tests.factories.posts import soon

VERBS = sorted({step.verb for step in POST_STEPS})


def test_each_step_stands_once():
    pairs = [(step.from_, step.verb) for step in POST_STEPS]

    assert sorted(pairs) == sorted(set(pairs))


@pytest.mark.parametrize("state", PostState.values)
def test_a_state_allows_exactly_what_the_table_says(acme, state):
    for verb in VERBS:
        archived = now() if state == "archived" else None
        post = Post(state=state, archived_at=archived, scheduled_at=soon(), wall_time="x", zone="UTC")
        post.save()
        goes_to = target_of(POST_STEPS, state, verb)
        extra = {"archived_at": now() if goes_to == "archived" else None}
        if goes_to is None:
            with pytest.raises(WrongState):
                transition(post, POST_STEPS, verb)
            assert Post.objects.get(pk=post.pk).state == state
        else:
            transition(post, POST_STEPS, verb, **extra)
            assert Post.objects.get(pk=post.pk).state == goes_to


def test_only_an_approved_post_is_scheduled():
    ways = {step.from_ for step in POST_STEPS if step.verb == "schedule"}

    assert ways == {"approved"}


def test_only_what_waits_for_approval_becomes_approved():
    came_from = {step.from_ for step in POST_STEPS if step.verb == "approve"}

    assert came_from.isdisjoint({"scheduled", "publishing", "published", "archived"})


def test_what_is_sent_is_never_a_draft_again():
    sent = {"publishing", "published", "partly_published", "needs_attention"}

    assert [step for step in POST_STEPS if step.from_ in sent and step.to == "draft"] == []


def test_only_the_unapproved_expire():
    assert {step.from_ for step in POST_STEPS if step.verb == "expire"} == set(UNAPPROVED)
