"""Invitations: an address is asked by mail; who holds the mail's secret may join, once, within seven days."""

from datetime import timedelta
from typing import cast
from uuid import UUID

import structlog
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, connection, transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from core import jobs, mail
from core.clock import now
from core.errors import Invalid, NotAllowed, NotFound, WrongState
from core.record import record
from core.refs import Ref
from teams.actors import Actor
from teams.directory import hold_directory
from teams.models import AccessKey, Invitation, Membership, Role, User
from teams.permissions import require
from teams.services.keys import make_key
from teams.services.members import add_member, require_right_over_role
from teams.states import KeyKind, MemberStatus
from teams.tenancy import workspace_scope

log = structlog.get_logger(__name__)

VALID_FOR = timedelta(days=7)
MAIL_TASK = "teams.mail_invitation"
MOST_MAILS = 8
MOST_OPEN = 200
BATCH = 50
PURPOSE = "teams.join"


def invite_member(*, email: str, role: Role, by: Actor) -> Invitation:
    """Ask an address to join with a role; the dispatcher finds the row and has the mail sent within a second.

    Only the mail carries the secret: who accepts has read the mailbox, so the address counts as proven.
    Raises: NotAllowed; Invalid for a bad address, a member, or an address that was asked already.
    Records: teams.member.invited.
    """
    require(by, "teams.member.invite")
    require_right_over_role(by, role)
    return _invite(email.strip().lower(), role, cast("Membership", by.member), by)


def invite_on_word(*, email: str, role: Role, asking: Membership, by: Actor) -> Invitation | None:
    """Invite an address that the workspace's provider or directory names; `asking` stands in the mail.

    Nobody is told whether the address has an account, belongs to a member or was asked before: then nothing is sent
    and None returned. Raises: NotAllowed for anybody but the product. Records: teams.member.invited.
    """
    if not by.is_system:
        raise NotAllowed(_("Only Collab itself invites on the word of a provider."))
    try:
        return _invite(email.strip().lower(), role, asking, by)
    except Invalid:
        return None


def _invite(address: str, role: Role, asking: Membership, by: Actor) -> Invitation:
    _require_fit(address)
    invitation = Invitation(workspace_id=by.workspace_id, email=address, role=role, invited_by=asking)
    try:
        with transaction.atomic():
            invitation.save()
    except IntegrityError:
        message = _("This address has been invited already. Take that invitation back to send another.")
        raise Invalid(message, fields={"email": [message]}) from None
    subject = Ref("teams.invitation", invitation.pk)
    record("teams.member.invited", by=by, subject=subject, role=str(role.pk))
    return invitation


def revoke_invitation(*, invitation: Invitation, by: Actor) -> Invitation:
    """Take an invitation back; its secret opens nothing from now on.

    Raises: NotAllowed; WrongState once accepted or taken back. Records: teams.invitation.revoked.
    """
    require(by, "teams.member.invite", invitation)
    rows = Invitation.objects.filter(pk=invitation.pk, accepted_at=None, revoked_at=None)
    if not rows.update(revoked_at=now(), next_mail_at=None):
        raise WrongState(_("This invitation is closed already."))
    invitation.refresh_from_db()
    _shut_keys(invitation)
    record("teams.invitation.revoked", by=by, subject=Ref("teams.invitation", invitation.pk))
    return invitation


def accept_invitation(*, key: AccessKey, user: User) -> Membership:
    """Make the bearer a member with the role that the invitation names; its key is used up.

    Raises: NotAllowed when the account is not of the invited address; NotFound for a key that was used,
    revoked, ran out or is for something else. Records: teams.member.joined. Locks: the directory, which may name him.
    """
    hold_directory(key.workspace_id)
    invitation = invitation_of(key)
    if user.email.lower() != invitation.email.lower():
        raise NotAllowed(_("This invitation was sent to another address. Log in with that one."))
    used = AccessKey.objects.filter(pk=key.pk, last_used_at=None, revoked_at=None)
    if not used.update(last_used_at=now()):
        raise NotFound(_("This invitation is no longer open."))
    Invitation.objects.filter(pk=invitation.pk).update(accepted_at=now(), next_mail_at=None)
    by = Actor.system(invitation.workspace_id)
    return add_member(workspace=key.workspace, user=user, role=invitation.role, by=by)


def invitation_of(key: AccessKey) -> Invitation:
    """Return the open invitation that a key belongs to; its workspace must be in scope. Raises: NotFound."""
    fits = key.kind == KeyKind.INVITATION and key.purpose == PURPOSE and key.is_usable(now())
    rows = Invitation.objects.select_related("role", "invited_by__user", "workspace")
    found = rows.filter(pk=key.subject_id, accepted_at=None, revoked_at=None).first() if fits else None
    if found is None or found.role.workspace_id != key.workspace_id:
        raise NotFound(_("This invitation is no longer open."))
    return found


def mail_invitation(*, workspace_id: UUID, invitation_id: UUID | str) -> bool:
    """Make the invitation's secret and mail it; tell whether a mail went out now.

    The secret is committed before the mail is handed over, and made anew for each try: no message queue and no
    table ever holds it. Locks: the invitation's row while its key is made.
    """
    with workspace_scope(workspace_id):
        rows = Invitation.objects.select_for_update(of=("self",)).select_related(
            "workspace", "role", "invited_by__user"
        )
        invitation = rows.filter(pk=invitation_id, next_mail_at__isnull=False).first()
        if invitation is None or not invitation.is_open:
            return False
        _shut_keys(invitation)
        _key, secret = make_key(
            kind=KeyKind.INVITATION,
            workspace=invitation.workspace,
            subject=Ref("teams.invitation", invitation.pk),
            by=Actor.system(workspace_id),
            purpose=PURPOSE,
            expires_at=now() + VALID_FOR,
            is_single_use=True,
        )
        attempts = invitation.mail_attempts + 1
        again = now() + timedelta(seconds=30 * 2**attempts) if attempts < MOST_MAILS else None
        Invitation.objects.filter(pk=invitation.pk).update(mail_attempts=attempts, next_mail_at=again)
    try:
        _send(invitation, secret)
    except Exception as error:  # whatever the transport raises: the row says when it is tried again
        log.warning("invitation_not_mailed", invitation=str(invitation.pk), error=type(error).__name__)
        return False
    with workspace_scope(workspace_id):
        Invitation.objects.filter(pk=invitation.pk).update(mailed_at=now(), next_mail_at=None)
    return True


def mail_due_invitations() -> int:
    """Find invitations of all workspaces whose mail is due and hand them to the workers; return how many."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT id, workspace_id FROM teams_claim_invitations(%s)", [BATCH])
        rows = cursor.fetchall()
    for invitation_id, workspace_id in rows:
        ids = {"workspace_id": str(workspace_id), "invitation_id": str(invitation_id)}
        if not jobs.send(MAIL_TASK, kwargs=ids, queue="default"):
            mail_invitation(workspace_id=workspace_id, invitation_id=invitation_id)
    return len(rows)


def _send(invitation: Invitation, secret: str) -> None:
    workspace = invitation.workspace
    link = settings.BASE_URL + reverse("site:invitation_link", args=[secret])
    inviter = invitation.invited_by.user.name
    with translation.override(workspace.language):
        facts = {"workspace": workspace.name, "inviter": inviter, "role": str(invitation.role), "link": link}
        subject = _("%(inviter)s invites you to %(workspace)s") % facts
        text = render_to_string("teams/mail/invitation.txt", facts)
    mail.send(to=[invitation.email], subject=subject, text=text)


def _shut_keys(invitation: Invitation) -> None:
    AccessKey.objects.filter(
        workspace_id=invitation.workspace_id,
        kind=KeyKind.INVITATION,
        subject_id=invitation.pk,
        revoked_at=None,
    ).update(revoked_at=now())


def _require_fit(address: str) -> None:
    try:
        validate_email(address)
    except ValidationError:
        message = _("Give an e-mail address.")
        raise Invalid(message, fields={"email": [message]}) from None
    if Membership.objects.filter(user__email__iexact=address, status=MemberStatus.ACTIVE).exists():
        message = _("This person is a member already.")
        raise Invalid(message, fields={"email": [message]})
    if Invitation.objects.filter(accepted_at=None, revoked_at=None).count() >= MOST_OPEN:
        message = _("There are %(count)s open invitations. Take some back first.") % {"count": MOST_OPEN}
        raise Invalid(message, fields={"email": [message]})
