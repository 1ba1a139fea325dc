"""Nothing is planned without clearance; what is planned can be moved, taken off and brought back."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from activity.models import Entry
from approvals.models import Request
from approvals.services.clearances import revoke_clearance
from approvals.services.decisions import decide
from calendar_app.models import Post
from calendar_app.selectors import ref_of
from calendar_app.services import undoing
from calendar_app.services.moves import move_post
from calendar_app.services.planning import (
    expire_due,
    follow_deliveries,
    schedule_post,
    state_of,
    unschedule_post,
)
from calendar_app.services.posts import archive_post
from calendar_app.services.reviews import submit_post, withdraw_post
from calendar_app.services.undoing import archive_reference, undo_archive, undo_move, undo_reference
from core.errors import Invalid, NotAllowed, WrongState
from tests.factories.posts import make_channel, make_post, newsroom_of, soon


def decided(acme, verdict="approve", **fields):
    post = make_post(acme, **fields)
    submit_post(post=post, by=acme.actor("ben"))
    request = Request.objects.get(subject_id=post.pk, state="open")
    note = "" if verdict == "approve" else "Please change it"
    decide(
        request=request, verdict=verdict, revision_id=request.revision_id, note=note, by=acme.actor("cleo")
    )
    post.refresh_from_db()
    return post


def in_past(post, **delta):
    """Let the planned time of a post go by."""
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(**(delta or {"minutes": 1}))
    Post.objects.filter(pk=post.pk).update(scheduled_at=at)
    post.refresh_from_db()


def test_an_approved_post_without_a_time_waits_for_one(acme, told):
    post = decided(acme)

    assert (post.state, told.calls) == ("approved", [])


def test_an_approved_post_with_its_time_ahead_is_scheduled_at_once(acme, told):
    post = decided(acme, scheduled_at=soon())

    assert post.state == "scheduled"
    assert told.calls == [("planned", post.pk, 1, post.current_revision.content_hash)]


def test_a_post_approved_after_its_time_is_not_sent_late(acme, told):
    post = make_post(acme, scheduled_at=soon())
    submit_post(post=post, by=acme.actor("ben"))
    in_past(post)

    request = Request.objects.get()
    decide(request=request, verdict="approve", revision_id=request.revision_id, by=acme.actor("cleo"))

    post.refresh_from_db()
    assert (post.state, told.calls) == ("approved", [])


@pytest.mark.parametrize(
    ("verdict", "state"), [("request_changes", "changes_requested"), ("reject", "rejected")]
)
def test_a_post_follows_its_request(acme, verdict, state):
    assert decided(acme, verdict).state == state


def test_a_withdrawn_post_is_a_draft_again(acme):
    post = make_post(acme)
    submit_post(post=post, by=acme.actor("ben"))

    withdraw_post(post=post, by=acme.actor("ben"))

    assert Post.objects.get().state == "draft"


def test_a_workspace_without_approval_clears_by_policy(acme, told):
    acme.acme.settings = {"approval": "off"}
    acme.acme.save()
    post = make_post(acme, scheduled_at=soon())

    submit_post(post=post, by=acme.actor("ben"))

    assert (Post.objects.get().state, told.names) == ("scheduled", ["planned"])


@pytest.mark.parametrize("when", ["now", "later"])
@pytest.mark.parametrize("stage", ["draft", "in_review", "changes_requested", "rejected"])
def test_what_is_not_approved_cannot_be_scheduled(acme, told, stage, when):
    post = make_post(acme) if stage in ("draft", "in_review") else None
    if stage == "in_review":
        submit_post(post=post, by=acme.actor("ben"))
    elif stage == "changes_requested":
        post = decided(acme, "request_changes")
    elif stage == "rejected":
        post = decided(acme, "reject")

    with pytest.raises(WrongState) as refusal:
        schedule_post(post=post, scheduled_at="now" if when == "now" else soon(), by=acme.actor("ben"))

    assert refusal.value.code == "not_approved"
    assert (Post.objects.get().state, told.calls) == (stage, [])


def test_a_revoked_clearance_schedules_nothing(acme, told):
    post = decided(acme)
    revoke_clearance(subject=ref_of(post), reason="test", by=acme.actor("cleo"))

    with pytest.raises(WrongState):
        schedule_post(post=post, scheduled_at=soon(), by=acme.actor("ben"))

    assert told.calls == []


def test_scheduling_writes_the_time_as_people_meant_it(acme, told):
    post = decided(acme)

    schedule_post(post=post, scheduled_at=datetime(2027, 3, 19, 1, 0, tzinfo=UTC), by=acme.actor("ben"))

    post = Post.objects.get()
    assert post.state == "scheduled"
    assert (post.wall_time, post.zone, post.fold) == ("2027-03-19T09:00:00", "Asia/Kuala_Lumpur", 0)
    assert told.names == ["planned"]
    assert Entry.objects.filter(verb="calendar_app.post.scheduled").count() == 1


def test_publishing_now_means_this_instant(acme, told):
    post = decided(acme)

    schedule_post(post=post, scheduled_at="now", by=acme.actor("ben"))

    age = datetime.now(UTC) - Post.objects.get().scheduled_at
    assert timedelta(0) <= age < timedelta(seconds=30)
    assert told.names == ["planned"]


def test_a_time_that_is_over_is_refused(acme, told):
    post = decided(acme)

    with pytest.raises(Invalid) as refusal:
        schedule_post(post=post, scheduled_at=soon(days=-1), by=acme.actor("ben"))

    assert list(refusal.value.fields) == ["scheduled_at"]
    assert told.calls == []


def test_scheduling_needs_the_right_on_every_channel(acme, told):
    secret = make_channel(acme, name="Board", is_restricted=True, kind="mastodon")
    post = make_post(acme, by="cleo", channels=[newsroom_of(acme), secret])
    submit_post(post=post, by=acme.actor("cleo"))
    request = Request.objects.get()
    decide(request=request, verdict="approve", revision_id=request.revision_id, by=acme.actor("ana"))
    post.refresh_from_db()

    with pytest.raises(NotAllowed, match="Board is restricted"):
        schedule_post(post=post, scheduled_at=soon(), by=acme.actor("ben"))

    assert told.calls == []


def test_a_contributor_schedules_nothing(acme, told):
    post = decided(acme)

    with pytest.raises(NotAllowed):
        schedule_post(post=post, scheduled_at=soon(), by=acme.actor("farah"))

    assert told.calls == []


def test_unscheduling_keeps_the_approval(acme, told):
    post = decided(acme, scheduled_at=soon())

    unschedule_post(post=post, by=acme.actor("ben"))

    post = Post.objects.get()
    assert (post.state, post.scheduled_at, post.wall_time) == ("approved", None, "")
    assert told.calls[-1] == ("withdrawn", post.pk, "unscheduled")


def test_moving_a_scheduled_post_moves_its_deliveries_and_keeps_the_approval(acme, told):
    post = decided(acme, scheduled_at=soon())
    later = soon(days=3)

    move_post(post=post, scheduled_at=later, by=acme.actor("ben"))

    post = Post.objects.get()
    assert (post.state, post.scheduled_at, post.version) == ("scheduled", later, 1)
    assert told.calls[-1] == ("moved", post.pk, later)


def test_moving_a_draft_needs_no_dispatcher(acme, told):
    post = make_post(acme, scheduled_at=soon())

    move_post(post=post, scheduled_at=soon(days=2), by=acme.actor("ben"))

    assert (Post.objects.get().scheduled_at, told.calls) == (soon(days=2), [])


def test_a_move_can_be_undone_within_ten_seconds(acme, told):
    first = soon()
    post = decided(acme, scheduled_at=first)
    move_post(post=post, scheduled_at=soon(days=3), by=acme.actor("ben"))
    reference = undo_reference(post=post, came_from=first, by=acme.actor("ben"))

    undo_move(reference=reference, by=acme.actor("ben"))

    assert Post.objects.get().scheduled_at == first
    assert told.names == ["planned", "moved", "moved"]


def test_a_move_cannot_be_undone_after_the_window(acme, told, monkeypatch):
    post = make_post(acme, scheduled_at=soon())
    reference = undo_reference(post=post, came_from=soon(days=5), by=acme.actor("ben"))
    monkeypatch.setattr(undoing, "UNDO_SECONDS", -1)

    with pytest.raises(WrongState, match="time to undo this is over"):
        undo_move(reference=reference, by=acme.actor("ben"))

    assert Post.objects.get().scheduled_at == soon()


def test_a_move_cannot_be_undone_by_somebody_else_or_once_moved_on(acme, told):
    post = make_post(acme, scheduled_at=soon())
    reference = undo_reference(post=post, came_from=soon(days=5), by=acme.actor("ben"))

    with pytest.raises(WrongState, match="changed since"):
        undo_move(reference=reference, by=acme.actor("jun"))
    move_post(post=post, scheduled_at=soon(days=2), by=acme.actor("ben"))
    with pytest.raises(WrongState, match="changed since"):
        undo_move(reference=reference, by=acme.actor("ben"))

    assert Post.objects.get().scheduled_at == soon(days=2)


@pytest.mark.parametrize("undo", [undo_move, undo_archive])
def test_a_forged_undo_is_refused(acme, undo):
    with pytest.raises(WrongState):
        undo(reference="WyJ4Il0:1:forged", by=acme.actor("ben"))


def test_putting_a_scheduled_post_away_can_be_undone_and_plans_it_again(acme, told):
    at = soon()
    post = decided(acme, scheduled_at=at)
    by = acme.actor("ben")
    reference = archive_reference(post=archive_post(post=post, by=by), by=by)

    undo_archive(reference=reference, by=by)

    kept = Post.objects.get()
    assert (kept.state, kept.scheduled_at, kept.archived_at) == ("scheduled", at, None)
    assert told.names == ["planned", "withdrawn", "planned"]


@pytest.mark.parametrize("verdict", ["request_changes", "reject"])
def test_putting_away_what_came_back_from_review_is_undone_to_where_it_stood(acme, told, verdict):
    post = decided(acme, verdict)
    before, by = post.state, acme.actor("ben")
    reference = archive_reference(post=archive_post(post=post, by=by), by=by)

    undo_archive(reference=reference, by=by)

    assert Post.objects.get().state == before


def test_putting_away_is_not_undone_late_by_others_or_twice(acme, monkeypatch):
    by = acme.actor("ben")
    post = archive_post(post=make_post(acme), by=by)
    reference = archive_reference(post=post, by=by)

    with pytest.raises(WrongState, match="changed since"):
        undo_archive(reference=reference, by=acme.actor("cleo"))
    with monkeypatch.context() as patch, pytest.raises(WrongState, match="time to undo this is over"):
        patch.setattr(undoing, "UNDO_SECONDS", -1)
        undo_archive(reference=reference, by=by)
    assert Post.objects.get().state == "archived"
    undo_archive(reference=reference, by=by)
    with pytest.raises(WrongState, match="changed since"):
        undo_archive(reference=reference, by=by)

    assert Post.objects.get().state == "draft"


def test_a_post_expires_when_its_time_comes_unapproved(live_cast, scope_of):
    with scope_of(live_cast.ben):
        draft, waiting, ahead = (make_post(live_cast, scheduled_at=soon()) for _ in range(3))
        submit_post(post=waiting, by=live_cast.actor("ben"))
        in_past(draft)
        in_past(waiting)

    assert expire_due() == 2
    assert expire_due() == 0

    with scope_of(live_cast.ben):
        states = {post.pk: post.state for post in Post.objects.all()}
        assert states == {draft.pk: "expired", waiting.pk: "expired", ahead.pk: "draft"}
        assert Entry.objects.filter(verb="calendar_app.post.expired").count() == 2


def test_an_expired_post_with_a_new_time_is_back_in_review(acme):
    post = make_post(acme, scheduled_at=soon())
    submit_post(post=post, by=acme.actor("ben"))
    in_past(post)
    Post.objects.update(state="expired")
    post.refresh_from_db()

    move_post(post=post, scheduled_at=soon(days=2), by=acme.actor("ben"))

    assert Post.objects.get().state == "in_review"


def test_an_expired_draft_with_a_new_time_is_a_draft(acme):
    post = make_post(acme, scheduled_at=soon())
    in_past(post)
    Post.objects.update(state="expired")
    post.refresh_from_db()

    move_post(post=post, scheduled_at=soon(days=2), by=acme.actor("ben"))

    assert Post.objects.get().state == "draft"


@pytest.mark.parametrize(
    ("deliveries", "state"),
    [
        (["scheduled", "scheduled"], "scheduled"),
        (["scheduled", "claimed"], "publishing"),
        (["prepared"], "publishing"),
        (["sending", "needs_attention"], "publishing"),
        (["unknown", "published"], "publishing"),
        (["published", "published"], "published"),
        (["published", "cancelled"], "published"),
        (["published", "rejected"], "partly_published"),
        (["published", "scheduled"], "partly_published"),
        (["published", "needs_attention"], "needs_attention"),
        (["failed", "rejected"], "failed"),
        (["failed", "scheduled"], "scheduled"),
        (["expired"], "failed"),
        (["cancelled"], "cancelled"),
    ],
)
def test_a_post_follows_its_deliveries(acme, told, deliveries, state):
    post = decided(acme, scheduled_at=soon())

    follow_deliveries(post=post, states=deliveries)

    assert Post.objects.get().state == state
    assert state_of(deliveries) == state


def test_deliveries_do_not_move_a_post_that_was_taken_back(acme, told):
    post = make_post(acme)

    follow_deliveries(post=post, states=["cancelled"])

    assert Post.objects.get().state == "draft"


def test_the_database_finds_no_scheduled_post_without_a_time(acme):
    make_post(acme)
    with pytest.raises(IntegrityError, match="calendar_app_post_scheduled_has_time"), transaction.atomic():
        Post.objects.update(state="scheduled")
