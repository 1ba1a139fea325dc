"""What the page of a meeting shows, for members and for guests."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from checkins.attending import attending
from checkins.forms import point_title
from checkins.models import Meeting, Update
from checkins.permissions import EDIT, HOLD, SHARE
from checkins.registry import is_win, word_of
from checkins.selectors.actions import abouts, actions_of, carried_into
from checkins.selectors.meetings import points_of, updates_of
from checkins.states import PointKind
from teams.actors import Actor
from teams.cover import covers_now
from teams.permissions import can
from teams.states import ActorKind


@dataclass(frozen=True, slots=True)
class Shared:
    """Somebody's update as the reader sees it: what he may do with it, and who stands in for who is away."""

    update: Update
    is_away: bool = False
    cover: str = ""
    may_write: bool = False
    may_help: bool = False
    is_own_help: bool = False


def meeting_screen(by: Actor, meeting: Meeting, slug: str, at: datetime) -> dict[str, Any]:
    """Return what a meeting's page shows; a fixed number of statements but for subjects that say one at a time."""
    carried, actions = carried_into(by, meeting), actions_of(meeting)
    points, shared = points_of(meeting), _shared(by, meeting, at)
    rows = [*actions, *(row.action for row in carried)]
    known = abouts(by, rows, slug)
    for row in rows:
        row.about = known.get(row.pk)  # type: ignore[attr-defined]  # what the page shows beside it
    left = int(meeting.left(at).total_seconds())
    whole = int((meeting.ends_at - meeting.starts_at).total_seconds())
    return {
        "meeting": meeting,
        "series": meeting.series,
        "carried": carried,
        "unreported": [row for row in carried if row.report is None],
        "shared": shared,
        "written": sum(1 for row in shared if row.update.written_at),
        "decisions": [point for point in points if point.kind == PointKind.DECISION],
        "notes": [point for point in points if point.kind == PointKind.NOTE],
        "actions": actions,
        "agenda": agenda_of(meeting),
        "left": left,
        "left_text": clock_text(left),
        "ran": max(0, min(whole, whole - left)),
        "whole": whole,
        "may_hold": can(by, HOLD, meeting),
        "may_plan": can(by, EDIT, meeting.series),
    }


def agenda_of(meeting: Meeting) -> list[dict[str, Any]]:
    """Return the points of a meeting's agenda: title, minutes, and how each stands."""
    steps = []
    for number, row in enumerate(meeting.agenda):
        is_done = meeting.is_closed or (meeting.is_open and number < meeting.item)
        is_now = meeting.is_open and number == meeting.item
        steps.append(
            {
                "title": point_title(row),
                "minutes": row["minutes"],
                "done": is_done,
                "now": is_now,
                "n": number,
            }
        )
    return steps


def clock_text(seconds: int) -> str:
    """Return how much is left as a clock shows it."""
    sign, rest = ("+" if seconds < 0 else ""), abs(seconds)
    return f"{sign}{rest // 60}:{rest % 60:02d}"


def happened_words(update: Update) -> list[tuple[str, str, str]]:
    """Return what happened to somebody's work: kind, what it is called, of what."""
    return [(row["kind"], word_of(row["kind"]), row["title"]) for row in update.happened]


def prefilled(update: Update) -> tuple[str, str]:
    """Return with what an update begins: wins from what went well, the wish for help from what did not."""
    wins: list[str] = []
    wanted: list[str] = []
    for kind, word, title in happened_words(update):
        (wins if is_win(kind) else wanted).append(f"{word}: {title}")
    return "\n".join(wins), "\n".join(wanted)


def _shared(by: Actor, meeting: Meeting, at: datetime) -> list[Shared]:
    found = []
    rows = updates_of(meeting)
    people = [row.member for row in rows if row.member is not None]
    away = attending(meeting.series).away(meeting.starts_at) if meeting.takes_words else set()
    covers = covers_now([one for one in people if one.pk in away], at) if away else {}
    for row in rows:
        row.meeting = meeting
        cover = covers.get(row.member_id) if row.member_id else None
        is_guest = by.kind == ActorKind.GUEST
        own = row.guest_id == by.id if is_guest else row.member_id == by.member_id
        helps = row.helper_guest_id == by.id if is_guest else row.helper_id == by.member_id
        takes = meeting.takes_words
        found.append(
            Shared(
                row,
                is_away=row.member_id in away,
                cover=cover.user.get_short_name() if cover else "",
                may_write=takes and can(by, SHARE, row),
                may_help=bool(takes and row.help and not row.helper_name and not own),
                is_own_help=bool(takes and row.helped_at and helps),
            )
        )
    return found
