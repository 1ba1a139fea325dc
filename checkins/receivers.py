"""Who is told of check-ins: asked, reminded, invited to help, sent the minutes; never who has left."""

from collections.abc import Iterable

from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from activity.models import Entry
from activity.subscriptions import subscribe
from activity.words import verb_words
from checkins.attending import attending
from checkins.minutes import as_text
from checkins.models import Action, Meeting, Update
from core.templatetags.ui import say_time
from notifications.models import Notice
from notifications.registry import NoticeType, register_notice_types
from notifications.services.notices import tell
from teams.models import Membership

ASKED, NUDGED, REMINDED, MOVED = "checkins.asked", "checkins.nudged", "checkins.reminded", "checkins.moved"
OVERDUE, MINUTES, HELPED = "checkins.overdue", "checkins.minutes", "checkins.helped"
GIVEN, DUE = "checkins.action_given", "checkins.action_due"
WORDS = {
    "checkins.meeting.asked": pgettext_lazy("activity", "asked for updates for"),
    "checkins.meeting.nudged": pgettext_lazy("activity", "called missing updates to mind for"),
    "checkins.meeting.reminded": pgettext_lazy("activity", "reminded of"),
    "checkins.meeting.shared": pgettext_lazy("activity", "shared an update in"),
    "checkins.meeting.help_offered": pgettext_lazy("activity", "offered help in"),
    "checkins.meeting.help_withdrawn": pgettext_lazy("activity", "took an offer of help back in"),
    "checkins.meeting.noted": pgettext_lazy("activity", "wrote something down in"),
    "checkins.meeting.unnoted": pgettext_lazy("activity", "took something out of"),
    "checkins.meeting.clocked": pgettext_lazy("activity", "set the clock of"),
    "checkins.meeting.skipped": pgettext_lazy("activity", "left out"),
    "checkins.meeting.overdue": pgettext_lazy("activity", "found not closed"),
    "checkins.action.reminded": pgettext_lazy("activity", "reminded of"),
    "checkins.action.reported": pgettext_lazy("activity", "reported on"),
    "checkins.action.handed": pgettext_lazy("activity", "handed on"),
}


def ask_attendees(entry: Entry) -> None:
    """Ask for an update whoever has not written one; who is absent is not asked, nor anybody in his place."""
    meeting = _meeting_of(entry)
    if meeting is not None and meeting.takes_words:
        kind = NUDGED if entry.verb.endswith("nudged") else ASKED
        tell(_missing(meeting), type=kind, entry=entry, facts=_facts(meeting), is_personal=True)


def remind_attendees(entry: Entry) -> None:
    """Remind everybody who attends that it begins; backups of who is away come in their place."""
    meeting = _meeting_of(entry)
    if meeting is not None:
        tell(attending(meeting.series).members, type=REMINDED, entry=entry, facts=_facts(meeting))


def tell_moved(entry: Entry) -> None:
    """Tell everybody who attends that a meeting was moved, left out, or takes place after all."""
    meeting = _meeting_of(entry)
    if meeting is not None:
        facts = {**_facts(meeting), "how": entry.verb.rpartition(".")[2]}
        tell(attending(meeting.series).members, type=MOVED, entry=entry, facts=facts)


def tell_overdue(entry: Entry) -> None:
    """Tell the host that his meeting is not closed."""
    meeting = _meeting_of(entry)
    if meeting is not None and meeting.host is not None:
        tell([meeting.host], type=OVERDUE, entry=entry, facts=_facts(meeting))


def send_minutes(entry: Entry) -> None:
    """Send the minutes to everybody who attends, and who has an action in them."""
    meeting = _meeting_of(entry)
    if meeting is not None:
        owners = Action.objects.filter(meeting=meeting, member__isnull=False).values("member")
        extra = Membership.objects.filter(pk__in=owners).select_related("user", "role", "workspace")
        people = {one.pk: one for one in (*attending(meeting.series).members, *extra)}
        facts = {**_facts(meeting), "actions": entry.facts["actions"]}
        tell(people.values(), type=MINUTES, entry=entry, facts=facts)


def tell_helped(entry: Entry) -> None:
    """Tell who wanted help that somebody took it on."""
    rows = Update.objects.select_related("member__user", "member__role", "helper__user", "helper_guest")
    update = rows.filter(pk=entry.facts["update"]).first()
    meeting = _meeting_of(entry)
    if update is not None and meeting is not None and update.member is not None and update.helper_name:
        facts = {**_facts(meeting), "name": update.helper_name}
        tell([update.member], type=HELPED, entry=entry, facts=facts)


def tell_owner(entry: Entry) -> None:
    """Tell the owner of an action that it is his, or that it is due; while he is away his backup."""
    rows = Action.objects.select_related("series", "member__user", "member__role", "member__workspace")
    action = rows.filter(pk=entry.subject_id).first()
    if action is not None and action.member is not None and action.is_open:
        kind = DUE if entry.verb.endswith("reminded") else GIVEN
        facts = {"text": action.text, "title": action.series.title, "due": action.due_at.isoformat()}
        tell([action.member], type=kind, entry=entry, facts=facts)


def register() -> None:
    """Register the kinds of notice and the subscriptions, at start."""
    for verb, words in WORDS.items():
        verb_words.register(verb, words)
    register_notice_types(
        NoticeType(ASKED, gettext_lazy("asked for an update"), _asked, _when, icon="message-2", path=_write),
        NoticeType(NUDGED, gettext_lazy("update is missing"), _nudged, _when, icon="message-2", path=_write),
        NoticeType(
            REMINDED, gettext_lazy("a meeting begins"), _reminded, _call, icon="clock", is_urgent=True
        ),
        NoticeType(
            MOVED, gettext_lazy("a meeting was moved or left out"), _moved, _why, icon="calendar-time"
        ),
        NoticeType(OVERDUE, gettext_lazy("meeting not closed"), _overdue, _close, icon="clock-x"),
        NoticeType(MINUTES, gettext_lazy("minutes of a meeting"), _minutes, _text, icon="file-text"),
        NoticeType(HELPED, gettext_lazy("help was offered"), _helped, _nothing, icon="lifebuoy"),
        NoticeType(
            GIVEN, gettext_lazy("an action is yours"), _given, _due, icon="list-check", is_collected=True
        ),
        NoticeType(DUE, gettext_lazy("an action is due"), _is_due, _due, icon="list-check"),
    )
    subscribe("checkins.ask", ["checkins.meeting.asked", "checkins.meeting.nudged"], ask_attendees)
    subscribe("checkins.remind", ["checkins.meeting.reminded"], remind_attendees)
    changed = [f"checkins.meeting.{how}" for how in ("moved", "skipped", "restored")]
    subscribe("checkins.tell_moved", changed, tell_moved)
    subscribe("checkins.tell_overdue", ["checkins.meeting.overdue"], tell_overdue)
    subscribe("checkins.minutes", ["checkins.meeting.closed"], send_minutes)
    subscribe("checkins.tell_helped", ["checkins.meeting.help_offered"], tell_helped)
    owned = [f"checkins.action.{how}" for how in ("added", "handed", "reminded")]
    subscribe("checkins.tell_owner", owned, tell_owner)


def _meeting_of(entry: Entry) -> Meeting | None:
    rows = Meeting.objects.select_related("series", "host__user", "host__role", "host__workspace")
    return rows.filter(pk=entry.subject_id).first()


def _missing(meeting: Meeting) -> Iterable[Membership]:
    rows = Update.objects.filter(meeting=meeting, written_at=None, is_due=True, member__isnull=False)
    people = Membership.objects.filter(pk__in=rows.values("member"))
    return list(people.select_related("user", "role", "workspace").order_by("pk"))


def _facts(meeting: Meeting) -> dict[str, object]:
    return {
        "title": meeting.series.title,
        "at": meeting.starts_at.isoformat(),
        "call": meeting.series.call_url,
    }


def _time(notice: Notice, name: str = "at", style: str = "when") -> str:
    moment = parse_datetime(str(notice.facts.get(name, "")))
    return say_time(localtime(moment), style) if moment else ""


def _write(slug: str, notice: Notice) -> str:
    return reverse("checkins:update", args=[slug, notice.subject_id])


def _asked(notice: Notice) -> str:
    return _("Your update for %(title)s") % {"title": notice.facts["title"]}


def _nudged(notice: Notice) -> str:
    return _("Your update for %(title)s is still missing") % {"title": notice.facts["title"]}


def _when(notice: Notice) -> str:
    return _("The meeting is on %(when)s. What went well, where do you need help, what comes next?") % {
        "when": _time(notice)
    }


def _reminded(notice: Notice) -> str:
    return _("%(title)s begins at %(time)s") % {
        "title": notice.facts["title"],
        "time": _time(notice, style="time"),
    }


def _call(notice: Notice) -> str:
    return str(notice.facts.get("call", ""))


def _moved(notice: Notice) -> str:
    words = {"title": notice.facts["title"], "when": _time(notice)}
    if notice.facts["how"] == "skipped":
        return _("%(title)s is left out this time") % words
    return _("%(title)s is on %(when)s now") % words


def _why(notice: Notice) -> str:
    meeting = Meeting.objects.filter(pk=notice.subject_id).first()
    return meeting.get_reason_display() if meeting and meeting.reason else ""


def _overdue(notice: Notice) -> str:
    return _("%(title)s is not closed yet") % {"title": notice.facts["title"]}


def _close(notice: Notice) -> str:
    return _("Report on the open actions and close it, so that everybody gets the minutes.")


def _minutes(notice: Notice) -> str:
    return _("Minutes: %(title)s, %(when)s") % {"title": notice.facts["title"], "when": _time(notice)}


def _text(notice: Notice) -> str:
    meeting = Meeting.objects.select_related("series", "host__user").filter(pk=notice.subject_id).first()
    count = int(notice.facts.get("actions", 0))
    return as_text(meeting) if meeting else ngettext("%(n)d action", "%(n)d actions", count) % {"n": count}


def _helped(notice: Notice) -> str:
    return _("%(name)s helps you") % {"name": notice.facts["name"]}


def _given(notice: Notice) -> str:
    return _("Yours to do: %(text)s") % {"text": notice.facts["text"]}


def _is_due(notice: Notice) -> str:
    return _("Due: %(text)s") % {"text": notice.facts["text"]}


def _due(notice: Notice) -> str:
    return _("From %(title)s, due %(day)s") % {
        "title": notice.facts["title"],
        "day": _time(notice, "due", "date"),
    }


def _nothing(notice: Notice) -> str:
    return ""
