"""Mails with a link: found by the dispatcher, sent by a worker, each with a secret that is kept nowhere else."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from core import jobs, mail
from core.clock import now
from guests.meetings import mail_facts
from guests.models import GuestLink
from guests.news import news_for
from guests.permissions import actor_of_link
from guests.selectors import ids_of, post_ids_of, posts_shown
from guests.services.links import note
from guests.states import Happening, Scope
from teams.actors import Actor
from teams.models import AccessKey
from teams.services.keys import make_key
from teams.states import KeyKind
from teams.tenancy import workspace_scope

log = structlog.get_logger(__name__)

MAIL_TASK = "guests.mail_link"
PURPOSE = "guests.review"
SECRET_LIVES = timedelta(days=14)
MOST_MAILS = 8
MOST_NAMED = 5
BATCH = 50


def mail_due_links() -> int:
    """Find links of all workspaces whose mail is due and hand them to the workers; return how many."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT id, workspace_id FROM guests_claim_mails(%s)", [BATCH])
        rows = cursor.fetchall()
    for link_id, workspace_id in rows:
        ids = {"workspace_id": str(workspace_id), "link_id": str(link_id)}
        if not jobs.send(MAIL_TASK, kwargs=ids, queue="default"):
            mail_link(workspace_id=workspace_id, link_id=link_id)
    return len(rows)


def mail_link(*, workspace_id: UUID, link_id: UUID | str) -> bool:
    """Make a secret for the link and mail it; tell whether a mail went out now.

    The secret is committed before the mail is handed over, and made anew for each try; the one of a try that failed
    is revoked. Locks: the link's row while its key is made.
    """
    with workspace_scope(workspace_id):
        rows = GuestLink.objects.select_for_update(of=("self",)).select_related(
            "workspace", "guest", "created_by__user", "created_by__role"
        )
        link = rows.filter(pk=link_id, next_mail_at__isnull=False).first()
        if link is None or link.ending(now()) is not None:
            GuestLink.objects.filter(pk=link_id).update(next_mail_at=None)
            return False
        news = _news_of(link)
        if link.is_news and not news:
            GuestLink.objects.filter(pk=link.pk).update(next_mail_at=None, is_news=False)
            return False
        key, secret = _make_secret(link, now())
        again = now() + timedelta(seconds=30 * 2 ** (link.mail_attempts + 1))
        is_last = link.mail_attempts + 1 >= MOST_MAILS
        GuestLink.objects.filter(pk=link.pk).update(
            mail_attempts=F("mail_attempts") + 1, next_mail_at=None if is_last else again
        )
        prepared = _prepare(link, secret, news)
    try:
        mail.send(**prepared)
    except Exception as error:  # whatever the transport raises: the row says when it is tried again
        log.warning("guest_link_not_mailed", link=str(link.pk), error=type(error).__name__)
        AccessKey.objects.filter(pk=key.pk).update(revoked_at=now())
        return False
    with workspace_scope(workspace_id):
        GuestLink.objects.filter(pk=link.pk).update(
            mailed_at=now(), next_mail_at=None, mail_attempts=0, is_news=False
        )
        note(link, Happening.MAILED)
    return True


def _make_secret(link: GuestLink, at: datetime) -> tuple[AccessKey, str]:
    """Return a new key; where the guest can ask for another, it lives two weeks only, else as long as the link."""
    lives_until = min(link.ends_at, at + SECRET_LIVES) if link.is_renewable else link.ends_at
    return make_key(
        kind=KeyKind.GUEST,
        workspace=link.workspace,
        subject=link.ref,
        by=Actor.system(link.workspace_id),
        purpose=PURPOSE,
        expires_at=lives_until,
        is_single_use=link.is_single_use,
    )


def _news_of(link: GuestLink) -> list[tuple[str, bool]]:
    """Return what the guest wants to be told of, as it stands now: what was taken from him meanwhile is not in it."""
    with translation.override(link.workspace.language):
        return news_for(actor_of_link(link, post_ids_of(link)), link) if link.wants_news else []


def _prepare(link: GuestLink, secret: str, news: list[tuple[str, bool]]) -> dict[str, Any]:
    """Return the mail, in the workspace's language, with what waits for the guest and what is new."""
    if link.scope == Scope.MEETINGS:
        return _prepare_meeting(link, secret)
    with translation.override(link.workspace.language):
        actor = actor_of_link(link, post_ids_of(link))
        shown = posts_shown(actor, link)
        waiting = [row.title for row in shown if row.waits]
        facts = {
            "workspace": link.workspace.name,
            "name": link.guest.name,
            "giver": link.created_by.user.name if link.created_by else link.workspace.name,
            "link": settings.BASE_URL + reverse("guests:door", args=[secret]),
            "note": link.note,
            "waiting": waiting[:MOST_NAMED],
            "more": max(0, len(waiting) - MOST_NAMED),
            "answered": [title for title, is_answered in news if is_answered][:MOST_NAMED],
            "back": [title for title, is_answered in news if not is_answered and title not in waiting][
                :MOST_NAMED
            ],
            "is_news": link.is_news,
            "has_pin": link.has_pin,
            "is_single_use": link.is_single_use,
            "ends_at": link.ends_at,
        }
        subject = _("%(workspace)s asks for your look") % facts
        if link.is_news:
            subject = _("%(workspace)s has news for you") % facts
        elif waiting:
            subject = _("%(workspace)s asks for your approval") % facts
        text = render_to_string("guests/mail/link.txt", facts)
    return {
        "to": [link.guest.email],
        "subject": subject,
        "text": text,
        "headers": {"Auto-Submitted": "auto-generated"},
    }


def _prepare_meeting(link: GuestLink, secret: str) -> dict[str, Any]:
    """Return the mail of a guest who attends check-ins: what is asked of him, and minutes that are new."""
    with translation.override(link.workspace.language), timezone.override(link.workspace.timezone):
        actor = actor_of_link(link, ids_of(link))
        facts = {
            "workspace": link.workspace.name,
            "name": link.guest.name,
            "link": settings.BASE_URL + reverse("guests:door", args=[secret]),
            **mail_facts(actor, link.mailed_at, now()),
        }
        subject = _("%(workspace)s: your check-ins") % facts
        if facts["minutes"]:
            subject = _("Minutes: %(title)s") % {"title": facts["minutes"][0]["title"]}
        elif facts["asked"]:
            subject = _("Your update for %(title)s") % {"title": facts["asked"][0].series.title}
        text = render_to_string("guests/mail/meetings.txt", facts)
    return {
        "to": [link.guest.email],
        "subject": subject,
        "text": text,
        "headers": {"Auto-Submitted": "auto-generated"},
    }
