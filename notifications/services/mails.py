"""Mails of notices: found by the dispatcher, sent by a worker, once for each person and fact."""

from collections.abc import Sequence
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
from notifications.registry import notice_types
from notifications.selectors import Worded, worded
from notifications.states import MailState
from teams.tenancy import workspace_scope

log = structlog.get_logger(__name__)

BATCH = 50
MOST_ATTEMPTS = 8
TASK = "notifications.send_mail"


def dispatch_due() -> int:
    """Claim due mails of all workspaces for two minutes and hand them to the workers; return how many.

    What is collected for one member is one claim. With the broker down they are sent here. Locks: rows are claimed
    with skip locked by one sweeper at a time, and each claim has a token of its own, so that any number of sweepers
    give each mail to one worker.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT id, workspace_id, lease_token FROM notifications_claim_due(%s)", [BATCH])
        rows = cursor.fetchall()
    claims = {token: (workspace_id, mail_id) for mail_id, workspace_id, token in sorted(rows, reverse=True)}
    for token, (workspace_id, mail_id) in claims.items():
        ids = {"workspace_id": str(workspace_id), "mail_id": str(mail_id), "token": str(token)}
        if not jobs.send(TASK, kwargs=ids, queue="default"):
            send_mail(workspace_id=workspace_id, mail_id=mail_id, token=token)
    return len(rows)


def send_mail(*, workspace_id: UUID, mail_id: UUID | str, token: UUID | str) -> bool:
    """Send what was claimed by one token, as one mail; tell whether it was sent now.

    The claim is spent before the transport is called, outside any transaction: a message told twice, or an older
    claim, sends nothing. A transport that refuses is tried again with growing pauses, eight times. What its reader
    has seen meanwhile, of what is collected, is left out.
    """
    with workspace_scope(workspace_id):
        claimed = NoticeMail.objects.select_for_update(of=("self",)).filter(
            state=MailState.PENDING, lease_token=token
        )
        found = list(claimed.order_by("pk").values_list("pk", flat=True))
        if UUID(str(mail_id)) not in found:
            return False
        NoticeMail.objects.filter(pk__in=found).update(lease_token=None)
        rows = NoticeMail.objects.filter(pk__in=found).select_related(
            "notice__entry", "notice__member__user", "notice__member__workspace", "notice__for_member__user"
        )
        wanted = [row for row in rows.order_by("pk") if not (row.is_collected and row.notice.read_at)]
        seen = [pk for pk in found if pk not in {row.pk for row in wanted}]
        NoticeMail.objects.filter(pk__in=seen).update(state=MailState.DROPPED)
        prepared = _prepare([row.notice for row in wanted]) if wanted else None
    mail_ids = [row.pk for row in wanted]
    if prepared is None:
        return _finish(workspace_id, mail_ids, MailState.FAILED, "nobody to send to")
    try:
        mail.send(**prepared)
    except Exception as error:  # whatever the transport raises, the row says when to try again
        log.warning("notice_mail_failed", mail=str(mail_id), error=type(error).__name__)
        _postpone(workspace_id, mail_ids, error)
        return False
    return _finish(workspace_id, mail_ids, MailState.SENT, "")


def _prepare(notices: Sequence[Notice]) -> dict[str, Any] | None:
    """Return one mail of all these in their reader's language and zone, None for somebody who has left."""
    member, workspace = notices[0].member, notices[0].member.workspace
    if not member.is_active or not member.user.is_active:
        return None
    with (
        translation.override(member.user.language),
        timezone.override(member.user.timezone or workspace.timezone),
    ):
        found = worded(list(notices), workspace.slug)
        if not found:
            return None
        template, context = _content(found)
        context["workspace"] = workspace
        return {
            "to": [member.user.email],
            "subject": context.pop("subject"),
            "text": render_to_string(f"notifications/{template}.txt", context),
            "html": render_to_string(f"notifications/{template}.html", context),
            "headers": _headers([one.notice for one in found]),
        }


def _content(found: Sequence[Worded]) -> tuple[str, dict[str, Any]]:
    """Return template and context: of one notice its own mail, of several a list of all."""
    rows = [
        {"worded": one, "url": settings.BASE_URL + one.url, "action_url": _action_url(one.notice)}
        for one in found
    ]
    if len(rows) == 1:
        return "mail_notice", {**rows[0], "subject": _subject(found[0])}
    subject = translation.ngettext("%(n)d notice: %(first)s", "%(n)d notices: %(first)s", len(found))
    words = {"n": len(found), "first": found[0].title}
    return "mail_digest", {"rows": rows, "count": len(found), "subject": subject % words}


def _action_url(notice: Notice) -> str:
    """Return the link by which the reader acts from the mail, empty where there is none."""
    kind = notice_types.get(notice.type)
    path = kind.action(notice) if kind.action else ""
    return settings.BASE_URL + path if path else ""


def _subject(found: Worded) -> str:
    return f"{found.title} ({_for(found)})" if found.for_name else found.title


def _for(found: Worded) -> str:
    return translation.gettext("for %(name)s") % {"name": found.for_name}


def _headers(notices: Sequence[Notice]) -> dict[str, str]:
    """Return headers by which mail programs show one thread for each subject and drop a repeated mail."""
    host = urlsplit(settings.BASE_URL).hostname or "localhost"
    first = notices[0]
    headers = {
        "Message-ID": f"<notice.{first.pk}@{host}>",
        "Date": format_datetime(first.created_at),
        "Auto-Submitted": "auto-generated",
        "X-Collab-Notice": first.type,
    }
    if len({(one.subject_type, one.subject_id) for one in notices}) == 1:
        headers["References"] = headers["In-Reply-To"] = f"<{first.subject_type}.{first.subject_id}@{host}>"
    return headers


def _finish(workspace_id: UUID, mail_ids: Sequence[UUID], state: MailState, error: str) -> bool:
    with workspace_scope(workspace_id):
        rows = NoticeMail.objects.filter(pk__in=mail_ids, state=MailState.PENDING)
        rows.update(state=state, last_error=error)
        if state == MailState.SENT:
            Notice.objects.filter(mail__in=mail_ids).update(mailed_at=now())
    return state == MailState.SENT


def _postpone(workspace_id: UUID, mail_ids: Sequence[UUID], error: Exception) -> None:
    """Try all of a claim again at one time, so that they stay one mail."""
    with workspace_scope(workspace_id):
        rows = list(NoticeMail.objects.select_for_update().filter(pk__in=mail_ids).order_by("pk"))
        tried = max((row.attempts for row in rows), default=0) + 1
        again = now() + timedelta(seconds=min(3600, 15 * 2**tried))
        for row in rows:
            row.attempts, row.next_attempt_at, row.last_error = tried, again, type(error).__name__
            if tried >= MOST_ATTEMPTS:
                row.state = MailState.FAILED
            row.save()
