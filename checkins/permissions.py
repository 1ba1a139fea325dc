"""Who may plan, see and hold check-ins, share in them and report on actions.

All of it covers: whoever stands in for somebody sees his check-ins, shares for him and reports on his actions.
"""

from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from checkins.models import Action, Meeting, Seat, Series, Update
from teams.actors import Actor
from teams.models import TeamMember
from teams.permissions import (
    EVERYBODY,
    MANAGERS,
    WRITERS,
    Refusal,
    Verb,
    condition,
    refuse,
    register_verbs,
    scoper,
)
from teams.places import Placing, ids_in, register_placing
from teams.states import ActorKind

SEE = "checkins.series.see"
EDIT = "checkins.series.edit"
HOLD = "checkins.meeting.hold"
SHARE = "checkins.update.write"
REPORT = "checkins.action.report"

VERBS = [
    Verb(SEE, gettext_lazy("see the check-ins one attends"), EVERYBODY, covers=True),
    Verb(EDIT, gettext_lazy("plan check-ins and see all of them"), MANAGERS, covers=True),
    Verb(HOLD, gettext_lazy("hold meetings, and write decisions and actions"), WRITERS, covers=True),
    Verb(SHARE, gettext_lazy("share an update in check-ins"), EVERYBODY, covers=True),
    Verb(REPORT, gettext_lazy("report on actions"), EVERYBODY, covers=True),
]
register_verbs(VERBS)
OF_GUESTS = frozenset({SEE, SHARE, REPORT})
"""What a guest does by his link, for himself."""


def person_of(actor: Actor) -> Any:
    """Return the member in whose place somebody acts, himself where he acts in person."""
    return actor.on_behalf_of or actor.member_id


def attended(actor: Actor, series: str) -> Q:
    """Return the condition on rows whose series, found by that name, the person attends."""
    seats = Seat.objects.filter(series=OuterRef(series))
    if actor.kind == ActorKind.GUEST:
        return Q(Exists(seats.filter(guest=actor.id)))
    mine = TeamMember.objects.filter(member=person_of(actor)).values("team")
    return Q(Exists(seats.filter(Q(member=person_of(actor)) | Q(team__in=mine))))


def attends(actor: Actor, series_id: UUID) -> bool:
    """Tell whether the person attends a series; asked once for each actor."""
    known: dict[UUID, bool] = actor.cache.setdefault("checkins_attended", {})
    if series_id not in known:
        known[series_id] = Series.objects.filter(attended(actor, "pk"), pk=series_id).exists()
    return known[series_id]


@scoper(SEE)
def series_seen(actor: Actor, rows: QuerySet[Any]) -> QuerySet[Any]:
    """Show whoever plans check-ins all of them, and others those that they attend: series, meetings, actions."""
    if EDIT in actor.verbs:
        return rows
    own = attended(actor, "pk" if rows.model is Series else "series")
    if rows.model is Action and actor.kind != ActorKind.GUEST:
        own |= Q(member=person_of(actor))
    found: QuerySet[Any] = rows.filter(own)
    return found


@scoper(HOLD)
def meetings_held(actor: Actor, rows: QuerySet[Any]) -> QuerySet[Any]:
    """Let hold a meeting who attends it, or who plans check-ins."""
    found: QuerySet[Any] = series_seen(actor, rows)
    return found


@condition(HOLD)
def only_who_attends(actor: Actor, meeting: Any) -> Refusal | None:
    """Let hold a meeting who attends it, or who plans check-ins."""
    if EDIT in actor.verbs or attends(actor, meeting.series_id):
        return None
    return refuse(HOLD, _("Only who attends this check-in can hold its meetings."))


@condition(SHARE)
def only_own_update(actor: Actor, update: Any) -> Refusal | None:
    """Let everybody share for himself, or for whom he covers."""
    if actor.kind == ActorKind.GUEST:
        own = update.guest_id == actor.id
    else:
        own = update.member_id is not None and update.member_id == person_of(actor)
    return None if own else refuse(SHARE, _("Only the person concerned, or who covers him, shares this."))


@condition(REPORT)
def own_action_or_meeting(actor: Actor, action: Any) -> Refusal | None:
    """Let report on an action its owner, who covers him, and who attends the check-in; a guest on his own only."""
    if actor.kind == ActorKind.GUEST:
        own = action.guest_id == actor.id
    else:
        own = action.member_id is not None and action.member_id == person_of(actor)
        own = own or EDIT in actor.verbs or (HOLD in actor.verbs and attends(actor, action.series_id))
    return None if own else refuse(REPORT, _("Only its owner and who attends the check-in report on this."))


def _own(kind: str) -> Any:
    return lambda thing: [frozenset({f"{SERIES_SCOPE}:{getattr(thing, kind)}"})]


SERIES_SCOPE = "checkins.series"


def _places_of_action(action: Action) -> list[frozenset[str]]:
    own = [frozenset({f"{SERIES_SCOPE}:{action.series_id}"})]
    return own + ([frozenset({str(action.subject)})] if action.subject else [])


def _actions_within(scopes: frozenset[str]) -> Q:
    found = Q(series__in=ids_in(scopes, SERIES_SCOPE))
    for scope in sorted(scopes):
        kind, _colon, ident = scope.partition(":")
        if "." in kind:
            found |= Q(subject_type=kind, subject_id=ident)
    return found


def register_places() -> None:
    """Say where check-ins lie, at start: a guest's link shows some series, an action follows the duty it names."""
    verbs = [SEE, SHARE, REPORT]
    register_placing(Series, Placing(_own("pk"), lambda s: Q(pk__in=ids_in(s, SERIES_SCOPE))), verbs=verbs)
    register_placing(Meeting, Placing(_own("series_id"), lambda s: Q(series__in=ids_in(s, SERIES_SCOPE))))
    register_placing(
        Update,
        Placing(
            lambda row: [frozenset({f"{SERIES_SCOPE}:{row.meeting.series_id}"})],
            lambda s: Q(meeting__series__in=ids_in(s, SERIES_SCOPE)),
            is_subject=False,
        ),
    )
    register_placing(Action, Placing(_places_of_action, _actions_within))
