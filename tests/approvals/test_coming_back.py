"""What is asked again when a post comes back changed (R7.5): as the workflow says, and never nothing."""

import pytest
from django.db import DatabaseError, connection, transaction

from approvals.models import Clearance, Request
from approvals.selectors import request_of, workflows
from approvals.services.decisions import decide
from approvals.services.workflows import StepInput, edit_workflow
from calendar_app.content import VariantInput
from calendar_app.models import Post
from calendar_app.selectors import ref_of
from calendar_app.services.posts import save_post
from calendar_app.services.reviews import submit_post
from core.errors import NotAllowed
from networks.models import Channel
from tests.approvals.paper import workflow_of
from tests.approvals.test_views import words
from tests.factories.posts import make_channel, make_post, newsroom_of


@pytest.fixture
def post(acme):
    """A post of Ben's for the newsroom and Mastodon, each with a workflow of its own, then one for both."""
    channel = make_channel(acme, "mastodon")
    jun, cleo, ana = (
        StepInput(n, members=[m]) for n, m in (("News", acme.jun), ("Toots", acme.cleo), ("Last", acme.ana))
    )
    workflow_of(acme, jun, ana, name="A", routes={"networks": ["newsroom"]})
    workflow_of(acme, cleo, ana, name="B", routes={"networks": ["mastodon"]})
    return make_post(acme, channels=[newsroom_of(acme), channel])


def sent(cast, post) -> Request:
    submit_post(post=Post.objects.get(pk=post.pk), by=cast.actor("ben"))
    return request_of(ref_of(post))


def says(cast, post, name: str, verdict: str = "approve") -> None:
    request = request_of(ref_of(post))
    by = cast.actor(name)
    decide(request=request, verdict=verdict, revision_id=request.revision_id, note="Nine.", by=by)


def edit(cast, post, by: str = "ben", **changes) -> None:
    row = Post.objects.get(pk=post.pk)
    save_post(post=row, expected_number=row.version, confirm_unapprove=True, by=cast.actor(by), **changes)


def states(post) -> list[tuple[str, str]]:
    return [(step.name, step.state) for step in request_of(ref_of(post)).steps.all()]


def reopen(cast, value: str) -> None:
    for row in workflows().filter(name__in=["A", "B"]):
        edit_workflow(workflow=row, reopen=value, by=cast.actor("ana"))


def own_texts(acme, news: str, toot: str) -> dict:
    mastodon = VariantInput(channel=mastodon_of(acme).pk, text=toot)
    return {"variants": [VariantInput(channel=newsroom_of(acme).pk, text=news), mastodon]}


def mastodon_of(acme):
    return Channel.objects.get(kind="mastodon")


@pytest.mark.parametrize(
    ("value", "again"),
    [
        ("first", [("News", "open"), ("Last", "waiting"), ("Toots", "waiting")]),
        ("asker", [("News", "kept"), ("Last", "kept"), ("Toots", "open")]),
        ("unchanged", [("News", "kept"), ("Last", "open"), ("Toots", "waiting")]),
    ],
)
def test_it_is_asked_again_from_where_the_workflow_says(acme, post, client_as, value, again):
    reopen(acme, value)
    edit(acme, post, **own_texts(acme, "News.", "Toot."))
    sent(acme, post)
    assert states(post) == [("News", "open"), ("Last", "waiting"), ("Toots", "waiting")]
    says(acme, post, "jun")
    says(acme, post, "ana")
    says(acme, post, "cleo", "request_changes")
    edit(acme, post, **own_texts(acme, "News.", "Toot, longer."))
    sent(acme, post)
    assert states(post) == again
    if value == "first":
        return
    page = words(client_as(acme.ben).get(f"/w/acme/approvals/{request_of(ref_of(post)).pk}/"))
    assert "Kept from revision 2: Jun Wong approved" in page
    for name in {"asker": ["cleo"], "unchanged": ["ana", "cleo"]}[value]:
        says(acme, post, name)
    assert request_of(ref_of(post)).state == "approved"
    assert Clearance.objects.filter(revoked_at=None).count() == 1


def test_an_edit_of_what_is_approved_keeps_nothing_but_what_is_unchanged(acme, post):
    for value, first in (("asker", "open"), ("unchanged", "kept")):
        reopen(acme, value)
        edit(acme, post, **own_texts(acme, f"News {value}.", "Toot."))
        sent(acme, post)
        for name in ("jun", "ana", "cleo"):
            says(acme, post, name)
        edit(acme, post, **own_texts(acme, f"News {value}.", "Another toot."))
        sent(acme, post)
        assert states(post)[0] == ("News", first), value
        edit(acme, post, **own_texts(acme, f"More news {value}.", "Another toot."))


def test_the_same_again_is_still_decided_once_on_the_revision_itself(acme, post):
    reopen(acme, "unchanged")
    edit(acme, post, **own_texts(acme, "News.", "Toot."))
    sent(acme, post)
    for name in ("jun", "ana", "cleo"):
        says(acme, post, name)
    edit(acme, post, title="Only a name")
    sent(acme, post)
    assert states(post) == [("News", "kept"), ("Last", "kept"), ("Toots", "open")]


def test_an_approver_who_edits_becomes_an_author_and_his_approval_is_not_kept(acme, post):
    reopen(acme, "unchanged")
    edit(acme, post, **own_texts(acme, "News.", "Toot."))
    sent(acme, post)
    says(acme, post, "jun")
    edit(acme, post, by="jun", **own_texts(acme, "News.", "Toot, mended."))
    sent(acme, post)
    assert states(post)[0] == ("News", "open")
    with pytest.raises(NotAllowed):
        says(acme, post, "jun")


def test_an_edited_workflow_is_asked_from_the_start(acme, post):
    reopen(acme, "unchanged")
    edit(acme, post, **own_texts(acme, "News.", "Toot."))
    sent(acme, post)
    says(acme, post, "jun")
    row = workflows().get(name="A")
    edit_workflow(workflow=row, steps=[StepInput("News", members=[acme.jun])], by=acme.actor("ana"))
    edit(acme, post, **own_texts(acme, "News.", "Toot, longer."))
    sent(acme, post)
    assert states(post)[0] == ("News", "open")


def test_raw_sql_keeps_nothing_that_nobody_approved(acme, post):
    request = sent(acme, post)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE approvals_requeststep SET state = 'kept' WHERE position < 3")
        cursor.execute("UPDATE approvals_requeststep SET state = 'passed' WHERE position = 3")
        cursor.execute("UPDATE approvals_request SET state = 'approved' WHERE id = %s", [request.pk])
    with pytest.raises(DatabaseError, match="no approved request"), transaction.atomic():
        Clearance(
            workspace_id=acme.acme.pk,
            subject_type=request.subject_type,
            subject_id=request.subject_id,
            revision_id=request.revision_id,
            content_hash=request.content_hash,
            source="approval",
            request=request,
        ).save()
