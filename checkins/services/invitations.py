"""Invitations: a series in everybody's own calendar, mailed when it is new, changed or withdrawn."""

from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Case, F, When
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from checkins import ics
from checkins.attending import attending
from checkins.models import Invitation, Meeting, Series
from checkins.states import MeetingState
from core import jobs, mail
from core.clock import now
from teams.tenancy import workspace_scope

log = structlog.get_logger(__name__)

TASK = "checkins.mail_invitation"
BATCH = 50
MOST_ATTEMPTS = 8
FIRST_PAUSE = timedelta(seconds=60)
TOGETHER = timedelta(seconds=20)
MOST_EXCEPTIONS = 400


def keep_invited(series: Series) -> None:
    """Invite who attends and has no invitation; withdraw those of who attends no more, all once a series has ended."""
    people = attending(series)
    gone = series.ended_at is not None
    wanted: set[tuple[UUID | None, UUID | None]] = set()
    if not gone:
        wanted = {(one.pk, None) for one in people.members} | {(None, one.pk) for one in people.guests}
    known = {(row.member_id, row.guest_id): row for row in Invitation.objects.filter(series=series)}
    due = now() + TOGETHER
    fresh = [
        Invitation(
            workspace_id=series.workspace_id,
            series=series,
            member_id=member,
            guest_id=guest,
            next_attempt_at=due,
        )
        for member, guest in wanted - set(known)
    ]
    Invitation.objects.bulk_create(fresh, ignore_conflicts=True)
    changed = [row.pk for key, row in known.items() if row.is_withdrawn == (key in wanted)]
    Invitation.objects.filter(pk__in=changed).update(
        is_withdrawn=Case(When(is_withdrawn=True, then=False), default=True), next_attempt_at=due, attempts=0
    )


def change_calendars(series: Series) -> None:
    """Count a change of what stands in calendars and have it mailed to who holds it; a burst of them is one mail."""
    Series.objects.filter(pk=series.pk).update(sequence=F("sequence") + 1)
    series.sequence += 1
    rows = Invitation.objects.filter(series=series.pk, is_withdrawn=False)
    rows.update(next_attempt_at=now() + TOGETHER, attempts=0)


def mail_due_invitations() -> int:
    """Find invitations of all workspaces that are due and hand them to the workers; return how many."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT id, workspace_id FROM checkins_due_invitations(%s)", [BATCH])
        rows = cursor.fetchall()
    for invitation_id, workspace_id in rows:
        ids = {"workspace_id": str(workspace_id), "invitation_id": str(invitation_id)}
        if not jobs.send(TASK, kwargs=ids, queue="default"):
            mail_invitation(workspace_id=workspace_id, invitation_id=invitation_id)
    return len(rows)


def mail_invitation(*, workspace_id: UUID, invitation_id: UUID | str) -> bool:
    """Mail how a series stands now to one person; tell whether a mail went out now.

    The row's time is spent before the transport is called, so that however many are told, one sends; one that died
    is tried again, and calendars take the same state twice as one. Locks: the invitation's row.
    """
    with workspace_scope(workspace_id):
        rows = Invitation.objects.select_for_update(of=("self",)).select_related(
            "series__workspace", "series__created_by__user", "member__user", "guest"
        )
        row = rows.filter(pk=invitation_id, next_attempt_at__lte=now()).first()
        if row is None:
            return False
        prepared = _prepare(row) if _is_wanted(row) else None
        is_last = prepared is None or row.attempts + 1 >= MOST_ATTEMPTS
        again = None if is_last else now() + FIRST_PAUSE * 2**row.attempts
        Invitation.objects.filter(pk=row.pk).update(attempts=F("attempts") + 1, next_attempt_at=again)
    if prepared is None:
        return False
    try:
        mail.send(**prepared)
    except Exception as error:  # whatever the transport raises: the row says when it is tried again
        log.warning("invitation_not_mailed", invitation=str(row.pk), error=type(error).__name__)
        return False
    with workspace_scope(workspace_id):
        sent = {"sent_sequence": row.series.sequence, "sent_at": now()}
        Invitation.objects.filter(pk=row.pk).update(**sent)
        Invitation.objects.filter(pk=row.pk, next_attempt_at=again).update(next_attempt_at=None, attempts=0)
    return True


def _is_wanted(row: Invitation) -> bool:
    """Tell whether anybody is to be told: a member who works here, of something that he does not hold already."""
    if row.member is not None and not row.member.is_active:
        return False
    return not row.is_withdrawn or row.sent_sequence is not None


def _prepare(row: Invitation) -> dict[str, Any]:
    series, user = row.series, row.member.user if row.member else None
    language = user.language if user else series.workspace.language
    method = ics.CANCEL if row.is_withdrawn else ics.REQUEST
    with translation.override(language):
        path = reverse("checkins:series", args=[series.workspace.slug, series.pk])
        url = settings.BASE_URL + path if user else ""
        facts = {
            "series": series,
            "workspace": series.workspace,
            "url": url,
            "is_withdrawn": row.is_withdrawn,
            "is_new": row.sent_sequence is None,
        }
        title = {"title": series.title}
        subject = _("Invitation: %(title)s") % title
        if row.is_withdrawn:
            subject = _("Cancelled: %(title)s") % title
        elif row.sent_sequence is not None:
            subject = _("Changed: %(title)s") % title
        text = render_to_string("checkins/mail_invitation.txt", facts)
    invited = invited_of(row, url)
    return {
        "to": [invited.attendee],
        "subject": subject,
        "text": text,
        "headers": {"Auto-Submitted": "auto-generated"},
        "calendar": (method, ics.written(invited, method=method, at=now())),
    }


def invited_of(row: Invitation, url: str) -> ics.Invited:
    """Return a series as it is to stand in the person's calendar."""
    series, person = row.series, row.member.user if row.member else row.guest
    assert person is not None
    name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    return ics.Invited(
        series_id=series.pk,
        sequence=series.sequence,
        title=series.title,
        rule=series.rule,
        starts_on=series.starts_on,
        wall_time=series.wall_time,
        zone=series.zone,
        minutes=series.minutes,
        organizer=address,
        organizer_name=name or series.workspace.name,
        attendee=person.email,
        attendee_name=person.name,
        says="\n".join(part for part in (series.goal, url) if part),
        address=series.call_url,
        **_exceptions(series),
    )


def _exceptions(series: Series) -> dict[str, list[Any]]:
    """Return what was left out and what was moved, as the calendar's rule does not say it."""
    rows = Meeting.objects.filter(series=series).exclude(reason="").order_by("-occurs_on")[:MOST_EXCEPTIONS]
    off: list[datetime] = []
    moved: list[tuple[datetime, datetime]] = []
    for row in rows:
        if row.state == MeetingState.SKIPPED:
            off.append(row.planned_at)
        elif row.starts_at != row.planned_at:
            moved.append((row.planned_at, row.starts_at))
    return {"off": off, "moved": moved}
