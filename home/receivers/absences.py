"""Who is told of absences: whoever takes over, the leads where nobody does, and who is back."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from activity.models import Entry
from activity.selectors import Line, lines
from activity.subscriptions import subscribe
from activity.words import word_of
from core.clock import now
from home.selectors import work_of
from notifications.models import Notice
from notifications.registry import NoticeType, register_notice_types
from notifications.services.notices import member_ids, tell
from teams.cover import away_until
from teams.models import Absence, AbsenceFeed, Membership
from teams.permissions import actor_of, members_holding

TAKEN_OVER, UNCOVERED, RETURNED = "teams.taken_over", "teams.uncovered", "teams.returned"
FEED_FAILED = "teams.feed_failed"
MOST_LINES = 30


def tell_cover(entry: Entry) -> None:
    """Tell whoever takes over for whom, until when and how much waits already."""
    absence, (cover,) = _absence_of(entry), _members([entry.facts["cover"]])
    if absence is None or not cover.is_active:
        return
    until = away_until({absence.member_id}, now()).get(absence.member_id)
    zone = ZoneInfo(absence.member.workspace.timezone)
    waiting = work_of(actor_of(cover), now(), zone, size=1).count(str(absence.member_id))
    facts = {
        "absent": str(absence.member_id),
        "name": absence.member.user.name,
        "until": until.isoformat() if until else "",
        "count": waiting,
    }
    tell([cover], type=TAKEN_OVER, entry=entry, for_member=absence.member, facts=facts)


def tell_leads(entry: Entry) -> None:
    """Tell the leads that nobody acts for an absent member, before anything is late."""
    absence = _absence_of(entry)
    if absence is None:
        return
    leads = members_holding("teams.absence.record_others")
    facts = {"name": absence.member.user.name, "since": absence.starts_at.isoformat()}
    tell(leads, type=UNCOVERED, entry=entry, facts=facts, besides={absence.member_id})


def tell_returned(entry: Entry) -> None:
    """Tell who is back what was done in his name meanwhile, and by whom."""
    absences = list(Absence.objects.filter(pk__in=member_ids(entry.facts["absences"])))
    found = _members([entry.subject_id])
    if not absences or not found:
        return
    (member,) = found
    since, until = min(row.starts_at for row in absences), entry.at
    done = Entry.objects.filter(on_behalf_of=member.pk, at__gte=since, at__lte=until).order_by("id")
    with translation.override(member.user.language):
        told = lines(actor_of(member), list(done[:MOST_LINES]), member.workspace.slug)
    missed = Notice.objects.filter(member=member, created_at__gte=since, read_at=None).count()
    facts = {"done": [_fact(line) for line in told], "count": done.count(), "missed": missed}
    tell([member], type=RETURNED, entry=entry, facts=facts)


def tell_feed_owner(entry: Entry) -> None:
    """Tell whoever follows a calendar that it cannot be followed, once until it can again."""
    feed = AbsenceFeed.objects.select_related("owner__user").filter(pk=entry.subject_id).first()
    if feed is not None:
        facts = {"host": feed.hint, "code": str(entry.facts["code"])}
        tell([feed.owner], type=FEED_FAILED, entry=entry, facts=facts)


def register() -> None:
    """Register the kinds of notice and the subscriptions, at start."""
    register_notice_types(
        NoticeType(
            TAKEN_OVER,
            gettext_lazy("acting for somebody"),
            _taken,
            _waiting,
            icon="user-check",
            path=_covered,
        ),
        NoticeType(
            UNCOVERED,
            gettext_lazy("nobody acts for somebody who is away"),
            _uncovered,
            _remedy,
            icon="alert-triangle",
            path=_absences,
        ),
        NoticeType(RETURNED, gettext_lazy("back after an absence"), _back, _done, icon="user", path=_work),
    )
    register_notice_types(
        NoticeType(
            FEED_FAILED,
            gettext_lazy("calendar of absences cannot be read"),
            _feed_failed,
            _feed_remedy,
            icon="calendar-off",
            path=_feeds,
        )
    )
    subscribe("home.absences.feeds", ["teams.absencefeed.failed"], tell_feed_owner)
    subscribe("home.absences.covers", ["teams.absence.covered"], tell_cover)
    subscribe("home.absences.gaps", ["teams.absence.uncovered"], tell_leads)
    subscribe("home.absences.returns", ["teams.absence.returned"], tell_returned)


def _absence_of(entry: Entry) -> Absence | None:
    return Absence.objects.select_related("member__user").filter(pk=entry.subject_id).first()


def _members(idents: list[Any]) -> list[Membership]:
    rows = Membership.objects.select_related("user", "role", "workspace").filter(pk__in=idents)
    return list(rows)


def _fact(line: Line) -> dict[str, str]:
    return {
        "who": line.who,
        "verb": line.entry.verb,
        "subject": line.subject,
        "at": line.entry.at.isoformat(),
    }


def _day(text: str) -> str:
    return date_format(timezone.localtime(datetime.fromisoformat(text)), "D j M H:i")


def _taken(notice: Notice) -> str:
    facts = notice.facts
    if not facts["until"]:
        return str(_("You now act for %(name)s") % facts)
    return _("You now act for %(name)s until %(day)s") % {"name": facts["name"], "day": _day(facts["until"])}


def _waiting(notice: Notice) -> str:
    count = notice.facts["count"]
    if not count:
        return _("Nothing waits now. It all goes back by itself at the end.")
    return ngettext(
        "%(count)s thing waits already. It all goes back by itself at the end.",
        "%(count)s things wait already. It all goes back by itself at the end.",
        count,
    ) % {"count": count}


def _uncovered(notice: Notice) -> str:
    facts = {"name": notice.facts["name"], "day": _day(notice.facts["since"])}
    return str(_("Nobody acts for %(name)s, away from %(day)s") % facts)


def _remedy(notice: Notice) -> str:
    return _("All backups are away, or none is named. Name one who is here, so that nothing waits too long.")


def _back(notice: Notice) -> str:
    count = notice.facts["count"]
    if not count:
        return _("Welcome back: nothing was done in your name")
    return ngettext(
        "Welcome back: %(count)s thing was done in your name",
        "Welcome back: %(count)s things were done in your name",
        count,
    ) % {"count": count}


def _done(notice: Notice) -> str:
    rows = notice.facts["done"]
    said = [
        _("%(day)s: %(who)s %(done)s %(subject)s")
        % {
            "day": _day(row["at"]),
            "who": row["who"],
            "done": word_of(row["verb"]),
            "subject": row["subject"],
        }
        for row in rows
    ]
    if notice.facts["count"] > len(rows):
        said.append(_("and %(count)s more") % {"count": notice.facts["count"] - len(rows)})
    if missed := notice.facts["missed"]:
        notices = ngettext("%(count)s notice came meanwhile.", "%(count)s notices came meanwhile.", missed)
        said.append(notices % {"count": missed})
    return "\n".join(said)


def _feed_failed(notice: Notice) -> str:
    return str(_("The calendar of absences at %(host)s cannot be read") % notice.facts)


def _feed_remedy(notice: Notice) -> str:
    return _("What it said so far stays. Look at its address, or record absences by hand meanwhile.")


def _feeds(slug: str, notice: Notice) -> str:
    return reverse("teams:absence_feeds", args=[slug])


def _covered(slug: str, notice: Notice) -> str:
    return f"{reverse('home:work', args=[slug])}?whose={notice.facts['absent']}"


def _absences(slug: str, notice: Notice) -> str:
    return reverse("teams:absences", args=[slug])


def _work(slug: str, notice: Notice) -> str:
    return reverse("home:work", args=[slug])
