"""Fault matrix, row 20: people and intents at the same moment.

Whoever commits first wins wholly, and nothing unapproved goes out.
"""

import random
import threading
from collections.abc import Callable

import pytest
from django.db import connection

from approvals.models import Clearance
from calendar_app.models import Post
from calendar_app.selectors import get_post
from calendar_app.services.moves import move_post
from calendar_app.services.planning import unschedule_post
from calendar_app.services.posts import archive_post
from core.clock import now
from core.errors import CollabError
from publishing import ledger
from publishing.models import Attempt, Delivery
from publishing.services.delivering import deliver
from teams.tenancy import workspace_scope
from tests.factories.deliveries import allow_policy, fake_channel, plan_many
from tests.factories.people import Cast
from tests.factories.posts import soon
from tests.support.fakenet import FakeNet

pytestmark = pytest.mark.services
TRIALS = 60


def in_thread(errors: list[BaseException], body: Callable[[], None]) -> threading.Thread:
    def run() -> None:
        try:
            body()
        except BaseException as error:  # shown by the test's assertion
            errors.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def race(
    cast: Cast, net: FakeNet, act: Callable[[Post], None]
) -> tuple[list[BaseException], list[Post], set[str]]:
    """Deliver and act on the same posts from two threads each; return errors, posts, texts acted on in time."""
    allow_policy(cast.acme)
    with workspace_scope(cast.acme.pk):
        channel = fake_channel(cast.acme, "D", net.url)
        posts = list(plan_many(cast.acme, [channel], [f"Kopi {n}" for n in range(TRIALS)]))
    claims = ledger.claim_due(TRIALS)
    shuffled = random.Random(7).sample(posts, len(posts))
    errors: list[BaseException] = []
    acted: set[str] = set()

    def work(mine: list[ledger.Claim]) -> None:
        for claim in mine:
            deliver(workspace_id=claim.workspace_id, delivery_id=claim.delivery_id, token=claim.token)

    def people(mine: list[Post]) -> None:
        for post in mine:
            try:
                with workspace_scope(cast.acme.pk):
                    act(get_post(cast.actor("cleo"), post.pk))
                acted.add(post.title)
            except CollabError:
                continue

    threads = [in_thread(errors, lambda n=n: work(claims[n::2])) for n in range(2)]
    threads += [in_thread(errors, lambda n=n: people(shuffled[n::2])) for n in range(2)]
    for thread in threads:
        thread.join(120)
    return errors, posts, acted


@pytest.mark.parametrize("what", ["unschedule", "move", "archive", "revoke"])
def test_row_20_an_intent_and_a_change_never_both_win(live_cast, net, what):
    def act(post: Post) -> None:
        by = live_cast.actor("cleo")
        if what == "unschedule":
            unschedule_post(post=post, by=by)
        if what == "move":
            move_post(post=post, scheduled_at=soon(days=2), by=by)
        if what == "archive":
            archive_post(post=post, by=by)
        if what == "revoke":
            Clearance.objects.filter(subject_id=post.pk).update(revoked_at=now())

    errors, _posts, acted = race(live_cast, net, act)

    assert errors == []
    assert len(net.calls) > 0
    with workspace_scope(live_cast.acme.pk):
        rows = {row.post.title: row for row in Delivery.objects.select_related("post", "clearance")}
        announced = set(Attempt.objects.values_list("delivery__post__title", flat=True))
    called = {call.text for call in net.calls}
    assert announced == called
    assert len(net.calls) == len(called)
    if what in ("unschedule", "move"):
        assert acted & called == set()
    for text, row in rows.items():
        if text not in called:
            assert row.state in ("cancelled", "scheduled"), (text, row.state)
        else:
            assert row.state == "published"
    if what == "revoke":
        for text in called:
            attempt = next(call for call in net.calls if call.text == text)
            with workspace_scope(live_cast.acme.pk):
                intent_at = Attempt.objects.get(delivery=rows[text]).intent_at
            assert intent_at.timestamp() <= attempt.at
            revoked = rows[text].clearance.revoked_at
            assert revoked is None or rows[text].published_at is not None
