"""Mails of notices: found by the dispatcher, sent by a worker, once for each person and fact."""

from datetime import timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.template.loader import render_to_string
from django.utils import timezone, translation

from core import jobs, mail
from core.clock import now
from notifications.models import Notice, NoticeMail
from notifications.selectors import Worded, worded
from notifications.states import MailState
from teams.tenancy import workspace_scope

log = structlog.get_logger(__name__)

BATCH = 50
MOST_ATTEMPTS = 8
TASK = "notifications.send_mail"


def dispatch_due() -> int:
    """Claim due mails of all workspaces for two minutes and hand them to the workers; return how many.

    With the broker down they are sent here. Locks: rows are claimed with skip locked, and each claim has a token
    of its own, so that any number of sweepers give each mail to one worker.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT id, workspace_id, lease_token FROM notifications_claim_due(%s)", [BATCH])
        rows = cursor.fetchall()
    for mail_id, workspace_id, token in rows:
        ids = {"workspace_id": str(workspace_id), "mail_id": str(mail_id), "token": str(token)}
        if not jobs.send(TASK, kwargs=ids, queue="default"):
            send_mail(workspace_id=workspace_id, mail_id=mail_id, token=token)
    return len(rows)


def send_mail(*, workspace_id: UUID, mail_id: UUID | str, token: UUID | str) -> bool:
    """Send one claimed mail; tell whether it was sent now.

    The claim is spent before the transport is called, outside any transaction: a message told twice, or an older
    claim, sends nothing. A transport that refuses is tried again with growing pauses, eight times.
    """
    with workspace_scope(workspace_id):
        claimed = NoticeMail.objects.filter(pk=mail_id, state=MailState.PENDING, lease_token=token)
        if not claimed.update(lease_token=None):
            return False
        rows = NoticeMail.objects.select_related(
            "notice__entry", "notice__member__user", "notice__member__workspace", "notice__for_member__user"
        )
        row = rows.get(pk=mail_id)
        prepared = _prepare(row.notice)
    if prepared is None:
        return _finish(workspace_id, mail_id, MailState.FAILED, "nobody to send to")
    try:
        mail.send(**prepared)
    except Exception as error:  # whatever the transport raises, the row says when to try again
        log.warning("notice_mail_failed", mail=str(mail_id), error=type(error).__name__)
        _postpone(workspace_id, mail_id, error)
        return False
    return _finish(workspace_id, mail_id, MailState.SENT, "")


def _prepare(notice: Notice) -> dict[str, Any] | None:
    """Return the mail in its reader's language and zone, None for somebody who has left."""
    member, workspace = notice.member, notice.member.workspace
    if not member.is_active or not member.user.is_active:
        return None
    with (
        translation.override(member.user.language),
        timezone.override(member.user.timezone or workspace.timezone),
    ):
        found = worded([notice], workspace.slug)
        if not found:
            return None
        context = {"worded": found[0], "url": settings.BASE_URL + found[0].url, "workspace": workspace}
        return {
            "to": [member.user.email],
            "subject": _subject(found[0]),
            "text": render_to_string("notifications/mail_notice.txt", context),
            "html": render_to_string("notifications/mail_notice.html", context),
            "headers": _headers(notice),
        }


def _subject(found: Worded) -> str:
    return f"{found.title} ({_for(found)})" if found.for_name else found.title


def _for(found: Worded) -> str:
    return translation.gettext("for %(name)s") % {"name": found.for_name}


def _headers(notice: Notice) -> dict[str, str]:
    """Return headers by which mail programs show one thread for each subject and drop a repeated mail."""
    host = urlsplit(settings.BASE_URL).hostname or "localhost"
    thread = f"<{notice.subject_type}.{notice.subject_id}@{host}>"
    return {
        "Message-ID": f"<notice.{notice.pk}@{host}>",
        "References": thread,
        "In-Reply-To": thread,
        "Date": format_datetime(notice.created_at),
        "Auto-Submitted": "auto-generated",
        "X-Collab-Notice": notice.type,
    }


def _finish(workspace_id: UUID, mail_id: UUID | str, state: MailState, error: str) -> bool:
    with workspace_scope(workspace_id):
        rows = NoticeMail.objects.filter(pk=mail_id, state=MailState.PENDING)
        rows.update(state=state, last_error=error)
        if state == MailState.SENT:
            Notice.objects.filter(mail__pk=mail_id).update(mailed_at=now())
    return state == MailState.SENT


def _postpone(workspace_id: UUID, mail_id: UUID | str, error: Exception) -> None:
    with workspace_scope(workspace_id):
        row = NoticeMail.objects.select_for_update().get(pk=mail_id)
        row.attempts += 1
        row.next_attempt_at = now() + timedelta(seconds=min(3600, 15 * 2**row.attempts))
        row.last_error = type(error).__name__
        if row.attempts >= MOST_ATTEMPTS:
            row.state = MailState.FAILED
        row.save()
