"""Guests are told by mail what is asked of them, what was answered and what came back: a few minutes are one mail."""

from datetime import timedelta
from uuid import UUID

from django.db.models import Q

from activity.models import Entry
from activity.subscriptions import subscribe
from approvals.models import Decision, Request
from approvals.permissions import open_step
from approvals.receivers import ASKING, TOLD
from approvals.selectors import request_rows
from calendar_app.selectors import POST
from checkins.models import Action, Meeting, Series, Update
from checkins.states import ActionState
from comments.models import Comment
from core.clock import now
from guests.models import GuestLink, LinkEvent
from guests.selectors import post_ids_of
from guests.services.links import make_asked_link, make_meeting_link
from guests.states import Happening, Scope
from teams.actors import Actor
from teams.models import Guest

GATHERED_FOR = timedelta(minutes=2)
NEWS_GATHERED_FOR = timedelta(minutes=15)


def ask_guests(entry: Entry) -> None:
    """Mail each guest whom the open step names and who has not spoken; without a link he gets one."""
    request = request_rows().filter(pk=entry.facts.get("request")).first()
    step = open_step(request) if request else None
    if request is None or step is None or request.subject_type != POST:
        return
    spoke = {row.guest_id for row in step.decisions.all() if row.undone_at is None}
    for seat in step.approvers.all():
        if seat.guest is not None and seat.guest_id not in spoke:
            _mail(seat.guest, request, entry)


def tell_answered(entry: Entry) -> None:
    """Mail the guests in a thread that somebody else has answered where they can read it."""
    comment = Comment.objects.filter(pk=entry.facts.get("comment"), is_internal=False).first()
    if comment is None or comment.parent_id is None or comment.subject_type != POST:
        return
    thread = Comment.objects.filter(Q(pk=comment.parent_id) | Q(parent=comment.parent_id))
    spoke = thread.filter(guest__isnull=False, created_at__lt=comment.created_at).exclude(
        guest=comment.guest_id
    )
    for guest in Guest.objects.filter(pk__in=spoke.values("guest")):
        _mail_news(guest, comment.subject_id, entry)


def tell_resubmitted(entry: Entry) -> None:
    """Mail the guests who spoke about a post, or decided on it, that it was put up again."""
    request = request_rows().filter(pk=entry.facts.get("request")).first()
    if request is None or request.subject_type != POST:
        return
    earlier = Request.objects.filter(subject_type=POST, subject_id=request.subject_id).exclude(pk=request.pk)
    if not earlier.exists():
        return
    said = Comment.objects.filter(subject_type=POST, subject_id=request.subject_id, guest__isnull=False)
    decided = Decision.objects.filter(request__in=earlier.values("pk"), guest__isnull=False, undone_at=None)
    step = open_step(request)
    asked = [row.guest_id for row in step.approvers.all() if row.guest_id] if step else []
    guests = Guest.objects.filter(Q(pk__in=said.values("guest")) | Q(pk__in=decided.values("guest")))
    for guest in guests.exclude(pk__in=asked):
        _mail_news(guest, request.subject_id, entry)


def invite_to_meetings(entry: Entry) -> None:
    """Mail each guest of a check-in that is new to him a link to it."""
    series = Series.objects.select_related("created_by").filter(pk=entry.subject_id, ended_at=None).first()
    if series is None:
        return
    for seat in series.seats.filter(guest__isnull=False).select_related("guest"):
        known = LinkEvent.objects.filter(link__guest=seat.guest, link__scope=Scope.MEETINGS)
        is_new = entry.verb.endswith("created") or not known.filter(kind=Happening.MAILED).exists()
        if seat.guest is not None and is_new:
            _mail_meetings(seat.guest, series, entry)


def tell_meeting(entry: Entry) -> None:
    """Mail the guests of a meeting that their update is asked for, is missing, or that the minutes are out."""
    meeting = Meeting.objects.select_related("series__created_by").filter(pk=entry.subject_id).first()
    if meeting is None:
        return
    rows = Update.objects.filter(meeting=meeting, guest__isnull=False).select_related("guest")
    if not entry.verb.endswith("closed"):
        rows = rows.filter(written_at=None)
    for row in rows:
        if row.guest is not None:
            _mail_meetings(row.guest, meeting.series, entry)


def remind_guest(entry: Entry) -> None:
    """Mail the guest whose action is due."""
    rows = Action.objects.select_related("series__created_by", "guest").filter(state=ActionState.OPEN)
    action = rows.filter(pk=entry.subject_id).first()
    if action is not None and action.guest is not None:
        _mail_meetings(action.guest, action.series, entry)


def register() -> None:
    """Register the subscriptions, at start."""
    subscribe(
        "guests.invite_to_meetings",
        ["checkins.series.created", "checkins.series.changed"],
        invite_to_meetings,
    )
    asked = [f"checkins.meeting.{how}" for how in ("asked", "nudged", "closed")]
    subscribe("guests.tell_meeting", asked, tell_meeting)
    subscribe("guests.remind_guest", ["checkins.action.reminded"], remind_guest)
    subscribe("guests.ask_guests", [*ASKING, *TOLD], ask_guests)
    subscribe("guests.tell_answered", ["comments.comment.added"], tell_answered)
    subscribe("guests.tell_resubmitted", ["approvals.request.submitted"], tell_resubmitted)


def _mail_news(guest: Guest, post_id: UUID, entry: Entry) -> None:
    """Have the guest mailed in a while by a link of his that shows the post; a mail that is due anyway says it too."""
    own = GuestLink.objects.filter(guest=guest, revoked_at=None, ends_at__gt=now(), wants_news=True)
    fits = [link for link in own.order_by("-id")[:20] if post_id in post_ids_of(link)]
    if fits:
        rows = GuestLink.objects.filter(pk=fits[0].pk, next_mail_at=None)
        rows = rows.filter(Q(mailed_at=None) | Q(mailed_at__lt=entry.at))  # an entry may be told twice
        rows.update(next_mail_at=now() + NEWS_GATHERED_FOR, mail_attempts=0, is_news=True)


def _mail(guest: Guest, request: Request, entry: Entry) -> None:
    """Have the guest mailed soon by a link that shows the post and lets him decide; make one where none does."""
    at = now()
    own = GuestLink.objects.filter(guest=guest, may_decide=True, revoked_at=None, ends_at__gt=at)
    fits = [link for link in own.order_by("-id")[:20] if request.subject_id in post_ids_of(link)]
    if not fits:
        by = Actor.system(request.workspace_id)
        fits = [make_asked_link(guest=guest, for_member=request.submitted_by, by=by)]
    rows = GuestLink.objects.filter(Q(next_mail_at=None) | Q(is_news=True), pk=fits[0].pk)
    rows = rows.filter(Q(mailed_at=None) | Q(mailed_at__lt=entry.at))  # an entry may be told twice
    rows.update(next_mail_at=at + GATHERED_FOR, mail_attempts=0, is_news=False)


def _mail_meetings(guest: Guest, series: Series, entry: Entry) -> None:
    """Have a guest mailed soon by the link to his check-ins; make one where he has none."""
    at = now()
    own = GuestLink.objects.filter(guest=guest, scope=Scope.MEETINGS, revoked_at=None, ends_at__gt=at)
    link = own.order_by("-pk").first()
    if link is None:
        by = Actor.system(series.workspace_id)
        link = make_meeting_link(guest=guest, for_member=series.created_by, by=by)
    rows = GuestLink.objects.filter(pk=link.pk, next_mail_at=None)
    rows = rows.filter(Q(mailed_at=None) | Q(mailed_at__lt=entry.at))  # an entry may be told twice
    rows.update(next_mail_at=at, mail_attempts=0, is_news=False)
