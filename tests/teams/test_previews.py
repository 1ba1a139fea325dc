"""Looking as another role: what it sees, nothing changed, on record, and over by itself (R7.10)."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from activity.models import Entry
from calendar_app.models import Post
from calendar_app.permissions import SEE
from core.clock import now
from notifications.models import Notice
from teams.models import Role
from teams.permissions import verbs_of
from teams.services.members import assign_role
from teams.services.previews import PREVIEW
from teams.services.roles import LimitInput, create_role
from tests.approvals.test_api import submit_for
from tests.factories.posts import make_channel, make_post
from tests.teams.test_absences import fresh

ROOT = "/w/acme/"


def look_as(client: Client, role: Role):
    return client.post(f"{ROOT}roles/{role.pk}/preview/")


def words(response) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


@pytest.fixture
def ana(cast, acme, client_as) -> Client:
    return client_as(cast.ana)


def test_a_look_shows_what_the_role_sees_and_says_so_on_every_page(acme, ana):
    """R7.10: the pages and doors of the role, with a banner; the own ones again when it is ended by hand."""
    viewer = Role.objects.get(key="viewer")
    assert look_as(ana, viewer).status_code == 302
    assert "You look as Viewer and can change nothing." in words(ana.get(f"{ROOT}work/"))
    assert ana.get(f"{ROOT}security/").status_code == 403
    assert "New role" not in words(ana.get(f"{ROOT}roles/"))
    assert ana.post("/preview/acme/ending/").status_code == 302
    assert "You look as" not in words(ana.get(f"{ROOT}work/"))
    assert ana.get(f"{ROOT}security/").status_code == 200
    verbs = ["teams.role.previewed", "teams.role.preview_ended"]
    entries = Entry.objects.filter(verb__in=verbs).order_by("id")
    assert [(e.verb, e.actor_id, e.subject_id) for e in entries] == [
        (v, acme.ana.pk, viewer.pk) for v in verbs
    ]


def test_limits_of_the_role_hold_in_the_look(acme, ana):
    make_post(acme, title="On the newsroom")
    make_post(acme, title="On Mastodon", channels=[make_channel(acme)], by="jun")
    rights = sorted(verbs_of(Role.objects.get(key="viewer")))
    limit = LimitInput([SEE], networks=["mastodon"])
    look_as(ana, create_role(name="Toots", rights=rights, limits=[limit], by=acme.actor("ana")))
    page = words(ana.get(f"{ROOT}posts/"))
    assert ("On Mastodon" in page, "On the newsroom" in page) == (True, False)


def test_no_write_passes_while_somebody_looks(acme, ana, cast):
    """R7.10: forms and programs of the session are refused, and what a page notes in passing is taken back."""
    submit_for(cast, "ben")
    post = make_post(acme)
    look_as(ana, Role.objects.get(key="admin"))
    before = Post.objects.count(), Entry.objects.count()
    for address in (f"{ROOT}roles/new/", f"{ROOT}posts/{post.pk}/schedule/", f"{ROOT}teams/new/"):
        assert ana.post(address, {"name": "x", "rights": []}).status_code == 403, address
    answer = ana.post("/api/v1/w/acme/notes/", {"text": "x"}, content_type="application/json")
    assert answer.status_code == 403
    assert (Post.objects.count(), Entry.objects.count()) == before
    notice = Notice.objects.filter(member=acme.ana, read_at=None).first()
    if notice is not None:
        ana.get(f"{ROOT}notices/{notice.pk}/")
        assert Notice.objects.get(pk=notice.pk).read_at is None


def test_a_look_ends_by_itself_and_with_the_right_to_begin_it(acme, ana):
    """R7.10: after a quarter of an hour, when the role is gone, and when its maker may make roles no more."""
    role = create_role(name="Desk", rights=["teams.workspace.see", "home.work.see"], by=acme.actor("ana"))
    page = f"{ROOT}work/"
    look_as(ana, role)
    assert "You look as Desk" in words(ana.get(page))
    session = ana.session
    session[PREVIEW] = {**session[PREVIEW], "until": (now() - timedelta(seconds=1)).isoformat()}
    session.save()
    assert "You look as" not in words(ana.get(page))
    look_as(ana, role)
    Role.objects.filter(pk=role.pk).delete()
    assert "You look as" not in words(ana.get(page))
    look_as(ana, Role.objects.get(key="viewer"))
    assign_role(member=fresh(acme.ben), role=Role.objects.get(key="owner"), by=acme.actor("ana"))
    assign_role(member=fresh(acme.ana), role=Role.objects.get(key="manager"), by=acme.actor("ben"))
    assert "You look as" not in words(ana.get(page))


def test_nobody_looks_beyond_his_own_rights_or_without_the_right(acme, cast, client_as):
    """R7.10: a look never shows more than its beginner may see; it is for who makes roles."""
    admin = client_as(cast.cleo)
    assert look_as(admin, Role.objects.get(key="viewer")).status_code == 403
    assign_role(member=fresh(acme.cleo), role=Role.objects.get(key="admin"), by=acme.actor("ana"))
    assert look_as(admin, Role.objects.get(key="owner")).status_code == 403
    rights = ["teams.role.edit", "teams.workspace.see", "teams.member.see", "home.work.see"]
    narrow = create_role(name="Roles only", rights=rights, by=acme.actor("ana"))
    assign_role(member=fresh(acme.cleo), role=narrow, by=acme.actor("ana"))
    assert look_as(admin, Role.objects.get(key="lead")).status_code == 302
    assert admin.get(f"{ROOT}posts/").status_code == 403


def test_a_look_stays_in_its_workspace(acme, cast, ana):
    look_as(ana, Role.objects.get(key="viewer"))
    assert ana.session[PREVIEW]["workspace"] == str(cast.acme.pk)
    assert "You look as" not in words(ana.get("/"))
