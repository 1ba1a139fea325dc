"""What a step lets its approvers change in review (R7.5): page, API and service answer alike; nothing goes unseen."""

import json

import pytest

from approvals.models import Request
from approvals.selectors import request_of, workflows
from approvals.services.decisions import decide
from approvals.services.workflows import StepInput
from calendar_app.content import VariantInput
from calendar_app.models import Post
from calendar_app.selectors import ref_of
from calendar_app.services.posts import save_post
from core.errors import NotAllowed, WrongState
from notifications.models import Notice
from teams.tenancy import workspace_scope
from tests.approvals.paper import workflow_of
from tests.approvals.test_api import ROOT, Program, submit_for
from tests.approvals.test_views import address, form_of, words

EDITS = {
    "ben": {"role", "nothing", "suggest", "edit"},
    "jun": {"role", "nothing", "suggest", "edit"},
    "cleo": {"role", "edit"},
    "farah": {"edit"},
    "ana": set(),
}
"""Who edits under which rule: author, bystander with the right, two approvers, one of a later step."""


def reviewed(cast, changing: str, **step) -> Post:
    """A post of Ben's before Cleo and Farah, then before Ana, who may suggest only."""
    with workspace_scope(cast.acme.pk):
        first = StepInput("Look", members=[cast.cleo, cast.farah], changing=changing, **step)
        last = StepInput("Last", members=[cast.ana], changing="suggest")
        workflow_of(cast, first, last, routes={"networks": ["newsroom"]})
    return submit_for(cast, "ben")


def edit(cast, post: Post, name: str, text: str = "Pintu dibuka pukul sepuluh.") -> None:
    with workspace_scope(cast.acme.pk):
        row = Post.objects.get(pk=post.pk)
        save_post(post=row, expected_number=row.version, variants=_same(row, text), by=cast.actor(name))


def _same(post: Post, text: str = "") -> list[VariantInput]:
    rows = post.current_revision.variants.all()
    return [VariantInput(channel=row.channel_id, text=text) for row in rows]


def under_review(cast, post: Post) -> Request:
    with workspace_scope(cast.acme.pk):
        return request_of(ref_of(post))


def patch(cast, post: Post, name: str) -> int:
    program = Program(cast, name)
    headers = {**program.headers, "If-Match": f'"{post.version}"'}
    with workspace_scope(cast.acme.pk):
        channel = str(_same(post)[0].channel)
    body = json.dumps({"variants": [{"channel": channel, "text": "By program."}]})
    path = f"{ROOT}posts/{post.pk}/"
    answer = program.client.patch(path, data=body, content_type="application/json", headers=headers)
    return answer.status_code


def suggest(cast, post: Post, name: str) -> int:
    body = {"body": "", "anchor": {"kind": "text", "quote": "sembilan"}, "suggestion": "sepuluh"}
    return Program(cast, name).post(f"posts/{post.pk}/comments/", body).status_code


@pytest.mark.parametrize("name", EDITS)
@pytest.mark.parametrize("changing", ["role", "nothing", "suggest", "edit"])
def test_page_api_and_service_let_the_same_people_edit(cast, client_as, changing, name):
    post = reviewed(cast, changing)
    page = client_as(getattr(cast, name)).get(f"/w/acme/posts/{post.pk}/edit/")
    may = changing in EDITS[name]
    assert page.status_code == (200 if may else 403)
    assert patch(cast, post, name) == (200 if may else 403)
    with workspace_scope(cast.acme.pk):
        stands = Post.objects.get(pk=post.pk).version
    assert stands == (2 if may else 1)
    if not may:
        with pytest.raises(NotAllowed):
            edit(cast, post, name)
    after = under_review(cast, post)
    again = changing == "edit" and name in ("cleo", "farah")
    assert after.state == ("open" if again or not may else "stale")
    assert (after.amends_id is not None) == again


@pytest.mark.parametrize(
    ("changing", "refused"),
    [("role", []), ("nothing", ["cleo", "farah"]), ("suggest", []), ("edit", [])],
)
def test_who_only_decides_suggests_nothing(cast, client_as, changing, refused):
    post = reviewed(cast, changing)
    found = [name for name in ("ben", "jun", "cleo", "farah", "ana") if suggest(cast, post, name) == 403]
    assert found == refused
    page = client_as(cast.cleo).get(address(under_review(cast, post))).content.decode()
    assert ('name="suggestion"' in page) == (changing != "nothing")
    assert ("you suggest and change nothing" in page) == (changing == "nothing")


def test_an_approvers_edit_ends_what_was_decided_and_is_shown_to_all(cast, client_as, tell_all):
    post = reviewed(cast, "edit", rule="all")
    before = under_review(cast, post)
    with workspace_scope(cast.acme.pk):
        said = {"verdict": "approve", "revision_id": before.revision_id}
        decide(request=before, by=cast.actor("farah"), **said)
    cleo = client_as(cast.cleo)
    page = cleo.get(address(before)).content.decode()
    assert f'href="/w/acme/posts/{post.pk}/edit/"' in page
    edit(cast, post, "cleo")
    after = under_review(cast, post)
    with workspace_scope(cast.acme.pk):
        before.refresh_from_db()
        step = after.steps.get(state="open")
        assert (before.state, after.amends_id, step.name) == ("stale", before.pk, "Look")
        assert step.decisions.count() == 0, "what Farah said was about other words"
        assert set(after.author_ids) == {str(cast.ben.pk), str(cast.cleo.pk)}
    for reader in (cast.farah, cast.ben, cast.ana):
        shown = client_as(reader).get(address(after))
        assert "Cleo Marchetti changed this in review" in words(shown)
        assert "<del>sembilan</del> <ins>sepuluh</ins>" in shown.content.decode()
    assert cleo.post(address(after, "decision/"), form_of(after, "approve")).status_code == 403
    tell_all(cast.acme)
    with workspace_scope(cast.acme.pk):
        told = Notice.objects.filter(type="approvals.changed_in_review").values_list("member", flat=True)
        assert list(told) == [cast.ben.pk], "Farah is asked again; Cleo did it"


def test_an_edit_that_would_leave_nobody_to_decide_is_refused(cast):
    with workspace_scope(cast.acme.pk):
        step = StepInput("Look", members=[cast.cleo], changing="edit")
        workflow_of(cast, step, routes={"networks": ["newsroom"]})
    post = submit_for(cast, "ben")
    with pytest.raises(WrongState, match="nobody would be left"), workspace_scope(cast.acme.pk):
        row = Post.objects.get(pk=post.pk)
        save_post(post=row, expected_number=1, variants=_same(row, "Ten."), by=cast.actor("cleo"))


@pytest.mark.parametrize(
    ("reopen", "states"), [("first", ["open", "waiting"]), ("unchanged", ["open", "waiting"])]
)
def test_the_workflow_says_from_where_it_is_asked_again(cast, reopen, states):
    post = reviewed(cast, "edit")
    with workspace_scope(cast.acme.pk):
        workflow = workflows().get(name="Path")
        type(workflow).objects.filter(pk=workflow.pk).update(reopen=reopen)
    edit(cast, post, "farah")
    with workspace_scope(cast.acme.pk):
        after = request_of(ref_of(post))
        assert [step.state for step in after.steps.all()] == states


def test_the_editor_and_the_api_keep_what_a_step_says(cast, client_as):
    client = client_as(cast.cleo)
    form = {
        "name": "Launch",
        "step": ["1"],
        "name-1": "Brand",
        "seat-1": [f"member:{cast.jun.pk}"],
        "rule-1": "any",
        "changing-1": "suggest",
        "action": "save",
    }
    assert client.post("/w/acme/workflows/new/", form).url == "/w/acme/workflows/"
    answer = Program(cast, "cleo").get("workflows/").json()["results"]
    saved = next(row for row in answer if row["name"] == "Launch")
    assert [step["changing"] for step in saved["steps"]] == ["suggest"]
    page = client.get(f"/w/acme/workflows/{saved['id']}/").content.decode()
    assert '<option value="suggest" selected>' in page
    refused = client.post("/w/acme/workflows/new/", {**form, "name": "Other", "changing-1": "all"})
    assert refused.status_code == 422
