"""The pages on which workflows are kept (R7.5): list, editor, order, try-out, out of use."""

import re

import pytest

from approvals.models import Workflow
from approvals.selectors import request_of, workflows
from core.refs import Ref
from networks.models import Channel
from teams.tenancy import workspace_scope
from tests.approvals.test_api import Program, submit_for
from tests.approvals.test_views import words

NEW = "/w/acme/workflows/new/"


@pytest.fixture
def form(cast) -> dict:
    """Two steps as the editor sends them, the second one first."""
    with workspace_scope(cast.acme.pk):
        lead = cast.cleo.role_id
    return {
        "name": "Launch",
        "step": ["2", "1"],
        "name-1": "Brand",
        "seat-1": [f"role:{lead}", "moderator"],
        "rule-1": "any",
        "due-1": "24",
        "escalate-1": str(cast.ana.pk),
        "name-2": "Facts",
        "seat-2": [f"member:{cast.jun.pk}", f"guest:{cast.dev.pk}"],
        "rule-2": "n",
        "needed-2": "2",
        "route-2-languages": ["ms"],
        "route-networks": ["newsroom"],
        "action": "save",
    }


def steps_of(cast, name: str) -> list:
    with workspace_scope(cast.acme.pk):
        found = workflows().get(name=name)
        return [
            (s.name, s.rule, s.needed, s.due_hours, len(s.approvers.all()), s.routes)
            for s in found.steps.all()
        ]


def test_a_workflow_is_made_in_the_order_of_the_form_and_listed(cast, client_as, form):
    client = client_as(cast.cleo)
    assert client.post(NEW, form).url == "/w/acme/workflows/"
    assert steps_of(cast, "Launch") == [
        ("Facts", "n", 2, None, 2, {"languages": ["ms"]}),
        ("Brand", "any", 1, 24, 2, {}),
    ]
    page = words(client_as(cast.vera).get("/w/acme/workflows/"))
    start = page.index("Launch")
    shown = page[start : start + 160]
    assert shown.startswith(
        "Launch Networks Newsroom 1 Facts Jun Wong or Dev Kumar (2 of them) 2 Brand within 24 h"
    )
    assert "New workflow" not in page, "who may only look is offered nothing to change"
    assert client_as(cast.ben).get(NEW).status_code == 403


def test_a_step_counts_working_hours_unless_said_otherwise_and_asks_a_role_when_late(cast, client_as, form):
    """Issue 4, line 7: per step of a workflow."""
    with workspace_scope(cast.acme.pk):
        lead = cast.cleo.role_id
    client = client_as(cast.cleo)
    client.post(NEW, {**form, "clock-2": "on", "due-2": "8", "escalate-1": f"role:{lead}"})
    with workspace_scope(cast.acme.pk):
        found = workflows().get(name="Launch")
        facts, brand = found.steps.all()
    assert (facts.is_working_time, brand.is_working_time) == (False, True)
    assert (brand.escalate_role_id, brand.escalate_to_id) == (lead, None)
    page = client.get(f"/w/acme/workflows/{found.pk}/").content.decode()
    assert f'value="role:{lead}" selected' in page
    assert re.search(r'name="clock-1" checked', page)


def test_buttons_add_move_and_drop_steps_without_saving_and_keep_what_was_typed(cast, client_as, form):
    client = client_as(cast.cleo)

    def names(action: str) -> list[str]:
        page = client.post(NEW, {**form, "action": action}).content.decode()
        return re.findall(r'name="name-(\d+)" value="([^"]*)"', page)

    assert names("add") == [("2", "Facts"), ("1", "Brand"), ("3", "")]
    assert names("raise:1") == [("1", "Brand"), ("2", "Facts")]
    assert names("lower:2") == [("1", "Brand"), ("2", "Facts")]
    assert names("lower:1") == [("2", "Facts"), ("1", "Brand")]
    assert names("drop:2") == [("1", "Brand")]
    with workspace_scope(cast.acme.pk):
        assert not Workflow.objects.filter(name="Launch").exists()


def test_people_are_named_and_nobody_else_is_listed(cast, client_as, form):
    """R7.5: who decides, who is asked when it is late and whose posts take it are found by name."""
    client = client_as(cast.cleo)
    assert "Vera" not in words(client.get(NEW)), "no list of everybody"
    named = {"person-2": "Farah Aziz", "heir-2": "ben@acme.test", "route-author": "Jun Wong", "due-2": "8"}
    page = client.post(NEW, {**form, **named, "action": "name"}).content.decode()
    assert f'name="seat-2" value="member:{cast.farah.pk}" checked' in page
    assert f'<option value="{cast.ben.pk}" selected>' in page
    assert f'name="route-authors" value="{cast.jun.pk}" checked' in page
    refused = client.post(NEW, {**form, "person-2": "Zorro"})
    assert refused.status_code == 422
    assert "Nobody here is called “Zorro”." in words(refused)
    assert 'value="Zorro"' in refused.content.decode()
    with workspace_scope(cast.acme.pk):
        assert not Workflow.objects.filter(name="Launch").exists()
    client.post(NEW, {**form, **named})
    with workspace_scope(cast.acme.pk):
        found = workflows().get(name="Launch")
        facts = found.steps.all()[0]
        asked = {row.member_id for row in facts.approvers.all() if row.member_id}
    assert asked == {cast.jun.pk, cast.farah.pk}
    assert (facts.escalate_to_id, found.routes["authors"]) == (cast.ben.pk, [str(cast.jun.pk)])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": ""}, "Give a name of 1 to 80 characters."),
        ({"seat-1": []}, "Name 1 to 50 members, roles, teams or guests"),
        ({"due-1": "soon"}, "Give a whole number."),
        ({"optional-1": "on", "due-1": ""}, "An optional step needs a time"),
        ({"seat-1": ["member:01a21b29-0455-7fb4-a33c-8d988d77ff41"]}, "no longer here"),
        ({"step": []}, "A workflow has 1 to 10 steps."),
    ],
)
def test_a_refusal_says_where_and_loses_nothing(cast, client_as, form, change, said):
    response = client_as(cast.cleo).post(NEW, {**form, **change})
    assert response.status_code == 422
    assert said in words(response)
    assert 'value="Facts"' in response.content.decode() or change == {"step": []}


def test_editing_changes_the_next_submission_and_not_what_is_in_review(cast, client_as, form):
    client = client_as(cast.cleo)
    client.post(NEW, form)
    post = submit_for(cast, "ben")
    with workspace_scope(cast.acme.pk):
        pk = Workflow.objects.get(name="Launch").pk
        before = [s.name for s in request_of(Ref("calendar_app.post", post.pk)).steps.all()]
    start = client.get(f"/w/acme/workflows/{pk}/").content.decode()
    assert re.findall(r'name="name-\d+" value="([^"]*)"', start) == ["Facts", "Brand"]
    client.post(f"/w/acme/workflows/{pk}/", {**form, "step": ["1"]})
    assert [step[0] for step in steps_of(cast, "Launch")] == ["Brand"]
    with workspace_scope(cast.acme.pk):
        after = [s.name for s in request_of(Ref("calendar_app.post", post.pk)).steps.all()]
    assert before == after == ["Brand"], "the post is in English: the Malay step does not ask for it"


def test_trying_it_lists_the_posts_of_the_last_thirty_days_and_saves_nothing(cast, client_as, form):
    submit_for(cast, "ben", "Kopi Raya is back.")
    client = client_as(cast.cleo)
    page = words(client.post(NEW, {**form, "action": "try"}))
    assert "1 of 1 posts of the last 30 days would have taken this." in page
    assert "First pour" in page
    page = words(client.post(NEW, {**form, "route-networks": ["mastodon"], "action": "try"}))
    assert "0 of 1 posts of the last 30 days would have taken this." in page
    with workspace_scope(cast.acme.pk):
        assert not Workflow.objects.filter(name="Launch").exists()
    client.post(NEW, form)
    with workspace_scope(cast.acme.pk):
        pk = Workflow.objects.get(name="Launch").pk
    past = Program(cast, "cleo").get(f"workflows/{pk}/past/").json()
    assert [row["title"] for row in past["results"]] == ["First pour"]


def test_a_channel_gets_its_default_and_the_composer_and_request_say_why(cast, client_as, form):
    with workspace_scope(cast.acme.pk):
        channel = Channel.objects.get(kind="newsroom")
    client = client_as(cast.cleo)
    client.post(NEW, {**form, "route-networks": [], "default_for": [str(channel.pk)]})
    assert f"“Launch” is the default of {channel.name}." in words(
        client_as(cast.ben).get("/w/acme/posts/new/")
    )
    post = submit_for(cast, "ben")
    with workspace_scope(cast.acme.pk):
        request = request_of(Ref("calendar_app.post", post.pk))
    assert f"“Launch” is the default of {channel.name}." in words(
        client.get(f"/w/acme/approvals/{request.pk}/")
    )
    ahead = Program(cast, "ben").get(f"posts/{post.pk}/path/").json()["results"]
    assert [(step["name"], step["because"][0]["kind"], step["channels"]) for step in ahead] == [
        ("Brand", "channel", [str(channel.pk)])
    ]


def test_out_of_use_but_not_the_default(cast, client_as, form):
    client = client_as(cast.cleo)
    client.post(NEW, form)
    with workspace_scope(cast.acme.pk):
        mine, default = Workflow.objects.get(name="Launch"), Workflow.objects.get(is_default=True)
    assert client.post(f"/w/acme/workflows/{mine.pk}/archival/").url == "/w/acme/workflows/"
    page = client.post(f"/w/acme/workflows/{default.pk}/archival/", follow=True)
    assert "The default workflow stays." in words(page)
    with workspace_scope(cast.acme.pk):
        assert [row.name for row in workflows()] == ["Approval"]
