"""An operator gets into a workspace by a visit only: timed, with a reason, on record, without changing anything."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client

from activity.models import Entry
from core.clock import as_of, now
from core.errors import NotAllowed, WrongState
from teams.models import Membership, StaffSession, User
from teams.services.staff import open_staff_session, staff_actor
from teams.tenancy import workspace_scope
from tests.factories.people import Cast, make_user, prove
from tests.rules.routes import routes

MEMBERS = "/w/acme/members/"
REASON = "Ana asked why a post failed"


@pytest.fixture
def sam(cast: Cast) -> User:
    """The operator of the installation."""
    return make_user("Sam Ong", "sam@operator.test", is_staff=True)


@pytest.fixture
def desk(sam: User) -> Client:
    """Sam's browser, in which he showed his second step just now."""
    cache.clear()
    found = Client()
    found.force_login(sam, backend="allauth.account.auth_backends.AuthenticationBackend")
    return prove(found, "mfa")


def begin(desk: Client, **changes: str):
    return desk.post("/operator/", {"workspace": "acme", "reason": REASON, "minutes": "15", **changes})


def test_operator_is_a_stranger_without_a_visit(desk: Client):
    assert desk.get(MEMBERS).status_code == 404
    assert desk.get("/api/v1/w/acme/members/").status_code == 404


def test_visit_opens_the_workspace_to_the_eye_for_its_time_and_no_longer(desk: Client, cast: Cast):
    assert begin(desk).status_code == 302

    page = desk.get(MEMBERS)
    assert page.status_code == 200
    assert "You look at this workspace as an operator" in page.content.decode()
    listed = desk.get("/api/v1/w/acme/members/").json()["results"]
    assert "Sam Ong" not in {row["name"] for row in listed}
    assert desk.get("/w/other/members/").status_code == 404
    with as_of(now() + timedelta(minutes=14)):
        assert desk.get(MEMBERS).status_code == 200
    with as_of(now() + timedelta(minutes=15)):
        assert desk.get(MEMBERS).status_code == 404
        assert desk.get("/api/v1/w/acme/members/").status_code == 404


def test_everybody_sees_the_visit_and_the_record_keeps_it(desk: Client, cast: Cast, client_as):
    begin(desk)
    banner = "An operator of this installation looks at this workspace."

    assert banner in client_as(cast.vera).get(MEMBERS).content.decode()
    assert banner not in client_as(cast.eve).get("/w/other/members/").content.decode()
    ana = client_as(cast.ana)
    page = ana.get("/w/acme/security/").content.decode()
    assert REASON in page
    assert "Sam Ong" in page
    with workspace_scope(cast.acme.pk):
        visit = StaffSession.objects.get()
        entry = Entry.objects.get(verb="teams.staff.entered")
    assert (entry.actor_kind, entry.subject_id) == ("staff", visit.pk)

    assert ana.post(f"/w/acme/visits/{visit.pk}/ending/").status_code == 302
    assert desk.get(MEMBERS).status_code == 404
    assert banner not in client_as(cast.vera).get(MEMBERS).content.decode()
    with workspace_scope(cast.acme.pk):
        assert Entry.objects.filter(verb="teams.staff.left").count() == 1


def test_operator_ends_the_visit_himself(desk: Client):
    begin(desk)

    assert desk.post("/operator/acme/ending/").status_code == 302

    assert desk.get(MEMBERS).status_code == 404
    assert desk.post("/operator/acme/ending/").status_code == 404


def test_no_page_breaks_for_an_operator_and_none_lets_him_write(desk: Client, cast: Cast):
    """Every address of the workspace: what only looks is no error of ours, what writes is refused as such."""
    begin(desk)
    wrong = []
    for route in routes():
        if route.access is None or route.access.kind != "member" or route.places:
            continue
        for method in route.access.methods:
            path = route.path("acme", {})
            answer = desk.generic(method, path, "{}", content_type="application/json")
            is_safe = method == "GET"
            fits = answer.status_code < 500 if is_safe else answer.status_code == 403
            if not fits:
                wrong.append(f"{method} {path}: {answer.status_code}")
    assert wrong == []


def test_visit_needs_a_second_step_shown_just_now(desk: Client, cast: Cast):
    by_password = begin(prove(desk))
    by_old_proof = begin(prove(desk, "mfa", minutes_ago=16))

    assert by_password.status_code == by_old_proof.status_code == 422
    with workspace_scope(cast.acme.pk):
        assert not StaffSession.objects.exists()


@pytest.mark.parametrize(
    "changes", [{"reason": "because"}, {"minutes": "600"}, {"workspace": "nowhere"}, {"reason": " " * 40}]
)
def test_visit_has_a_reason_a_span_and_a_place(desk: Client, cast: Cast, changes: dict[str, str]):
    assert begin(desk, **changes).status_code == 422
    with workspace_scope(cast.acme.pk):
        assert not StaffSession.objects.exists()


def test_nobody_but_an_operator_visits_and_a_member_needs_none(cast: Cast, client_as):
    assert client_as(cast.eve).get("/operator/").status_code == 404
    assert client_as(cast.eve).post("/operator/", {"workspace": "acme"}).status_code == 404
    with pytest.raises(NotAllowed):
        open_staff_session(user=cast.eve.user, slug="acme", reason=REASON, minutes=15)
    User.objects.filter(pk=cast.ben.user_id).update(is_staff=True)
    cast.ben.user.refresh_from_db()
    with pytest.raises(WrongState):
        open_staff_session(user=cast.ben.user, slug="acme", reason=REASON, minutes=15)


def test_operator_who_is_one_no_longer_is_out_at_once(desk: Client, sam: User):
    begin(desk)
    User.objects.filter(pk=sam.pk).update(is_staff=False)

    assert desk.get(MEMBERS).status_code == 404


def test_operator_stands_in_no_list_and_holds_rights_to_look_only(desk: Client, cast: Cast, sam: User):
    begin(desk)
    with workspace_scope(cast.acme.pk):
        member = Membership.objects.select_related("user", "role").get(user=sam)
        assert not member.is_active
        assert {name.rpartition(".")[2] for name in staff_actor(member).verbs} == {"see"}
