"""Invitations: by mail, for one address, once, for seven days."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client, override_settings

from core.clock import now
from core.errors import Invalid, NotAllowed, WrongState
from core.refs import Ref
from teams.models import AccessKey, Invitation, Membership, Role, User
from teams.services import invitations, keys
from teams.services.invitations import invite_member, mail_due_invitations, mail_invitation, revoke_invitation
from teams.services.keys import create_token, find_key, make_key
from teams.states import KeyKind, RoleKey
from teams.tenancy import workspace_scope
from tests.factories.people import PASSWORD

NEW = "lia@acme.test"
JOIN = {"name": "Lia Noor", "password": "a long enough password"}


def invite(cast, email: str = NEW, role: RoleKey = RoleKey.MANAGER, by: str = "ana") -> Invitation:
    with workspace_scope(cast.acme.pk):
        found = Role.objects.get(key=role)
        return invite_member(email=email, role=found, by=cast.actor(by))


def mailed(cast, email: str = NEW) -> str:
    """Return the path of the link in the latest mail to an address."""
    invitation = invite(cast, email)
    assert mail_invitation(workspace_id=cast.acme.pk, invitation_id=invitation.pk)
    message = mail.outbox[-1]
    assert message.to == [email]
    return re.search(r"https?://[^/]+(/invitation/\S+)", message.body)[1]


def test_a_new_person_joins_by_the_mailed_link(cast, client):
    page = client.get(mailed(cast), follow=True)
    assert "Join Acme Kopi" in page.content.decode()
    response = client.post("/invitation/", JOIN)
    assert response["Location"].startswith("/w/acme/")
    assert client.get("/w/acme/members/").status_code == 200
    with workspace_scope(cast.acme.pk):
        member = Membership.objects.select_related("user", "role").get(user__email=NEW)
    assert (member.user.name, member.role.key) == ("Lia Noor", RoleKey.MANAGER)
    assert member.user.emailaddress_set.get().verified


def test_the_secret_leaves_the_address_at_once(cast, client):
    link = mailed(cast)
    response = client.get(link)
    assert (response["Location"], response["Referrer-Policy"]) == ("/invitation/", "no-referrer")
    assert link.split("/")[2] not in client.get("/invitation/").content.decode()


def test_a_link_works_once(cast, client):
    link = mailed(cast)
    client.get(link)
    client.post("/invitation/", JOIN)
    assert Client().get(link, follow=True).status_code == 404


def test_two_browsers_that_opened_one_link_make_one_member(cast):
    link, first, second = mailed(cast), Client(), Client()
    first.get(link)
    second.get(link)
    assert first.post("/invitation/", JOIN).status_code == 302
    assert second.post("/invitation/", JOIN | {"name": "Other"}).status_code == 404
    assert User.objects.filter(email=NEW).count() == 1


def test_a_link_dies_after_seven_days(cast, client):
    link = mailed(cast)
    AccessKey.objects.filter(kind=KeyKind.INVITATION).update(expires_at=now() - timedelta(seconds=1))
    assert client.get(link, follow=True).status_code == 404


def test_a_link_opened_in_time_dies_after_seven_days_too(cast, client):
    client.get(mailed(cast))
    key = AccessKey.objects.get(kind=KeyKind.INVITATION)
    assert timedelta(days=6, hours=23) < key.expires_at - now() <= timedelta(days=7)
    AccessKey.objects.filter(pk=key.pk).update(expires_at=now() - timedelta(seconds=1))
    assert client.post("/invitation/", JOIN).status_code == 404
    assert not User.objects.filter(email=NEW).exists()


def test_a_person_with_an_account_joins_after_logging_in(cast, client):
    client.get(mailed(cast, "eve@other.test"))
    page = client.get("/invitation/").content.decode()
    assert "has an account already" in page
    assert 'name="password"' not in page
    response = client.post(
        "/accounts/login/", {"login": "eve@other.test", "password": PASSWORD, "next": "/invitation/"}
    )
    assert response["Location"] == "/invitation/"
    assert client.post("/invitation/")["Location"].startswith("/w/acme/")
    assert client.get("/w/acme/members/").status_code == 200
    assert client.get("/w/other/members/").status_code == 200


def test_a_link_for_a_known_address_makes_no_second_account(cast, client):
    client.get(mailed(cast, "eve@other.test"))
    assert client.post("/invitation/", JOIN).status_code == 200
    assert client.get("/w/acme/members/").status_code == 302


def test_somebody_else_cannot_use_the_link(cast, client_as):
    link = mailed(cast)
    eve = client_as(cast.eve)
    page = eve.get(link, follow=True)
    assert "You are logged in as eve@other.test" in page.content.decode()
    eve.post("/invitation/")
    assert eve.get("/w/acme/members/").status_code == 404
    with workspace_scope(cast.acme.pk):
        assert Invitation.objects.get().is_open


def test_a_weak_password_is_refused_and_the_form_kept(cast, client):
    client.get(mailed(cast))
    page = client.post("/invitation/", {"name": "Lia Noor", "password": "short"})
    assert page.status_code == 422
    assert 'value="Lia Noor"' in page.content.decode()


def test_no_account_is_made_where_sign_up_is_closed(cast, client):
    client.get(mailed(cast))
    with override_settings(SIGNUP="closed"):
        client.post("/invitation/", JOIN)
    assert not User.objects.filter(email=NEW).exists()


def test_a_taken_back_invitation_opens_nothing(cast, client, client_as):
    link = mailed(cast)
    with workspace_scope(cast.acme.pk):
        invitation = Invitation.objects.get()
    client_as(cast.ana).post(f"/w/acme/invitations/{invitation.pk}/revocation/")
    assert client.get(link, follow=True).status_code == 404


def test_an_invitation_is_closed_once(cast):
    invitation = invite(cast)
    with workspace_scope(cast.acme.pk):
        revoke_invitation(invitation=invitation, by=cast.actor("ana"))
        with pytest.raises(WrongState):
            revoke_invitation(invitation=invitation, by=cast.actor("ana"))


@pytest.mark.parametrize("email", ["ben@acme.test", "BEN@acme.test", "nonsense", ""])
def test_members_and_bad_addresses_are_not_invited(cast, email):
    with pytest.raises(Invalid):
        invite(cast, email)


def test_an_address_is_invited_once_at_a_time(cast):
    invite(cast)
    with pytest.raises(Invalid, match="already"):
        invite(cast, NEW.upper())


def test_a_former_member_is_invited_again_and_joins_again(cast, client):
    from teams.services.members import end_membership

    with workspace_scope(cast.acme.pk):
        ben = Membership.objects.select_related("user", "role").get(pk=cast.ben.pk)
        end_membership(member=ben, by=cast.actor("ana"))
    client.get(mailed(cast, "ben@acme.test"))
    client.post("/accounts/login/", {"login": "ben@acme.test", "password": PASSWORD, "next": "/invitation/"})
    client.post("/invitation/")
    assert client.get("/w/acme/members/").status_code == 200


def test_only_an_owner_invites_an_owner(cast):
    with workspace_scope(cast.acme.pk):
        cast.ben.role = Role.objects.get(key=RoleKey.ADMIN)
        cast.ben.save()
    with pytest.raises(NotAllowed):
        invite(cast, role=RoleKey.OWNER, by="ben")
    assert invite(cast, role=RoleKey.OWNER, by="ana").is_open


def test_who_may_not_invite_is_told_whom_to_ask(cast, client_as):
    page = client_as(cast.ben).post("/w/acme/invitations/", {"email": NEW, "role": ""})
    assert page.status_code == 403
    assert "Ana Rahman" in page.content.decode()
    assert "invite members" in page.content.decode()


# The mail


def test_the_secret_is_in_the_mail_only(cast, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        link = mailed(cast)
    secret = link.split("/")[2]
    key = AccessKey.objects.get(kind=KeyKind.INVITATION)
    assert secret not in f"{vars(key)}{callbacks}"
    assert find_key(secret, KeyKind.INVITATION) == key


def test_a_mail_that_fails_is_tried_again_with_a_new_secret(cast, monkeypatch, client):
    def fail(**mail: object) -> None:
        raise OSError("the mail server is away")

    invitation = invite(cast)
    with monkeypatch.context() as patch:
        patch.setattr(invitations.mail, "send", fail)
        assert not mail_invitation(workspace_id=cast.acme.pk, invitation_id=invitation.pk)
    with workspace_scope(cast.acme.pk):
        waiting = Invitation.objects.get(pk=invitation.pk)
    assert (waiting.mail_attempts, waiting.mailed_at) == (1, None)
    assert timedelta(seconds=50) < waiting.next_mail_at - now() < timedelta(seconds=70)
    assert mail_invitation(workspace_id=cast.acme.pk, invitation_id=invitation.pk)
    usable = [key for key in AccessKey.objects.filter(kind=KeyKind.INVITATION) if key.is_usable(now())]
    assert len(usable) == len(mail.outbox) == 1
    assert not mail_invitation(workspace_id=cast.acme.pk, invitation_id=invitation.pk)
    assert len(mail.outbox) == 1


def test_a_mail_is_given_up_after_eight_tries(cast, monkeypatch):
    def fail(**mail: object) -> None:
        raise OSError("the mail server is away")

    invitation = invite(cast)
    monkeypatch.setattr(invitations.mail, "send", fail)
    for _attempt in range(9):
        mail_invitation(workspace_id=cast.acme.pk, invitation_id=invitation.pk)
    with workspace_scope(cast.acme.pk):
        assert Invitation.objects.get(pk=invitation.pk).next_mail_at is None


def test_the_sweep_mails_what_is_due_and_nothing_twice(live_cast, monkeypatch):
    monkeypatch.setattr(invitations.jobs, "send", lambda *_args, **_kwargs: False)
    invite(live_cast)
    assert mail_due_invitations() == 1
    assert mail_due_invitations() == 0
    assert [message.to for message in mail.outbox] == [[NEW]]


# One secret, one purpose


@pytest.fixture
def secrets_of_all_kinds(acme):
    """A valid secret of every kind, all about the same person and workspace."""
    made = {}
    by = acme.actor("ana")
    for kind in KeyKind:
        if kind == KeyKind.API_TOKEN:
            made[kind] = create_token(member=by.member, purpose="a program", by=by)[1]
            continue
        subject = Ref("teams.membership", by.member.pk)
        made[kind] = make_key(kind=kind, workspace=acme.acme, subject=subject, by=by, purpose="teams.join")[1]
    return made


@pytest.mark.parametrize("asked", list(KeyKind))
@pytest.mark.parametrize("made", list(KeyKind))
def test_a_secret_of_one_kind_opens_nothing_of_another(secrets_of_all_kinds, made, asked):
    assert (find_key(secrets_of_all_kinds[made], asked) is not None) == (made == asked)


@pytest.mark.parametrize("made", list(KeyKind))
@pytest.mark.parametrize("claimed", list(KeyKind))
def test_a_secret_dressed_up_as_another_kind_opens_nothing(secrets_of_all_kinds, made, claimed):
    body = secrets_of_all_kinds[made].removeprefix(keys._PREFIX[made])
    dressed = keys._PREFIX[claimed] + body
    assert (find_key(dressed, claimed) is not None) == (made == claimed)


@pytest.mark.parametrize("kind", list(KeyKind))
def test_every_door_takes_its_own_kind_only(secrets_of_all_kinds, kind):
    secret = secrets_of_all_kinds[kind]
    api = Client().get("/api/v1/w/acme/members/", HTTP_AUTHORIZATION=f"Bearer {secret}")
    assert api.status_code == (200 if kind == KeyKind.API_TOKEN else 401)
    site = Client().get("/api/v1/workspaces/", HTTP_AUTHORIZATION=f"Bearer {secret}")
    assert site.status_code == (200 if kind == KeyKind.API_TOKEN else 401)
    link = Client().get(f"/invitation/{secret}/")
    assert link.status_code == (302 if kind == KeyKind.INVITATION else 404)


def test_an_invitation_key_for_another_subject_admits_nobody(secrets_of_all_kinds):
    browser = Client()
    browser.get(f"/invitation/{secrets_of_all_kinds[KeyKind.INVITATION]}/")
    assert browser.get("/invitation/").status_code == 404
