"""Decisions on posts and workflows, as programs use them (API.md)."""

import pytest
from django.test import Client

from approvals.models import Decision, Workflow
from calendar_app.services.posts import create_post
from calendar_app.services.reviews import submit_post
from networks.models import Channel
from teams.services.keys import create_token
from teams.tenancy import workspace_scope
from tests.approvals.paper import away

ROOT = "/api/v1/w/acme/"


class Program:
    """A script with somebody's API token."""

    def __init__(self, cast, name: str) -> None:
        with workspace_scope(getattr(cast, name).workspace_id):
            member = cast.actor(name).member
            _key, secret = create_token(member=member, purpose="test", by=cast.actor(name))
        self.headers = {"Authorization": f"Bearer {secret}"}
        self.client = Client()

    def call(self, method: str, path: str, body=None, root: str = ROOT):
        return self.client.generic(
            method,
            root + path,
            data=body if isinstance(body, str) else _json(body),
            content_type="application/json",
            headers=self.headers,
        )

    def post(self, path: str, body=None, root: str = ROOT):
        return self.call("POST", path, body, root)

    def get(self, path: str, root: str = ROOT):
        return self.call("GET", path, None, root)


def _json(body) -> str:
    import json

    return "" if body is None else json.dumps(body)


@pytest.fixture
def submitted(cast):
    """A post of Ben's in review."""
    return submit_for(cast, "ben")


def submit_for(cast, name: str, text: str = "Pintu dibuka pukul sembilan."):
    from calendar_app.content import VariantInput

    with workspace_scope(cast.acme.pk):
        channel = Channel.objects.get(kind="newsroom")
        post = create_post(
            workspace=cast.acme,
            title="First pour",
            variants=[VariantInput(channel=channel.pk, text=text)],
            by=cast.actor(name),
        )
        return submit_post(post=post, by=cast.actor(name))


def test_a_lead_approves_and_the_answer_names_who(cast, submitted):
    path = f"posts/{submitted.pk}/decisions/"
    response = Program(cast, "cleo").post(path, {"revision": submitted.version, "verdict": "approve"})
    assert response.status_code == 201, response.content
    body = response.json()
    assert (body["by"], body["by_name"], body["for"]) == (str(cast.cleo.pk), "Cleo Marchetti", None)
    assert body["request_state"] == "approved"
    with workspace_scope(cast.acme.pk):
        submitted.refresh_from_db()
        assert submitted.state == "approved"
    listed = Program(cast, "ben").get(path).json()["results"]
    assert [row["verdict"] for row in listed] == ["approve"]


def test_the_author_is_refused_with_the_reason(cast):
    post = submit_for(cast, "cleo")
    path, body = f"posts/{post.pk}/decisions/", {"revision": post.version, "verdict": "approve"}
    response = Program(cast, "cleo").post(path, body)
    assert response.status_code == 403
    problem = response.json()
    assert problem["code"] == "not_allowed"
    assert problem["why"]["verb"] == "approvals.request.decide"
    assert problem["why"]["ask"] == ["Ana Rahman"]
    with workspace_scope(cast.acme.pk):
        assert Decision.objects.count() == 0


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"verdict": "approve"}, 422, "invalid"),
        ({"revision": 1, "verdict": "maybe"}, 422, "invalid"),
        ({"revision": 1, "verdict": "reject"}, 422, "invalid"),
        ({"revision": 7, "verdict": "approve"}, 409, "not_under_review"),
        ({"revision": "8e1f9a52-0000-7000-8000-000000000000", "verdict": "approve"}, 409, "not_under_review"),
        ({"revision": "x", "verdict": "approve"}, 422, "invalid"),
        ({"revision": 1, "verdict": "approve", "for": "nobody@acme.test"}, 422, "invalid"),
    ],
)
def test_what_cannot_be_decided_is_said(cast, submitted, body, status, code):
    response = Program(cast, "cleo").post(f"posts/{submitted.pk}/decisions/", body)
    assert (response.status_code, response.json()["code"]) == (status, code)


def test_a_decision_twice_is_a_conflict(cast, submitted):
    path, body = f"posts/{submitted.pk}/decisions/", {"revision": submitted.version, "verdict": "approve"}
    assert Program(cast, "cleo").post(path, body).status_code == 201
    again = Program(cast, "ana").post(path, body)
    assert (again.status_code, again.json()["code"]) == (409, "not_under_review")


def test_a_draft_is_not_under_review(cast):
    with workspace_scope(cast.acme.pk):
        post = create_post(workspace=cast.acme, title="Draft", by=cast.actor("ben"))
    body = {"revision": post.version, "verdict": "approve"}
    response = Program(cast, "cleo").post(f"posts/{post.pk}/decisions/", body)
    assert (response.status_code, response.json()["code"]) == (409, "not_under_review")


def test_under_cover_both_names_are_answered(cast, submitted):
    with workspace_scope(cast.acme.pk):
        away(cast, "cleo", "ana")
    path, body = f"posts/{submitted.pk}/decisions/", {"revision": submitted.version, "verdict": "approve"}
    ana = Program(cast, "ana")
    unsure = ana.post(path, body)
    assert (unsure.status_code, unsure.json()["code"]) == (409, "ambiguous")
    assert [choice["for"] for choice in unsure.json()["choices"]] == [str(cast.ana.pk), str(cast.cleo.pk)]
    response = ana.post(path, {**body, "for": str(cast.cleo.pk)})
    assert response.status_code == 201
    answer = response.json()
    assert (answer["by"], answer["for"]) == (str(cast.ana.pk), str(cast.cleo.pk))
    assert (answer["by_name"], answer["for_name"]) == ("Ana Rahman", "Cleo Marchetti")


def test_posts_of_another_workspace_are_not_there(cast, submitted):
    body = {"revision": 1, "verdict": "approve"}
    foreign = Program(cast, "eve").post(f"posts/{submitted.pk}/decisions/", body, root="/api/v1/w/other/")
    assert foreign.status_code == 404
    assert Program(cast, "eve").post(f"posts/{submitted.pk}/decisions/", body).status_code == 401


def test_workflows_are_created_changed_and_archived(cast):
    ana = Program(cast, "ana")
    steps = [
        {"name": "Facts", "approvers": {"members": [str(cast.jun.pk)]}, "rule": "all", "due_hours": 24},
        {"name": "Client", "approvers": {"guests": [str(cast.dev.pk)], "roles": ["lead"]}, "rule": 2},
    ]
    made = ana.post("workflows/", {"name": "Launch", "steps": steps, "routes": {"networks": ["bluesky"]}})
    assert made.status_code == 201, made.content
    body = made.json()
    assert [step["rule"] for step in body["steps"]] == ["all", 2]
    assert body["steps"][1]["approvers"] == {
        "members": [],
        "roles": ["lead"],
        "teams": [],
        "guests": [str(cast.dev.pk)],
        "moderator": False,
    }
    path = f"workflows/{body['id']}/"
    changed = ana.call("PATCH", path, {"name": "Big launch"}).json()
    assert (changed["name"], changed["version"], len(changed["steps"])) == ("Big launch", 2, 2)
    assert {row["name"] for row in ana.get("workflows/").json()["results"]} == {"Approval", "Big launch"}
    assert ana.call("DELETE", path).status_code == 204
    assert ana.get(path).status_code == 404
    with workspace_scope(cast.acme.pk):
        assert Workflow.objects.get(pk=body["id"]).is_archived


def test_workflows_are_changed_by_leads_only_and_with_people_of_the_workspace(cast):
    step = {"name": "Brand", "approvers": {"members": [str(cast.cleo.pk)]}}
    refused = Program(cast, "ben").post("workflows/", {"name": "Mine", "steps": [step]})
    assert (refused.status_code, refused.json()["why"]["verb"]) == (403, "approvals.workflow.edit")
    stranger = {"name": "Brand", "approvers": {"members": [str(cast.eve.pk)]}}
    unknown = Program(cast, "ana").post("workflows/", {"name": "Path", "steps": [stranger]})
    assert unknown.status_code == 422
    assert list(unknown.json()["errors"]) == ["steps.0.approvers.members"]


def test_my_work_lists_what_waits_for_the_approver(cast, submitted):
    rows = Program(cast, "cleo").get("work/").json()["results"]
    (row,) = [row for row in rows if not row["kind"].startswith("gap")]
    assert (row["kind"], row["title"], row["for"], row["group"]) == ("approval", "First pour", None, "today")
    assert row["subject"] == {"type": "calendar_app.post", "id": str(submitted.pk)}
    (own,) = Program(cast, "ben").get("work/").json()["results"]
    assert (own["kind"], own["group"]) == ("in_review", "waiting")
    assert Program(cast, "jun").get("work/").json()["results"] == []
