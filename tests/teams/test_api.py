"""People and workspaces over REST."""

from datetime import timedelta

import pytest
from django.test import Client

from core.clock import now
from teams.models import Absence, Backup, Invitation, Membership, Role, Team
from teams.services.keys import create_token
from teams.states import RoleKey
from teams.tenancy import workspace_scope

BASE = "/api/v1/w/acme/"


class Program:
    """A program with an API token."""

    def __init__(self, secret: str) -> None:
        self.client = Client(HTTP_AUTHORIZATION=f"Bearer {secret}")

    def __call__(self, method: str, path: str, body: object = None, **extra: str):
        address = path if path.startswith("/") else BASE + path
        call = getattr(self.client, method)
        if method == "get":
            return call(address, body, **extra)
        return call(address, body if body is not None else {}, content_type="application/json", **extra)


@pytest.fixture
def program_of(cast):
    def make(name: str) -> Program:
        with workspace_scope(cast.acme.pk):
            by = cast.actor(name)
            return Program(create_token(member=by.member, purpose="a program", by=by)[1])

    return make


@pytest.fixture
def ana(program_of) -> Program:
    return program_of("ana")


def test_a_token_knows_its_own_workspace_only(cast, ana):
    found = ana("get", "/api/v1/workspaces/").json()
    assert [row["slug"] for row in found["results"]] == ["acme"]
    assert found["next"] is None


def test_a_session_knows_all_workspaces_of_its_user(cast, client_as):
    found = client_as(cast.eve).get("/api/v1/workspaces/").json()
    assert [row["slug"] for row in found["results"]] == ["other"]


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer x", "Basic YTpi", "Bearer cb_api_" + "x" * 43])
def test_without_a_valid_token_nothing_is_answered(cast, header):
    extra = {"HTTP_AUTHORIZATION": header} if header else {}
    response = Client().get(BASE + "members/", **extra)
    assert response.status_code == 401
    assert response["Content-Type"] == "application/problem+json"
    assert response["WWW-Authenticate"].startswith("Bearer")
    assert response.json()["code"] == "unauthenticated"


def test_a_token_opens_no_other_workspace(cast, ana):
    assert ana("get", "/api/v1/w/other/members/").status_code == 401


def test_a_token_beside_a_session_counts_alone(cast, client_as):
    client = client_as(cast.ana)
    assert client.get(BASE + "members/", HTTP_AUTHORIZATION="Bearer nonsense").status_code == 401


def test_members_come_in_pages(cast, ana):
    first = ana("get", "members/", {"limit": 4}).json()
    assert len(first["results"]) == 4
    second = ana("get", first["next"].removeprefix("http://testserver")).json()
    names = [row["name"] for row in first["results"] + second["results"]]
    assert names == sorted(names)
    assert len(set(names)) == 6
    assert second["next"] is None


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "201"}, {"limit": "x"}, {"cursor": "forged"}])
def test_a_bad_page_is_refused(ana, query):
    assert ana("get", "members/", query).status_code == 422


def test_a_member_gives_no_more_than_is_named(cast, ana):
    row = ana("get", f"members/{cast.ben.pk}/").json()
    named = "id name email role job_title capacity_hours languages networks status joined_at"
    assert set(row) == set(named.split())
    assert row["role"]["key"] == "manager"


def test_a_role_is_assigned_and_a_refusal_says_why(cast, ana, program_of):
    refused = program_of("ben")("patch", f"members/{cast.vera.pk}/", {"role": "admin"})
    assert refused.status_code == 403
    assert refused.json()["why"] == {
        "verb": "teams.role.assign",
        "missing": "assign roles",
        "ask": ["Ana Rahman"],
    }
    assert ana("patch", f"members/{cast.vera.pk}/", {"role": "manager"}).json()["role"]["key"] == "manager"


def test_a_token_makes_no_owner_and_no_token(cast, ana):
    assert ana("patch", f"members/{cast.ben.pk}/", {"role": "owner"}).status_code == 403
    rights = {row["verb"]: row for row in ana("get", "members/me/rights/").json()["rights"]}
    assert rights["teams.token.create"] == {
        "verb": "teams.token.create",
        "label": "create own API tokens",
        "held": False,
        "from": [],
        "limited_by_token": True,
        "ask": [],
        "not_for": [],
        "within": [],
    }


def test_a_membership_is_ended(cast, ana):
    assert ana("delete", f"members/{cast.jun.pk}/").status_code == 204
    with workspace_scope(cast.acme.pk):
        assert not Membership.objects.get(pk=cast.jun.pk).is_active


def test_a_role_of_ones_own_is_made_changed_and_deleted(cast, ana):
    made = ana("post", "roles/", {"name": "Auditor", "rights": ["activity.entry.see"]})
    assert made.status_code == 201
    address = f"roles/{made.json()['id']}/"
    assert ana("patch", address, {"name": "Reviser"}).json()["rights"] == ["activity.entry.see"]
    assert ana("delete", address).status_code == 204
    assert ana("get", address).status_code == 404


def test_a_team_is_made_changed_and_deleted(cast, ana):
    made = ana("post", "teams/", {"name": "Writers", "members": [str(cast.ben.pk)]}).json()
    assert made["members"] == [{"id": str(cast.ben.pk), "name": "Ben Tan"}]
    changed = ana("patch", f"teams/{made['id']}/", {"members": [str(cast.jun.pk)]}).json()
    assert (changed["name"], [row["name"] for row in changed["members"]]) == ("Writers", ["Jun Wong"])
    assert ana("delete", f"teams/{made['id']}/").status_code == 204
    with workspace_scope(cast.acme.pk):
        assert not Team.objects.exists()


def test_somebody_of_another_workspace_is_no_member(cast, ana):
    response = ana("post", "teams/", {"name": "Writers", "members": [str(cast.eve.pk)]})
    assert response.status_code == 422
    assert "members" in response.json()["errors"]


def test_an_invitation_is_made_listed_and_taken_back(cast, ana):
    made = ana("post", "invitations/", {"email": "lia@acme.test", "role": "manager"}).json()
    assert "secret" not in str(made)
    assert [row["email"] for row in ana("get", "invitations/").json()["results"]] == ["lia@acme.test"]
    assert ana("delete", f"invitations/{made['id']}/").status_code == 204
    with workspace_scope(cast.acme.pk):
        assert not Invitation.objects.get().is_open


def test_an_absence_answers_who_now_covers(cast, ana):
    ana("post", "backups/", {"member": str(cast.ana.pk), "backups": [str(cast.cleo.pk), str(cast.ben.pk)]})
    end = (now() + timedelta(hours=8)).isoformat()
    made = ana("post", "absences/", {"member": str(cast.ana.pk), "kind": "sick", "ends_at": end})
    assert made.status_code == 201
    assert made.json()["covered_by"] == {"id": str(cast.cleo.pk), "name": "Cleo Marchetti"}
    ended = ana("patch", f"absences/{made.json()['id']}/", {"ended": True})
    assert ended.json()["covered_by"] is None
    with workspace_scope(cast.acme.pk):
        assert Absence.objects.get().ends_at <= now()


def test_an_absence_without_a_member_is_ones_own(cast, program_of):
    made = program_of("ben")("post", "absences/", {"kind": "leave"}).json()
    assert made["member"]["name"] == "Ben Tan"


def test_the_rights_under_cover_say_for_whom(cast, ana, program_of):
    ana("post", "backups/", {"member": str(cast.cleo.pk), "backups": [str(cast.ben.pk)]})
    ana("post", "absences/", {"member": str(cast.cleo.pk), "kind": "sick"})
    with workspace_scope(cast.acme.pk):
        client = Client()
    client.force_login(cast.ben.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    rights = {row["verb"]: row for row in client.get(BASE + "members/me/rights/").json()["rights"]}
    assert rights["teams.team.edit"]["from"] == [{"cover": "Cleo Marchetti"}]
    assert rights["teams.member.end"]["held"] is False


def test_a_backup_is_taken_out_of_the_list(cast, ana):
    rows = ana("post", "backups/", {"backups": [str(cast.cleo.pk), str(cast.ben.pk)]}).json()["results"]
    assert ana("delete", f"backups/{rows[0]['id']}/").status_code == 204
    with workspace_scope(cast.acme.pk):
        assert [(row.backup_id, row.position) for row in Backup.objects.all()] == [(cast.ben.pk, 1)]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("teams/", {}),
        ("teams/", {"name": "x", "unknown": 1}),
        ("teams/", {"name": "x" * 81}),
        ("teams/", {"name": "x", "members": ["no id"]}),
        ("teams/", [1]),
        ("absences/", {"kind": "bored"}),
        ("absences/", {"starts_at": "2026-01-02T00:00:00Z", "ends_at": "2026-01-01T00:00:00Z"}),
        ("invitations/", {"email": "nonsense", "role": "manager"}),
        ("invitations/", {"email": "a@b.test", "role": "king"}),
        ("roles/", {"name": "x", "rights": ["no.such.right"]}),
        ("backups/", {"backups": ["00000000-0000-0000-0000-000000000000"]}),
    ],
)
def test_what_cannot_be_used_is_refused_with_reasons(ana, path, body):
    response = ana("post", path, body)
    assert response.status_code == 422, response.content
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["code"] == "invalid"


def test_an_idempotency_key_makes_one_team_of_two_requests(cast, ana):
    first = ana("post", "teams/", {"name": "Writers"}, HTTP_IDEMPOTENCY_KEY="a")
    again = ana("post", "teams/", {"name": "Writers"}, HTTP_IDEMPOTENCY_KEY="a")
    other = ana("post", "teams/", {"name": "Others"}, HTTP_IDEMPOTENCY_KEY="a")
    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 422)
    assert first.json() == again.json()
    assert again["Idempotency-Replayed"] == "true"
    with workspace_scope(cast.acme.pk):
        assert [team.name for team in Team.objects.all()] == ["Writers"]


def test_a_session_writes_only_with_the_csrf_token(cast):
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.ana.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.post(BASE + "teams/", {"name": "x"}, content_type="application/json").status_code == 403


def test_an_unknown_address_is_a_problem_document(cast, ana):
    response = ana("get", "nothing/")
    assert (response.status_code, response["Content-Type"]) == (404, "application/problem+json")


def test_the_command_prints_a_token_alone(cast, capsys):
    from django.core.management import call_command

    call_command("api_token", "BEN@acme.test", "--workspace", "acme")
    [secret] = capsys.readouterr().out.splitlines()
    assert Program(secret)("get", "members/me/rights/").json()["member"]["name"] == "Ben Tan"


@pytest.mark.parametrize(
    "words", [("nobody@acme.test", "acme"), ("ben@acme.test", "nowhere"), ("eve@other.test", "acme")]
)
def test_the_command_makes_no_token_for_strangers(cast, words):
    from django.core.management import CommandError, call_command

    with pytest.raises(CommandError):
        call_command("api_token", words[0], "--workspace", words[1])


def test_roles_have_readable_names(cast, ana):
    rows = {row["key"]: row["name"] for row in ana("get", "roles/").json()["results"]}
    assert rows[RoleKey.LEAD] == "Team lead"
    with workspace_scope(cast.acme.pk):
        assert Role.objects.count() == len(rows)
