"""Members, teams, roles, tokens and settings as pages: what people see and what stands afterwards."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core.errors import Invalid, NotAllowed, WrongState
from teams.holdings import holdings_of
from teams.models import AccessKey, Membership, Role, Team, Workspace
from teams.services.groups import change_team, create_team, delete_team
from teams.services.keys import create_token, revoke_key
from teams.services.members import assign_role, end_membership
from teams.services.roles import change_role, create_role, delete_role
from teams.services.workspaces import configure_workspace
from teams.states import RoleKey
from tests.factories.people import make_member, make_user

BASE = "/w/acme/"


def role(key: RoleKey) -> Role:
    return Role.objects.get(key=key)


def fresh(member: Membership) -> Membership:
    return Membership.objects.select_related("user", "role", "workspace").get(pk=member.pk)


def demote_to_admin(cast, name: str = "ben") -> Membership:
    member = fresh(getattr(cast, name))
    return assign_role(member=member, role=role(RoleKey.ADMIN), by=cast.actor("ana"))


def text(response) -> str:
    return response.content.decode()


# Members


def test_everybody_sees_the_members(cast, client_as):
    page = text(client_as(cast.vera).get(BASE + "members/"))
    assert all(name in page for name in ("Ana Rahman", "Ben Tan", "Cleo Marchetti"))
    assert "Send the invitation" not in page


def test_an_admin_sees_the_form_to_invite(cast, client_as):
    assert "Send the invitation" in text(client_as(cast.ana).get(BASE + "members/"))


def queries_of(client: Client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as found:
        assert client.get(address).status_code == 200
    return len(found)


@pytest.mark.parametrize("page", ["members/", "teams/", "absences/", "roles/", "activity/"])
def test_a_list_asks_no_more_for_more_rows(cast, client_as, acme, page):
    client = client_as(cast.ana)

    def add(number: int) -> None:
        user = make_user(f"Member {number}", f"member{number}@acme.test")
        member = make_member(cast.acme, user, RoleKey.MANAGER)
        create_team(name=f"Team {number}", members=[fresh(member), fresh(cast.jun)], by=cast.actor("ana"))

    add(1)
    few = queries_of(client, BASE + page)
    add(2)
    add(3)
    assert queries_of(client, BASE + page) == few


def test_a_role_is_changed_and_holds_from_the_next_request(cast, client_as, acme):
    ana, ben = client_as(cast.ana), client_as(cast.ben)
    assert ben.get(BASE + "settings/").status_code == 403
    ana.post(f"{BASE}members/{cast.ben.pk}/role/", {"role": role(RoleKey.ADMIN).pk})
    assert ben.get(BASE + "settings/").status_code == 200


def test_the_last_owner_stays_owner(acme):
    ana = fresh(acme.ana)
    with pytest.raises(WrongState, match="at least one owner"):
        assign_role(member=ana, role=role(RoleKey.ADMIN), by=acme.actor("ana"))
    with pytest.raises(WrongState, match="at least one owner"):
        end_membership(member=ana, by=acme.actor("ana"))


def test_an_owner_may_go_when_there_is_another(acme):
    assign_role(member=fresh(acme.ben), role=role(RoleKey.OWNER), by=acme.actor("ana"))
    by = acme.actor("ben")
    heirs = {line.key: fresh(acme.ben) for _app, line in holdings_of(by, fresh(acme.ana))}
    assert not end_membership(member=fresh(acme.ana), heirs=heirs, by=by).is_active


def test_an_admin_neither_makes_nor_unmakes_owners(acme):
    demote_to_admin(acme)
    with pytest.raises(NotAllowed):
        assign_role(member=fresh(acme.cleo), role=role(RoleKey.OWNER), by=acme.actor("ben"))
    with pytest.raises(NotAllowed):
        assign_role(member=fresh(acme.ana), role=role(RoleKey.VIEWER), by=acme.actor("ben"))
    with pytest.raises(NotAllowed):
        end_membership(member=fresh(acme.ana), by=acme.actor("ben"))


def test_a_refusal_names_the_missing_right_and_whom_to_ask(cast, client_as):
    page = client_as(cast.ben).post(f"{BASE}members/{cast.vera.pk}/ending/")
    assert page.status_code == 403
    assert "end memberships" in text(page)
    assert "Ana Rahman" in text(page)


def test_who_leaves_loses_page_token_teams_and_grants_with_the_next_request(cast, client_as, acme):
    ben = client_as(cast.ben)
    _key, secret = create_token(member=fresh(cast.ben), purpose="a program", by=cast.actor("ben"))
    create_team(name="Writers", members=[fresh(cast.ben)], by=cast.actor("ana"))
    api = Client()
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {secret}"}
    assert (
        ben.get(BASE + "members/").status_code,
        api.get("/api/v1/w/acme/members/", **bearer).status_code,
    ) == (
        200,
        200,
    )
    client_as(cast.ana).post(f"{BASE}members/{cast.ben.pk}/ending/")
    assert ben.get(BASE + "members/").status_code == 404
    assert api.get("/api/v1/w/acme/members/", **bearer).status_code == 401
    assert not cast.ben.user.groups.exists()
    assert not Team.objects.get().members.exists()


def test_a_member_of_two_workspaces_keeps_the_other(cast, client_as):
    from teams.services.members import add_member
    from teams.tenancy import workspace_scope

    with workspace_scope(cast.acme.pk):
        eve = add_member(
            workspace=cast.acme, user=cast.eve.user, role=role(RoleKey.VIEWER), by=cast.actor("ana")
        )
        end_membership(member=fresh(eve), by=cast.actor("ana"))
    client = client_as(cast.eve)
    assert client.get("/w/acme/members/").status_code == 404
    assert client.get("/w/other/members/").status_code == 200


# Roles


def test_a_role_of_the_workspaces_own_gives_what_it_names(cast, client_as, acme):
    made = create_role(
        name="Auditor", rights=["activity.entry.see", "teams.workspace.configure"], by=cast.actor("ana")
    )
    assign_role(member=fresh(cast.vera), role=made, by=cast.actor("ana"))
    client = client_as(cast.vera)
    assert client.get(BASE + "settings/").status_code == 200
    assert client.get(BASE + "members/").status_code == 403


def test_nobody_makes_a_role_with_rights_beyond_their_own(acme):
    demote_to_admin(acme)
    with pytest.raises(NotAllowed, match="only rights that you have"):
        create_role(name="Strong", rights=["teams.role.assign_owner"], by=acme.actor("ben"))


def test_nobody_hands_out_or_takes_a_role_with_rights_beyond_their_own(acme):
    strong = create_role(name="Strong", rights=["teams.role.assign_owner"], by=acme.actor("ana"))
    assign_role(member=fresh(acme.cleo), role=strong, by=acme.actor("ana"))
    demote_to_admin(acme)
    with pytest.raises(NotAllowed, match="rights that you have not"):
        assign_role(member=fresh(acme.ben), role=strong, by=acme.actor("ben"))
    with pytest.raises(NotAllowed, match="rights that you have not"):
        end_membership(member=fresh(acme.cleo), by=acme.actor("ben"))
    with pytest.raises(NotAllowed, match="rights that you have not"):
        change_role(role=strong, rights=[], by=acme.actor("ben"))


def test_a_role_of_ones_own_making_hands_out_no_built_in_role_above_it(acme):
    """Whoever may assign by a role of the workspace's making must hold what he gives, Admin's rights too."""
    doors = create_role(name="Doors", rights=["teams.member.see", "teams.role.assign"], by=acme.actor("ana"))
    assign_role(member=fresh(acme.vera), role=doors, by=acme.actor("ana"))
    for whom in ("vera", "jun"):
        with pytest.raises(NotAllowed, match="rights that you have not"):
            assign_role(member=fresh(getattr(acme, whom)), role=role(RoleKey.ADMIN), by=acme.actor("vera"))
    with pytest.raises(NotAllowed, match="rights that you have not"):
        assign_role(member=fresh(acme.cleo), role=doors, by=acme.actor("vera"))


def test_built_in_roles_stay_as_they_are(acme):
    with pytest.raises(WrongState):
        change_role(role=role(RoleKey.VIEWER), name="Spectator", by=acme.actor("ana"))
    with pytest.raises(WrongState):
        delete_role(role=role(RoleKey.VIEWER), by=acme.actor("ana"))


def test_a_role_in_use_is_not_deleted(acme):
    made = create_role(name="Auditor", rights=["activity.entry.see"], by=acme.actor("ana"))
    assign_role(member=fresh(acme.vera), role=made, by=acme.actor("ana"))
    with pytest.raises(WrongState):
        delete_role(role=made, by=acme.actor("ana"))
    assign_role(member=fresh(acme.vera), role=role(RoleKey.VIEWER), by=acme.actor("ana"))
    delete_role(role=made, by=acme.actor("ana"))
    assert not Role.objects.filter(pk=made.pk).exists()


def test_an_unknown_right_is_refused(acme):
    with pytest.raises(Invalid):
        create_role(name="Odd", rights=["teams.everything.do"], by=acme.actor("ana"))


def test_my_rights_say_where_each_comes_from(cast, client_as):
    page = text(client_as(cast.vera).get(BASE + "rights/"))
    assert "by the role Viewer" in page
    assert "the role does not include this" in page


# Teams


def test_a_team_is_made_changed_and_deleted_from_pages(cast, client_as, acme):
    ana = client_as(cast.ana)
    ana.post(BASE + "teams/new/", {"name": "Writers", "members": [cast.ben.pk, cast.jun.pk]})
    team = Team.objects.get()
    assert {member.user.name for member in team.members.all()} == {"Ben Tan", "Jun Wong"}
    assert set(team.group.user_set.values_list("email", flat=True)) == {"ben@acme.test", "jun@acme.test"}
    ana.post(f"{BASE}teams/{team.pk}/", {"name": "Editors", "members": [cast.jun.pk]})
    assert "Editors" in text(ana.get(BASE + "teams/"))
    assert set(team.group.user_set.values_list("email", flat=True)) == {"jun@acme.test"}
    ana.post(f"{BASE}teams/{team.pk}/deletion/")
    assert not Team.objects.exists()


def test_two_teams_cannot_share_a_name(acme):
    create_team(name="Writers", members=[], by=acme.actor("ana"))
    with pytest.raises(Invalid, match="Another team"):
        create_team(name="Writers", members=[], by=acme.actor("ana"))


def test_only_leads_edit_teams(acme):
    team = create_team(name="Writers", members=[], by=acme.actor("cleo"))
    for name in ("ben", "vera"):
        with pytest.raises(NotAllowed):
            change_team(team=team, name="Mine", by=acme.actor(name))
        with pytest.raises(NotAllowed):
            delete_team(team=team, by=acme.actor(name))


# Tokens


def test_a_token_is_shown_once(cast, client_as):
    client = client_as(cast.ben)
    page = client.post(BASE + "tokens/", {"purpose": "Reports", "days": "90"})
    secret = re.search(r"cb_api_[\w-]{43}", text(page))[0]
    assert page["Cache-Control"] == "no-store"
    again = text(client.get(BASE + "tokens/"))
    assert secret not in again
    assert f"…{secret[-4:]}" in again
    assert Client().get("/api/v1/w/acme/members/", HTTP_AUTHORIZATION=f"Bearer {secret}").status_code == 200


def test_the_database_does_not_know_the_secret(acme):
    _key, secret = create_token(member=fresh(acme.ben), purpose="Reports", by=acme.actor("ben"))
    assert secret not in str([vars(key) for key in AccessKey.objects.all()])


def test_a_revoked_token_is_refused_on_the_next_request(cast, client_as, acme):
    key, secret = create_token(member=fresh(cast.ben), purpose="Reports", by=cast.actor("ben"))
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {secret}"}
    assert Client().get("/api/v1/w/acme/members/", **bearer).status_code == 200
    client_as(cast.ben).post(f"{BASE}tokens/{key.pk}/revocation/")
    assert Client().get("/api/v1/w/acme/members/", **bearer).status_code == 401


def test_an_admin_takes_back_a_members_token_and_a_member_no_others(cast, client_as, acme):
    key, _secret = create_token(member=fresh(cast.ben), purpose="Reports", by=cast.actor("ben"))
    with pytest.raises(NotAllowed):
        revoke_key(key=key, by=cast.actor("jun"))
    assert client_as(cast.jun).post(f"{BASE}tokens/{key.pk}/revocation/").status_code == 404
    client_as(cast.ana).post(f"{BASE}tokens/{key.pk}/revocation/")
    assert AccessKey.objects.get(pk=key.pk).revoked_at is not None


@pytest.mark.parametrize(("purpose", "days"), [("", 90), ("x" * 121, 90), ("Reports", 0), ("Reports", 367)])
def test_a_token_needs_a_purpose_and_a_bounded_life(acme, purpose, days):
    with pytest.raises(Invalid):
        create_token(member=fresh(acme.ben), purpose=purpose, days=days, by=acme.actor("ben"))


def test_nobody_makes_a_token_for_somebody_else(acme):
    with pytest.raises(NotAllowed):
        create_token(member=fresh(acme.jun), purpose="Reports", by=acme.actor("ana"))


def test_a_member_holds_fifty_tokens_at_most(acme):
    by, ben = acme.actor("ben"), fresh(acme.ben)
    for number in range(50):
        create_token(member=ben, purpose=f"Program {number}", by=by)
    with pytest.raises(Invalid, match="50 tokens"):
        create_token(member=ben, purpose="One more", by=by)


# Settings


def test_settings_are_saved_and_the_others_kept(cast, client_as):
    Workspace.objects.filter(pk=cast.acme.pk).update(settings={"lock_approved": True})
    facts = {
        "name": "Acme",
        "timezone": "Asia/Tokyo",
        "language": "ms",
        "approval": "off",
        "lock_approved": "",
        "time_out_hours": "8",
    }
    client_as(cast.ana).post(BASE + "settings/", facts)
    saved = Workspace.objects.get(pk=cast.acme.pk)
    assert (saved.name, saved.timezone, saved.language) == ("Acme", "Asia/Tokyo", "ms")
    assert saved.settings == {"approval": "off", "lock_approved": False, "time_out_hours": 8}


@pytest.mark.parametrize(
    "changes",
    [
        {"timezone": "Mars/Base"},
        {"language": "xx"},
        {"name": ""},
        {"settings": {"approval": "maybe"}},
        {"settings": {"unknown": 1}},
        {"settings": "off"},
    ],
)
def test_settings_that_make_no_sense_are_refused(acme, changes):
    with pytest.raises(Invalid):
        configure_workspace(workspace=acme.acme, changes=changes, by=acme.actor("ana"))


def test_a_workspace_is_configured_by_its_own_people_only(acme):
    from core.errors import NotFound

    with pytest.raises(NotFound):
        configure_workspace(workspace=acme.other, changes={"name": "Mine"}, by=acme.actor("ana"))


# The own account


def test_the_own_account_is_changed(cast, client_as):
    client = client_as(cast.ben)
    client.post("/account/", {"name": "Benjamin Tan", "language": "ms", "timezone": "Asia/Tokyo"})
    cast.ben.user.refresh_from_db()
    assert (cast.ben.user.name, cast.ben.user.language, cast.ben.user.timezone) == (
        "Benjamin Tan",
        "ms",
        "Asia/Tokyo",
    )


def test_theme_rows_and_language_are_chosen_from_the_menu(cast, client_as):
    client = client_as(cast.ben)
    assert client.post("/account/appearance/", {"theme": "dark", "next": BASE + "members/"})["Location"] == (
        BASE + "members/"
    )
    client.post("/account/appearance/", {"density": "compact"})
    client.post("/i18n/setlang/", {"language": "ms"})
    page = text(client.get(BASE + "members/"))
    assert 'lang="ms"' in page
    assert 'data-theme="dark"' in page
    assert 'data-density="compact"' in page


@pytest.mark.parametrize("address", ["/account/appearance/", "/i18n/setlang/"])
def test_a_choice_leads_to_no_foreign_site(db, client, address):
    assert client.post(address, {"next": "https://evil.test/"})["Location"] == "/"


def test_a_stranger_chooses_the_theme_for_this_browser(db, client):
    client.post("/account/appearance/", {"theme": "dark"})
    assert 'data-theme="dark"' in text(client.get("/accounts/login/"))
