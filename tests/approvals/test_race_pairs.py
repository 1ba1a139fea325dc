"""Every decider against everything that can happen at the same moment, on posts and connections of their own.

Whatever comes first: the review ends in one state and the post in the one that belongs to it, nobody has decided on
what is his own, every decision has its entry, and nothing is cleared or sent but what was approved (line 3).
"""

from collections.abc import Callable
from itertools import combinations_with_replacement
from typing import Any

import pytest

from activity.models import Entry
from approvals.models import Clearance, Decision, Request
from approvals.selectors import request_of
from approvals.services.bulk import Choice, decide_many
from approvals.services.decisions import decide, undo_decision
from approvals.services.workflows import StepInput
from calendar_app.content import VariantInput
from calendar_app.models import Post
from calendar_app.selectors import get_post, ref_of
from calendar_app.services.planning import expire_due, schedule_post
from calendar_app.services.posts import save_post
from calendar_app.services.reviews import withdraw_post
from core.clock import now
from core.errors import CollabError
from guests.permissions import actor_of_link
from guests.selectors import link_by_id, post_ids_of
from guests.services.answers import decide_by_link
from networks.newsroom.models import NewsroomItem
from publishing import ledger
from publishing.services.delivering import deliver_bundle
from teams.permissions import actor_of
from teams.tenancy import workspace_scope
from tests.factories.posts import newsroom_of
from tests.guests.linking import ask_dev, link_to, submitted
from tests.support.threads import at_once

pytestmark = pytest.mark.final

ROUNDS = 1
Body = Callable[[], object]
ENDS = {
    "open": {"in_review", "expired"},
    "approved": {"approved", "scheduled"},
    "changes_requested": {"changes_requested"},
    "rejected": {"rejected"},
    "withdrawn": {"draft"},
    "stale": {"draft", "expired"},
}
"""What a post may be while its review stands so; before anything of it is sent."""
SENT = {"publishing", "published"}
WORDS, OTHER_WORDS = "Kopi Raya is back", "Not what was approved"


class Scene:
    """Ben's post in review, with what everybody needs at hand before anybody begins."""

    def __init__(self, cast: Any) -> None:
        self.cast = cast
        self.post = submitted(cast, WORDS)
        self.link = link_to(cast, self.post)
        with workspace_scope(cast.acme.pk):
            self.request = request_of(ref_of(self.post))
            self.step = self.request.steps.get(state="open")
            self.members = {name: cast.actor(name).member for name in ("ana", "ben", "cleo")}
            self.channel = newsroom_of(cast)

    def within(self, body: Body) -> Body:
        """Return a body as one transaction of the workspace; a process of the server opens its own."""
        if body in (expire_due, self.send):
            return body

        def run() -> object:
            with workspace_scope(self.cast.acme.pk):
                return body()

        return run

    def by(self, name: str) -> Any:
        return actor_of(self.members[name])

    def say(self, name: str, verdict: str) -> Body:
        return lambda: decide(
            request=self.request,
            verdict=verdict,
            revision_id=self.request.revision_id,
            note="Why.",
            by=self.by(name),
        )

    def in_bulk(self) -> object:
        choice = Choice(self.request.pk, self.request.revision_id, self.step.pk)
        (answer,) = decide_many(choices=[choice], verdict="approve", by=self.by("ana"))
        return answer.decision

    def as_guest(self) -> object:
        link = link_by_id(self.link.pk)
        return decide_by_link(
            link=link,
            post_id=self.post.pk,
            verdict="approve",
            note_text="",
            revision_id=self.request.revision_id,
            by=actor_of_link(link, post_ids_of(link)),
        )

    def edit(self) -> object:
        post = get_post(self.by("ben"), self.post.pk)
        return save_post(
            post=post,
            expected_number=post.version,
            variants=[VariantInput(channel=self.channel.pk, text=OTHER_WORDS)],
            confirm_unapprove=True,
            by=self.by("ben"),
        )

    def withdraw(self) -> object:
        return withdraw_post(post=get_post(self.by("ben"), self.post.pk), by=self.by("ben"))

    def expire(self) -> object:
        past = {"scheduled_at": now(), "wall_time": "2026-11-27T09:00:00", "zone": "UTC"}
        Post.objects.filter(pk=self.post.pk).update(**past)
        return None

    def send(self) -> object:
        for claim in ledger.claim_due():
            deliver_bundle([claim])
        return None

    def undo(self) -> object:
        made = Decision.objects.get(request=self.request, undone_at=None)
        return undo_decision(decision=made, by=actor_of(made.member))


DECIDERS = {
    "approve": lambda scene: scene.say("cleo", "approve"),
    "reject": lambda scene: scene.say("ana", "reject"),
    "bulk": lambda scene: scene.in_bulk,
    "guest": lambda scene: scene.as_guest,
}
OTHERS = {
    "author": lambda scene: scene.say("ben", "approve"),
    "edit": lambda scene: scene.edit,
    "withdraw": lambda scene: scene.withdraw,
    "scheduler": lambda _scene: expire_due,
}
PAIRS = [
    *combinations_with_replacement(DECIDERS, 2),
    *((decider, other) for decider in DECIDERS for other in OTHERS),
]


def check_whole(scene: Scene, was: tuple[str, ...]) -> None:
    """Hold that what stands is one legal whole."""
    request = Request.objects.get(pk=scene.request.pk)
    post = Post.objects.select_related("current_revision").get(pk=scene.post.pk)
    made = list(Decision.objects.filter(request=request))
    standing = [row for row in made if row.undone_at is None]
    clearances = Clearance.objects.filter(subject_id=post.pk, revoked_at=None)

    revised = {"draft"} if "edit" in was and request.state == "rejected" else set()
    assert post.state in ENDS[request.state] | revised, (was, request.state, post.state)
    assert Request.objects.filter(subject_id=post.pk).count() == 1
    assert (request.closed_at is None) == (request.state == "open"), was
    assert all(str(row.member_id) not in request.author_ids for row in made), was
    assert len(standing) <= 1, was
    assert clearances.count() == (request.state == "approved"), was
    for row in clearances:
        assert (row.revision_id, row.content_hash) == (request.revision_id, request.content_hash)
        assert post.current_revision_id == row.revision_id
    if request.state == "approved":
        assert [row.verdict for row in standing] == ["approve"]
    entries = Entry.objects.filter(subject_id=post.pk)
    told = [
        entry.facts.get("decision") for entry in entries if entry.verb != "approvals.request.decision_undone"
    ]
    assert sorted(str(row.pk) for row in made) == sorted(ident for ident in told if ident), was


@pytest.fixture
def reviewed(live_cast):
    """A review in which Ana, Cleo and the guest Dev may decide, any of them; Ben is named too, and never may."""
    named = [live_cast.ana, live_cast.ben, live_cast.cleo]
    ask_dev(live_cast, StepInput(name="Anybody", members=named, guests=[live_cast.dev]))
    return live_cast


def test_of_each_pair_at_once_one_whole_stands(reviewed):
    for pair in PAIRS * ROUNDS:
        scene = Scene(reviewed)
        bodies = [{**DECIDERS, **OTHERS}[name](scene) for name in pair]
        with workspace_scope(reviewed.acme.pk):
            if "scheduler" in pair:
                scene.expire()
        outcomes = at_once(None, *map(scene.within, bodies))
        with workspace_scope(reviewed.acme.pk):
            check_whole(scene, pair)
            decided = sum(isinstance(outcome, Decision) for outcome in outcomes)
            assert decided == Decision.objects.filter(request=scene.request).count(), (pair, outcomes)
            if set(pair) <= set(DECIDERS):
                assert decided == 1, (pair, outcomes)
            if "author" in pair:
                assert isinstance(outcomes[pair.index("author")], CollabError)
                assert decided == 1, (pair, outcomes)


@pytest.mark.parametrize("other", ["edit", "withdraw", "undo"])
def test_the_publisher_against_who_takes_the_approval_back(reviewed, other):
    """Either it went out as approved, and stands; or the approval was gone first, and nothing went out."""
    for _round in range(3):
        scene = Scene(reviewed)
        with workspace_scope(reviewed.acme.pk):
            NewsroomItem.objects.all().delete()
            scene.say("cleo", "approve")()
            post = get_post(scene.by("ana"), scene.post.pk)
            schedule_post(post=post, scheduled_at="now", by=scene.by("ana"))
        at_once(None, scene.send, scene.within(getattr(scene, other)))
        with workspace_scope(reviewed.acme.pk):
            items = list(NewsroomItem.objects.all())
            assert all(OTHER_WORDS not in str(vars(item)) for item in items)
            post = Post.objects.get(pk=scene.post.pk)
            if items:
                assert Decision.objects.filter(
                    request=scene.request, revision_id=scene.request.revision_id, verdict="approve"
                ).exists()
                assert post.state in SENT | {"partly_published", "needs_attention"}, post.state
            else:
                assert post.state not in SENT - {"publishing"}, post.state
