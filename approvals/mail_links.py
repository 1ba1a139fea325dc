"""Links in mails by which the person who was asked decides without logging in: signed, for one purpose only.

A link is bound to the person, the request, its revision and step, and to whom he covers; it expires, and ends with the
person's sessions. Opening it changes nothing, whoever opens it.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.core import signing
from django.urls import reverse
from django.utils.translation import gettext as _

from approvals.models import Request, RequestStep
from approvals.permissions import may_decide, open_step
from approvals.selectors import request_rows
from core.errors import NotFound
from notifications.models import Notice
from teams.actors import Actor
from teams.models import Membership, User, Workspace
from teams.permissions import actor_of, selves
from teams.proofs import asks_for_provider, asks_for_second_step

SALT = "approvals.mail_decision"
LIVES = timedelta(days=7)
MOST_LENGTH = 600


@dataclass(frozen=True, slots=True)
class Opened:
    """What a link is about, and whether it may be decided on by it now; `why` says why not."""

    by: Actor
    request: Request
    step_id: UUID
    for_id: UUID | None
    why: str = ""


def link_of(notice: Notice) -> str:
    """Return the path of the link for whoever a notice asks to decide; empty where nothing waits for him."""
    request = request_rows().filter(pk=notice.facts.get("request")).first()
    step = open_step(request) if request else None
    if request is None or step is None or asks_for_login(notice.member.workspace):
        return ""
    absent = notice.for_member_id
    facts = [notice.member_id, request.pk, request.revision_id, step.pk, absent or ""]
    seal = _seal(notice.member.user)
    token = signing.dumps([*(str(fact) for fact in facts), seal], salt=SALT, compress=True)
    return reverse("approvals:mail_link", args=[notice.member.workspace.slug, token])


def asks_for_login(workspace: Workspace) -> bool:
    """Tell whether a workspace wants more than a mailbox: a second step, or its own provider."""
    return asks_for_second_step(workspace) or asks_for_provider(workspace)


def opened(token: str) -> Opened:
    """Return what a link of the workspace in scope is about. Raises: NotFound for one that opens nothing."""
    gone = NotFound(_("This link is no longer valid. Log in to see what waits for you."))
    if len(token) > MOST_LENGTH:
        raise gone
    try:
        member_id, request_id, revision_id, step_id, absent, seal = signing.loads(
            token, salt=SALT, max_age=LIVES
        )
    except (signing.BadSignature, ValueError):
        raise gone from None
    rows = Membership.objects.select_related("user", "role", "workspace")
    member = rows.filter(pk=member_id, status="active", user__is_active=True).first()
    request = request_rows().filter(pk=request_id).first()
    if member is None or request is None or seal != _seal(member.user):
        raise gone
    by, for_id = actor_of(member), UUID(absent) if absent else member.pk
    if asks_for_login(member.workspace):
        raise NotFound(_("This workspace asks everybody to log in before they decide."))
    found = Opened(by, request, UUID(step_id), for_id)
    return Opened(by, request, found.step_id, for_id, _why_not(found, UUID(revision_id)))


def _why_not(found: Opened, revision_id: UUID) -> str:
    step: RequestStep | None = open_step(found.request)
    if found.request.revision_id != revision_id or step is None:
        return _("Nothing waits for a decision here any more.")
    if step.pk != found.step_id:
        return _("This step is decided. What waits now is another one.")
    standings = selves(found.by, "approvals.request.decide")
    standing = next(
        (one for one in standings if (one.on_behalf_of or found.by.member_id) == found.for_id), None
    )
    if standing is None:
        return _("You no longer cover whom this was asked of.")
    refusal = may_decide(standing, found.request)
    return refusal.message if refusal else ""


def _seal(user: User) -> str:
    """Return what changes with the person's password and when all sessions are ended."""
    return str(user.get_session_auth_hash())[:16]
