"""The workspace's directory over SCIM 2.0: it writes memberships and never accounts (issue 3, line 7)."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.db import connections
from django.test import Client
from scim2_client.engines.wsgi import WSGISCIMClient
from scim2_tester import Status, check_server

from activity.models import Entry
from core.refs import Ref
from teams.models import (
    DirectoryUser,
    Duty,
    GroupRule,
    Invitation,
    Membership,
    Role,
    User,
)
from teams.services.backups import set_backups
from teams.services.directory import mint_directory_key
from teams.services.duties import create_duty, starter_kind
from teams.services.groups import create_team
from teams.services.invitations import PURPOSE as JOIN
from teams.services.invitations import accept_invitation
from teams.services.keys import make_key
from teams.states import KeyKind, RoleKey, StarterKind
from teams.tenancy import workspace_scope
from tests.factories.people import Cast, make_member, make_user

BASE = "/scim/v2/acme"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


class Directory:
    """A directory that bears a key."""

    def __init__(self, secret: str) -> None:
        self.secret = secret
        self.client = Client(headers={"Authorization": f"Bearer {secret}"})

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        content = None if body is None else json.dumps(body)
        call = getattr(self.client, method.lower())
        extra = {"headers": {name.replace("_", "-"): value for name, value in headers.items()}}
        if content is None:
            return call(BASE + path, **extra)
        return call(BASE + path, content, content_type="application/scim+json", **extra)

    def add(self, user_name: str, **facts: Any) -> dict[str, Any]:
        response = self("POST", "/Users", {"userName": user_name, **facts})
        assert response.status_code == 201, response.content.decode()
        return response.json()

    def patch(self, path: str, *operations: dict[str, Any], **headers: str) -> Any:
        return self("PATCH", path, {"schemas": [PATCH], "Operations": list(operations)}, **headers)


def make_directory(cast: Cast) -> Directory:
    with workspace_scope(cast.acme.pk):
        return Directory(mint_directory_key(workspace=cast.acme, by=cast.actor("ana"))[1])


@pytest.fixture
def directory(cast: Cast) -> Directory:
    return make_directory(cast)


def member_of(cast: Cast, member: Membership) -> Membership:
    with workspace_scope(cast.acme.pk):
        return Membership.objects.select_related("role", "user").get(pk=member.pk)


def accounts() -> list[tuple]:
    return list(User.objects.order_by("pk").values_list("pk", "email", "name", "password", "is_active"))


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Let requests come in at the same time, each over a connection of its own; return what they were answered."""
    start = Barrier(len(calls), timeout=30)

    def call(asked: Callable[[], Any]) -> Any:
        try:
            start.wait()
            return asked()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(call, calls))


# A hostile directory gets nothing


@pytest.mark.parametrize("address", ["eve@other.test", "EVE@other.test", "nobody@nowhere.test"])
def test_naming_somebody_of_another_workspace_makes_no_member_and_tells_nothing(
    cast: Cast, directory: Directory, address: str
):
    """Eve's account is neither found nor told from an address that nobody has: both are invited, and no more."""
    before = accounts()

    made = directory.add(address, displayName="Mallory", emails=[{"value": address, "primary": True}])

    assert "Eve" not in json.dumps(made)
    assert accounts() == before
    with workspace_scope(cast.acme.pk):
        assert Membership.objects.count() == 6
        assert [row.email for row in Invitation.objects.all()] == [address.lower()]
        assert DirectoryUser.objects.get().member is None
    for operation in ("replace", "add"):
        directory.patch(f"/Users/{made['id']}", {"op": operation, "path": "active", "value": False})
        directory.patch(f"/Users/{made['id']}", {"op": operation, "path": "active", "value": True})
    assert accounts() == before
    with workspace_scope(cast.other.pk):
        assert Membership.objects.get(user__email="eve@other.test").is_active


def test_member_of_two_workspaces_is_ended_in_this_one_only(cast: Cast, directory: Directory, client_as):
    with workspace_scope(cast.other.pk):
        elsewhere = make_member(cast.other, cast.ben.user, RoleKey.ADMIN)
    made = directory.add("ben@acme.test")
    ben = client_as(cast.ben)

    directory("DELETE", f"/Users/{made['id']}")

    assert ben.get("/w/acme/members/").status_code == 404
    assert ben.get("/w/other/members/").status_code == 200
    with workspace_scope(cast.other.pk):
        assert Membership.objects.get(pk=elsewhere.pk).is_active


def test_no_name_address_or_password_of_an_account_is_written(cast: Cast, directory: Directory):
    before = accounts()
    made = directory.add(
        "ben@acme.test", name={"givenName": "Other", "familyName": "Name"}, password="hacked-12345"
    )

    directory(
        "PUT",
        f"/Users/{made['id']}",
        {
            "userName": "eve@other.test",
            "emails": [{"value": "eve@other.test", "primary": True}],
            "password": "hacked-12345",
            "displayName": "Eve",
        },
    )

    assert accounts() == before
    assert member_of(cast, cast.ben).user.email == "ben@acme.test"


@pytest.mark.parametrize("how", ["no key", "api token", "key of the other", "revoked", "session"])
def test_only_this_workspaces_own_key_opens_it(cast: Cast, directory: Directory, api_as, client_as, how: str):
    asker = Client()
    if how == "api token":
        asker = api_as(cast.ana).client
    elif how == "session":
        asker = client_as(cast.ana)
    elif how == "key of the other":
        with workspace_scope(cast.other.pk):
            secret = mint_directory_key(workspace=cast.other, by=cast.actor("eve"))[1]
        asker = Client(headers={"Authorization": f"Bearer {secret}"})
    elif how == "revoked":
        asker = directory.client
        owner = client_as(cast.ana)
        page = owner.get("/w/acme/log-in/").content.decode()
        address = page.split("/w/acme/log-in/keys/")[1].split('"')[0]
        assert owner.post(f"/w/acme/log-in/keys/{address}").status_code == 302

    for method, path in (("get", "/Users"), ("post", "/Users"), ("get", "/Schemas"), ("post", "/Groups")):
        response = getattr(asker, method)(BASE + path)
        assert response.status_code == 401
        assert response.json()["schemas"] == [ERROR]
        assert response["WWW-Authenticate"].startswith("Bearer")


def test_key_of_the_directory_opens_no_api(cast: Cast, directory: Directory):
    assert directory.client.get("/api/v1/w/acme/members/").status_code == 401
    assert directory.client.get("/api/v1/workspaces/").status_code == 401


def test_owner_is_never_ended_or_changed(cast: Cast, directory: Directory):
    with workspace_scope(cast.acme.pk):
        viewer = Role.objects.get(key=RoleKey.VIEWER)
        GroupRule(workspace=cast.acme, group="all", role=viewer).save()
    made = directory.add("ana@acme.test")
    directory("POST", "/Groups", {"displayName": "all", "members": [{"value": made["id"]}]})

    refused = directory.patch(f"/Users/{made['id']}", {"op": "replace", "value": {"active": False}})
    gone = directory("DELETE", f"/Users/{made['id']}")

    assert (refused.status_code, gone.status_code) == (403, 403)
    assert refused.json()["schemas"] == [ERROR]
    ana = member_of(cast, cast.ana)
    assert (ana.is_active, ana.role.key) == (True, "owner")
    assert directory("GET", f"/Users/{made['id']}").json()["active"] is True


# Joining, leaving, coming back


def test_newcomer_joins_by_invitation_and_is_managed_then(cast: Cast, directory: Directory):
    with workspace_scope(cast.acme.pk):
        lead = Role.objects.get(key=RoleKey.LEAD)
        GroupRule(workspace=cast.acme, group="Leads", role=lead).save()
    made = directory.add("nadia@acme.test", title="Editor")
    directory("POST", "/Groups", {"displayName": "Leads", "members": [{"value": made["id"]}]})
    nadia = make_user("Nadia Ali", "nadia@acme.test")

    with workspace_scope(cast.acme.pk):
        asked = Invitation.objects.get()
        subject = Ref("teams.invitation", asked.pk)
        by = cast.actor("ana")
        key, _secret = make_key(
            kind=KeyKind.INVITATION,
            workspace=cast.acme,
            subject=subject,
            by=by,
            purpose=JOIN,
            is_single_use=True,
        )
        accept_invitation(key=key, user=nadia)

        member = Membership.objects.get(user=nadia)
        assert (member.role.key, DirectoryUser.objects.get().member) == ("lead", member)
    directory.patch(f"/Users/{made['id']}", {"op": "Replace", "path": "active", "value": "False"})
    assert not member_of(cast, member).is_active


def test_deactivation_ends_everything_at_once_and_hands_over(
    cast: Cast, directory: Directory, client_as, api_as
):
    with workspace_scope(cast.acme.pk):
        by = cast.actor("ana")
        set_backups(member=cast.ben, backups=[cast.jun], by=by)
        set_backups(member=cast.cleo, backups=[cast.ben], by=by)
        duty = create_duty(
            kind=starter_kind(StarterKind.CONTENT, cast.acme.pk),
            name="Coffee",
            owner=cast.ben,
            backups=[],
            effort_minutes=60,
            by=by,
        )
    browser, program = client_as(cast.ben), api_as(cast.ben)
    made = directory.add("ben@acme.test")

    response = directory.patch(f"/Users/{made['id']}", {"op": "replace", "path": "active", "value": False})

    assert (response.status_code, response.json()["active"]) == (200, False)
    assert browser.get("/w/acme/members/").status_code == 404
    assert program.get("/api/v1/w/acme/members/").status_code == 401
    with workspace_scope(cast.acme.pk):
        assert Duty.objects.get(pk=duty.pk).owner == cast.jun
        ended = Entry.objects.get(verb="teams.member.ended")
        assert (ended.actor_kind, ended.actor_id is not None) == ("system", True)
    directory.patch(f"/Users/{made['id']}", {"op": "replace", "path": "active", "value": True})
    assert member_of(cast, cast.ben).is_active
    assert browser.get("/w/acme/members/").status_code == 200


def test_pending_person_who_goes_again_loses_the_invitation(cast: Cast, directory: Directory):
    made = directory.add("nadia@acme.test")

    assert directory("DELETE", f"/Users/{made['id']}").status_code == 204

    with workspace_scope(cast.acme.pk):
        assert [row.is_open for row in Invitation.objects.all()] == [False]
    assert directory("GET", f"/Users/{made['id']}").status_code == 404


def test_groups_give_role_and_team_and_take_them_away(cast: Cast, directory: Directory):
    with workspace_scope(cast.acme.pk):
        team = create_team(name="Editors", members=[], by=cast.actor("ana"))
        GroupRule(workspace=cast.acme, group="Editors", role=Role.objects.get(key="lead"), team=team).save()
    ben = directory.add("ben@acme.test")
    group = directory("POST", "/Groups", {"displayName": "Editors"}).json()
    path = f"/Groups/{group['id']}"

    directory.patch(path, {"op": "add", "path": "members", "value": [{"value": ben["id"]}]})

    assert member_of(cast, cast.ben).role.key == "lead"
    with workspace_scope(cast.acme.pk):
        assert list(team.members.all()) == [cast.ben]
    shown = directory("GET", f"/Users/{ben['id']}").json()
    assert [each["display"] for each in shown["groups"]] == ["Editors"]
    directory.patch(path, {"op": "remove", "path": f'members[value eq "{ben["id"]}"]'})
    assert member_of(cast, cast.ben).role.key == "viewer"
    with workspace_scope(cast.acme.pk):
        assert list(team.members.all()) == []


# The protocol


def test_a_strict_client_finds_nothing_to_complain_of(live_cast: Cast):
    bearer = {"Authorization": f"Bearer {make_directory(live_cast).secret}"}
    client = WSGISCIMClient(WSGIHandler(), base_url=f"http://localhost:8000{BASE}", headers=bearer)

    results = check_server(client)
    failed = [each for each in results if each.status in (Status.ERROR, Status.CRITICAL)]
    # We say of each address and member what kind it is; the client would have sent nothing of it back.
    known = ("unexpected value for 'emails'", "unexpected value for 'members'")
    wrong = [
        f"{each.title}: {each.reason}" for each in failed if not any(word in each.reason for word in known)
    ]
    assert wrong == [], "\n".join(wrong)
    assert len(results) > 20


def test_writes_at_once_come_one_after_the_other(live_cast: Cast):
    """Nothing is lost, doubled or answered with an error of ours, whoever comes first."""
    directory = make_directory(live_cast)
    secret = directory.secret

    made = at_once(*[partial(Directory(secret), "POST", "/Users", {"userName": "ben@acme.test"})] * 4)

    assert sorted(each.status_code for each in made) == [201, 409, 409, 409]
    ident = next(each.json()["id"] for each in made if each.status_code == 201)
    facts = {"title": "Editor", "externalId": "x1", "displayName": "Ben at Acme", "name.givenName": "Ben"}
    patches = [{"op": "replace", "path": path, "value": value} for path, value in facts.items()]
    done = at_once(*[partial(Directory(secret).patch, f"/Users/{ident}", each) for each in patches])
    assert [each.status_code for each in done] == [200] * 4
    shown = directory("GET", f"/Users/{ident}").json()
    assert (shown["title"], shown["externalId"], shown["displayName"]) == ("Editor", "x1", "Ben at Acme")
    assert (shown["name"], shown["meta"]["version"]) == ({"givenName": "Ben"}, 'W/"5"')

    people = [directory.add(f"p{number}@acme.test")["id"] for number in range(3)]
    group = directory("POST", "/Groups", {"displayName": "Desk", "members": []}).json()["id"]
    joins = [{"op": "add", "path": "members", "value": [{"value": each}]} for each in [ident, *people]]
    done = at_once(
        *[partial(Directory(secret).patch, f"/Groups/{group}", each) for each in joins],
        partial(Directory(secret), "PUT", f"/Users/{ident}", {"userName": "ben@acme.test", "active": False}),
        partial(Directory(secret), "DELETE", f"/Users/{people[0]}"),
    )
    assert {each.status_code for each in done} <= {200, 204, 400, 404}
    assert [done[4].status_code, done[5].status_code] == [200, 204]
    left = {each["value"] for each in directory("GET", f"/Groups/{group}").json()["members"]}
    assert left == {ident, *people[1:]}
    with workspace_scope(live_cast.acme.pk):
        assert DirectoryUser.objects.filter(user_name="ben@acme.test").count() == 1
        assert Entry.objects.filter(verb="teams.member.ended").count() == 1
        assert not Membership.objects.get(pk=live_cast.ben.pk).is_active


def test_filters_find_and_pages_are_bounded(cast: Cast, directory: Directory):
    for number in range(5):
        directory.add(f"user{number}@idp.test", externalId=f"X{number}", title="Editor" if number % 2 else "")

    def names(text: str, **query: Any) -> list[str]:
        answer = directory.client.get(f"{BASE}/Users", {"filter": text, **query})
        assert answer.status_code == 200, answer.content.decode()
        return [each["userName"].partition("@")[0] for each in answer.json()["Resources"]]

    assert names('userName eq "USER1@idp.test"') == ["user1"]
    assert names('externalId eq "X3" or externalId eq "X4"') == ["user3", "user4"]
    assert names('emails[type eq "work" and value sw "user2"]') == ["user2"]
    assert names('title pr and not (userName co "1")') == ["user3"]
    assert names('urn:ietf:params:scim:schemas:core:2.0:User:userName ew "0@idp.test"') == ["user0"]
    assert names("active eq true", startIndex=2, count=2) == ["user1", "user2"]
    assert names('id eq "no-id"') == []
    asked = {"filter": 'userName sw "user4"', "attributes": ["userName"]}
    for place in ("/Users/.search", "/.search"):
        found = directory("POST", place, asked).json()
        assert [each["userName"] for each in found["Resources"]] == ["user4@idp.test"]
    page = directory.client.get(f"{BASE}/Users", {"count": 0}).json()
    assert (page["totalResults"], page["Resources"]) == (5, [])
    one = directory.client.get(f"{BASE}/Users", {"attributes": "userName", "count": 1}).json()
    assert set(one["Resources"][0]) == {"schemas", "id", "userName", "meta"}


@pytest.mark.parametrize(
    "text",
    [
        "userName",
        "userName eq",
        'userName xx "a"',
        'password eq "a"',
        "(" * 50,
        'userName eq "a" and',
        "a" * 2000,
        'user__password sw "a"',
        'id co "a"',
        'meta.created gt "yesterday"',
        'userName eq "a" or ]',
    ],
)
def test_filter_that_cannot_be_followed_is_said(cast: Cast, directory: Directory, text: str):
    answer = directory.client.get(f"{BASE}/Users", {"filter": text})

    assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidFilter")


def test_versions_guard_against_writing_over(cast: Cast, directory: Directory):
    made = directory.add("ben@acme.test")
    path = f"/Users/{made['id']}"
    change = {"op": "replace", "path": "title", "value": "Editor"}

    first = directory.patch(path, change, If_Match=made["meta"]["version"])
    stale = directory.patch(path, {**change, "value": "Chief"}, If_Match=made["meta"]["version"])

    assert (first.status_code, stale.status_code) == (200, 412)
    assert first["ETag"] == 'W/"2"'
    assert directory("GET", path, If_None_Match='W/"2"').status_code == 304
    assert directory("DELETE", path, If_Match='W/"1"').status_code == 412
    assert member_of(cast, cast.ben).job_title == "Editor"


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ({}, 400, "invalidValue"),
        ({"userName": "a", "emails": "b"}, 400, "invalidValue"),
        ({"userName": "a" * 300}, 400, "invalidValue"),
        ({"userName": "a\x00b"}, 400, "invalidValue"),
        ({"userName": "a", "active": "perhaps"}, 400, "invalidValue"),
        ([], 400, "invalidSyntax"),
        ({"userName": "BEN@acme.test"}, 409, "uniqueness"),
    ],
)
def test_bad_documents_are_refused_and_nothing_is_kept(
    cast: Cast, directory: Directory, body: Any, status: int, kind: str
):
    directory.add("ben@acme.test")

    answer = directory("POST", "/Users", body)

    assert (answer.status_code, answer.json()["scimType"]) == (status, kind)
    assert answer.json()["schemas"] == [ERROR]
    with workspace_scope(cast.acme.pk):
        assert DirectoryUser.objects.count() == 1


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        ({"op": "replace", "path": "id", "value": "x"}, "mutability"),
        ({"op": "replace", "path": "a[b", "value": "x"}, "invalidPath"),
        ({"op": "remove"}, "noTarget"),
        ({"op": "explode", "path": "title"}, "invalidSyntax"),
        ({"op": "replace", "path": "userName", "value": None}, "invalidValue"),
    ],
)
def test_bad_patches_are_refused(cast: Cast, directory: Directory, operation: dict[str, Any], kind: str):
    made = directory.add("ben@acme.test")

    answer = directory.patch(f"/Users/{made['id']}", operation)

    assert (answer.status_code, answer.json()["scimType"]) == (400, kind)


def test_key_is_shown_once_and_kept_as_a_hash(cast: Cast, client_as):
    owner = client_as(cast.ana)

    page = owner.post("/w/acme/log-in/keys/").content.decode()

    secret = page.split('id="new-key" value="')[1].split('"')[0]
    assert secret.startswith("cb_scm_")
    assert Directory(secret)("GET", "/Users").status_code == 200
    assert secret not in owner.get("/w/acme/log-in/").content.decode()
    assert client_as(cast.ben).post("/w/acme/log-in/keys/").status_code == 403
