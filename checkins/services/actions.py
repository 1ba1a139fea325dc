"""Action items: promised in a meeting, reported on, reminded of; they carry over until they are reported."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from checkins.attending import attending
from checkins.models import Action, Meeting, Report
from checkins.permissions import HOLD, REPORT
from checkins.selectors.actions import meeting_to_report_in
from checkins.services.meetings import require_words
from checkins.services.planning import lock_meeting
from checkins.states import ACTION_STEPS, Verdict
from checkins.times import end_of, morning_of
from core import live
from core.clock import now
from core.errors import Invalid, NotFound, WrongState
from core.record import record
from core.refs import Ref
from core.transitions import transition
from teams.actors import Actor
from teams.models import Guest, Membership
from teams.permissions import in_own_right
from teams.states import ActorKind
from teams.subjects import load_subject

MOST_ACTIONS = 50
MOST_TEXT = 300
FURTHEST = timedelta(days=366)


@transaction.atomic
def add_action(
    *,
    meeting: Meeting,
    text: str,
    owner: Membership | Guest | None,
    due_on: date,
    subject: Ref | None = None,
    by: Actor,
) -> Action:
    """Write down who does what by when, about a post, campaign or duty where one is named.

    Its owner is reminded on the morning of the day. Raises: NotAllowed; WrongState; Invalid.
    Locks: the meeting. Records: checkins.action.added.
    """
    by = in_own_right(by, HOLD, meeting)
    meeting = lock_meeting(meeting)
    require_words(meeting)
    _check(meeting, text, owner, due_on)
    if meeting.actions.count() >= MOST_ACTIONS:
        raise Invalid(_("A meeting has at most %(count)s actions.") % {"count": MOST_ACTIONS})
    if subject is not None:
        _require_subject(subject, by)
    zone = meeting.zone
    action = Action(
        workspace_id=by.workspace_id,
        series_id=meeting.series_id,
        meeting=meeting,
        member=owner if isinstance(owner, Membership) else None,
        guest=owner if isinstance(owner, Guest) else None,
        text=text.strip(),
        due_on=due_on,
        due_at=end_of(due_on, zone),
        next_at=max(morning_of(due_on, zone), now() + timedelta(hours=12)),
        subject_type=subject.type if subject else "",
        subject_id=subject.id if subject else None,
        created_by=by.member,
    )
    action.save(force_insert=True)
    about = {"series": str(action.series_id), "meeting": str(meeting.pk)}
    record("checkins.action.added", by=by, subject=action.ref, **about)
    _show(meeting)
    return action


@transaction.atomic
def remove_action(*, action: Action, by: Actor) -> None:
    """Take an action out of the meeting that is still writing it. Raises: NotAllowed; WrongState.

    Records: checkins.action.removed.
    """
    by = in_own_right(by, HOLD, action.meeting)
    meeting = lock_meeting(action.meeting)
    require_words(meeting)
    if action.reports.exists():
        raise WrongState(_("It was reported on already, so it stays. Report it as dropped, with a reason."))
    record("checkins.action.removed", by=by, subject=action.ref)
    action.delete()
    _show(meeting)


@transaction.atomic
def report_action(
    *,
    action: Action,
    verdict: str,
    reason: str = "",
    due_on: date | None = None,
    by: Actor,
) -> Report:
    """Report on an action: done, still open (until another day), or dropped with a reason.

    It is said in the meeting that is under way, else in the next one; said again it replaces what was said there.
    Raises: NotAllowed; WrongState for one whose report stands in minutes that are out, or without a meeting to
    come; Invalid. Locks: the meeting, then the action. Records: checkins.action.reported.
    """
    by = in_own_right(by, REPORT, action)
    fields = _report_faults(verdict, reason, due_on)
    if fields:
        raise Invalid(_("Nothing was reported."), fields=fields)
    meeting = meeting_to_report_in(action)
    if meeting is None:
        raise WrongState(_("There is no meeting to come in which this could be reported."))
    meeting = lock_meeting(meeting)
    action = Action.objects.select_for_update(of=("self",)).select_related("series").get(pk=action.pk)
    if not action.is_open and not Report.objects.filter(action=action, meeting=meeting).exists():
        raise WrongState(_("This was reported in minutes that are out."))
    was_open = verdict == Verdict.CONTINUE
    transition(action, ACTION_STEPS, verdict, ended_at=None if was_open else now())
    _remind_again(action, due_on, is_open=was_open)
    said = {
        "verdict": verdict,
        "reason": reason.strip(),
        "by": by.member,
        "by_guest_id": by.id if by.kind == ActorKind.GUEST else None,
        "on_behalf_of_id": by.on_behalf_of,
        "at": now(),
    }
    report, _made = Report.objects.update_or_create(
        action=action, meeting=meeting, defaults={"workspace_id": action.workspace_id, **said}
    )
    record(
        "checkins.action.reported",
        by=by,
        subject=action.ref,
        verdict=str(verdict),
        meeting=str(meeting.pk),
    )
    _show(meeting)
    return report


@transaction.atomic
def hand_action(*, action: Action, owner: Membership, by: Actor) -> Action:
    """Give an open action to somebody else. Raises: NotAllowed; WrongState; Invalid for who does not attend.

    Records: checkins.action.handed.
    """
    by = in_own_right(by, REPORT, action)
    action = Action.objects.select_for_update(of=("self",)).select_related("series").get(pk=action.pk)
    if not action.is_open:
        raise WrongState(_("Only an open action is handed on."))
    if not owner.is_active:
        message = _("Choose somebody of the workspace.")
        raise Invalid(message, fields={"owner": [message]})
    before = action.member_id
    action.member, action.guest = owner, None
    action.save(update_fields=["member", "guest"])
    record(
        "checkins.action.handed",
        by=by,
        subject=action.ref,
        before=str(before) if before else None,
        after=str(owner.pk),
    )
    return action


def _check(meeting: Meeting, text: str, owner: Membership | Guest | None, due_on: date) -> None:
    fields: dict[str, list[str]] = {}
    today = now().astimezone(ZoneInfo(meeting.zone)).date()
    if not 1 <= len(text.strip()) <= MOST_TEXT:
        fields["text"] = [_("Write in 1 to 300 characters what is to be done.")]
    if not today <= due_on <= today + FURTHEST:
        fields["due_on"] = [_("Choose a day to come, within a year.")]
    people = attending(meeting.series)
    allowed = {one.pk for one in (*people.members, *people.guests)}
    is_member = isinstance(owner, Membership) and owner.is_active
    if owner is None or not (is_member or owner.pk in allowed):
        fields["owner"] = [_("Choose who does it.")]
    if fields:
        raise Invalid(_("The action was not added."), fields=fields)


def _report_faults(verdict: str, reason: str, due_on: date | None) -> dict[str, list[str]]:
    if verdict not in Verdict.values:
        return {"verdict": [_("Choose one of the three.")]}
    if verdict == Verdict.DROP and not reason.strip():
        return {"reason": [_("Say in a few words why it is dropped.")]}
    if len(reason.strip()) > MOST_TEXT:
        return {"reason": [_("At most 300 characters.")]}
    if due_on is not None and not now().date() - timedelta(days=1) <= due_on <= now().date() + FURTHEST:
        return {"due_on": [_("Choose a day to come, within a year.")]}
    return {}


def _remind_again(action: Action, due_on: date | None, *, is_open: bool) -> None:
    zone = action.series.zone
    if not is_open:
        action.next_at = None
    elif due_on is not None:
        action.due_on, action.due_at = due_on, end_of(due_on, zone)
        action.next_at = max(morning_of(due_on, zone), now() + timedelta(hours=12))
    else:
        action.next_at = max(morning_of(action.due_on, zone), now() + timedelta(days=2))
    action.save(update_fields=["due_on", "due_at", "next_at"])


def _require_subject(subject: Ref, by: Actor) -> None:
    try:
        load_subject(by, subject)
    except NotFound:
        message = _("There is no such thing, or it is not yours to see.")
        raise Invalid(message, fields={"subject": [message]}) from None


def _show(meeting: Meeting) -> None:
    """Let the meeting's open pages know; it is no fact of its own."""
    live.publish(meeting.workspace_id, meeting.ref, "checkins.meeting.shown")
