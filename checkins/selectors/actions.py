"""Questions about action items."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from checkins.models import Action, Meeting, Report
from checkins.permissions import REPORT, SEE
from checkins.states import ActionState, MeetingState
from core.errors import NotFound
from core.refs import Ref
from teams.actors import Actor
from teams.permissions import can, require, visible
from teams.subjects import subjects

MOST_SHOWN = 200
MOST_REPORTS = 60
WHO = ("member__user", "guest", "series")


@dataclass(frozen=True, slots=True)
class Carried:
    """An action of an earlier meeting with what is reported of it in this one, None where nothing is yet."""

    action: Action
    report: Report | None
    may_report: bool = False


def actions_visible_to(by: Actor) -> QuerySet[Action]:
    """Return the actions that somebody may see: of check-ins that he attends, and his own; due first."""
    rows = Action.objects.select_related(*WHO, "meeting")
    return visible(by, SEE, rows).order_by("due_at", "pk")


def get_action(by: Actor, pk: UUID, verb: str = SEE) -> Action:
    """Return an action for a purpose. Raises: NotFound, NotAllowed."""
    found = actions_visible_to(by).filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such action."))
    if verb != SEE:
        require(by, verb, found)
    return found


def unreported(meeting: Meeting) -> QuerySet[Action]:
    """Return the open actions of earlier meetings on which this one has not heard a report; due first."""
    heard = Report.objects.filter(meeting=meeting, action=OuterRef("pk"))
    rows = Action.objects.filter(~Exists(heard), series=meeting.series_id, state=ActionState.OPEN)
    return rows.exclude(meeting=meeting).order_by("due_on", "pk")


def carried_into(by: Actor, meeting: Meeting) -> list[Carried]:
    """Return the actions that come first in a meeting: those reported in it, and while it is not closed all open ones.

    At most 200; four statements.
    """
    reports = {
        row.action_id: row
        for row in Report.objects.filter(meeting=meeting).select_related("by__user", "by_guest")[:MOST_SHOWN]
    }
    wanted = Q(pk__in=list(reports))
    if meeting.takes_words:
        wanted |= Q(series=meeting.series_id, state=ActionState.OPEN) & ~Q(meeting=meeting.pk)
    rows = list(Action.objects.filter(wanted).select_related(*WHO).order_by("due_on", "pk")[:MOST_SHOWN])
    takes = meeting.takes_words
    return [Carried(row, reports.get(row.pk), takes and can(by, REPORT, row)) for row in rows]


def actions_of(meeting: Meeting) -> list[Action]:
    """Return the actions that were promised in a meeting, in the order in which they were."""
    return list(meeting.actions.select_related(*WHO).order_by("pk")[:MOST_SHOWN])


def meeting_to_report_in(action: Action) -> Meeting | None:
    """Return in which meeting a report on an action is said: the one under way, else the next, else the last."""
    rows = Meeting.objects.filter(series=action.series_id).exclude(pk=action.meeting_id)
    under_way = rows.filter(state=MeetingState.OPEN).order_by("starts_at", "pk").first()
    coming = rows.filter(state=MeetingState.PLANNED).order_by("starts_at", "pk")
    last = Meeting.objects.filter(series=action.series_id, state=MeetingState.CLOSED).order_by(
        "-starts_at", "-pk"
    )
    return under_way or coming.first() or last.first()


def reports_of(by: Actor, action: Action) -> list[Report]:
    """Return what was reported of an action, latest first."""
    rows = action.reports.select_related("meeting__series", "by__user", "by_guest", "on_behalf_of__user")
    return list(rows.order_by("-at", "-pk")[:MOST_REPORTS])


def actions_by_id(ids: Iterable[UUID]) -> dict[UUID, Action]:
    """Return these actions with their series."""
    return Action.objects.select_related(*WHO).in_bulk(list(ids))


def abouts(by: Actor, actions: Sequence[Action], slug: str) -> Mapping[UUID, tuple[str, str]]:
    """Return label and address of what each action is about, where the reader may see it.

    A fixed number of statements for each kind of subject that says many at once; of others one for each thing.
    """
    wanted: dict[str, list[Action]] = {}
    for action in actions:
        if action.subject is not None:
            wanted.setdefault(action.subject_type, []).append(action)
    found: dict[UUID, tuple[str, str]] = {}
    for name, rows in wanted.items():
        kind = subjects.find(name)
        if kind is None:
            continue
        ids = [row.subject_id for row in rows if row.subject_id]
        named = kind.labels(by, ids) if kind.labels else _labels(by, kind, ids)
        for row in rows:
            if row.subject_id and row.subject_id in named:
                found[row.pk] = (named[row.subject_id], kind.path(slug, row.subject_id))
    return found


def subject_at(by: Actor, address: str, slug: str) -> Ref | None:
    """Return the thing whose page has an address, None where it is no page of a thing that the reader may see."""
    path = "/" + address.strip().split("//")[-1].partition("/")[2] if "//" in address else address.strip()
    path = path.partition("?")[0].partition("#")[0]
    for part in path.split("/"):
        try:
            ident = UUID(part)
        except ValueError:
            continue
        for kind in subjects.values():
            if kind.path(slug, ident) == path:
                try:
                    kind.load(by, ident)
                except NotFound:
                    return None
                return Ref(kind.type, ident)
    return None


def _labels(by: Actor, kind: Any, ids: Iterable[UUID]) -> dict[UUID, str]:
    found = {}
    for ident in dict.fromkeys(ids):
        try:
            found[ident] = kind.label(kind.load(by, ident))
        except NotFound:
            continue
    return found
