"""What check-ins put on somebody's list of work: updates that are asked for, and actions, one's own and by cover."""

from collections.abc import Mapping, Sequence

from django.db.models import Q
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext as _

from checkins.models import ACTION, MEETING, Action, Update
from checkins.permissions import REPORT, SHARE
from checkins.selectors.actions import actions_by_id
from checkins.selectors.meetings import COMING
from checkins.states import ActionState
from core.refs import Ref
from teams.actors import Actor
from teams.permissions import covered_actors
from teams.places import rows_within
from teams.work import Found, WorkItem, WorkRows, WorkSource, in_whose_place, of_kinds

SHARING, TO_DO = "update", "action"


def checkin_rows(actor: Actor) -> Sequence[WorkRows]:
    """Return the updates asked of the actor and his open actions, and by cover those of absent members."""
    if actor.member is None:
        return []
    found = []
    updates = Update.objects.filter(written_at=None, is_due=True, meeting__state__in=COMING)
    own, covered = _whose(actor, SHARE, Update)
    wanted = _any(own, covered)
    if wanted is not None:
        rows = updates.filter(wanted)
        place = in_whose_place(own, covered)
        found.append(
            WorkRows(
                SHARING,
                rows,
                since=Coalesce("meeting__asked_at", "meeting__created_at"),
                due="meeting__starts_at",
                covered=place,
            )
        )
    own, covered = _whose(actor, REPORT, Action)
    wanted = _any(own, covered)
    if wanted is not None:
        actions = Action.objects.filter(wanted, state=ActionState.OPEN)
        place = in_whose_place(own, covered)
        found.append(WorkRows(TO_DO, actions, since="created_at", due="due_at", covered=place))
    return found


def checkin_items(actor: Actor, found: Sequence[Found]) -> Mapping[Found, WorkItem]:
    """Return what to say of updates and actions; two statements."""
    slug = actor.member.workspace.slug if actor.member else ""
    places = Update.objects.select_related("meeting__series").in_bulk(
        [one.id for one in of_kinds(found, SHARING)]
    )
    actions = actions_by_id(one.id for one in of_kinds(found, TO_DO))
    said = {
        one: _update_item(places[one.id], one, slug) for one in of_kinds(found, SHARING) if one.id in places
    }
    return said | {
        one: _action_item(actions[one.id], slug) for one in of_kinds(found, TO_DO) if one.id in actions
    }


CHECKINS = WorkSource(checkin_rows, checkin_items)


def _whose(actor: Actor, verb: str, model: type[Update] | type[Action]) -> tuple[Q | None, dict[object, Q]]:
    own = Q(member=actor.member) if verb in actor.verbs else None
    covers = [one for one in covered_actors(actor) if one.covered and verb in one.verbs]
    return own, {one.covered.pk: _within(one, model) for one in covers if one.covered}


def _within(cover: Actor, model: type[Update] | type[Action]) -> Q:
    theirs = Q(member=cover.covered)
    if cover.bounds is None:
        return theirs
    return Q(pk__in=rows_within(cover.bounds, model.objects.filter(theirs).order_by()).values("pk"))


def _any(own: Q | None, covered: Mapping[object, Q]) -> Q | None:
    parts = [*([own] if own is not None else []), *covered.values()]
    if not parts:
        return None
    wanted = parts[0]
    for part in parts[1:]:
        wanted |= part
    return wanted


def _update_item(row: Update, found: Found, slug: str) -> WorkItem:
    meeting = row.meeting
    query = f"?for={found.for_id}" if found.for_id else ""
    return WorkItem(
        kind=SHARING,
        title=meeting.series.title,
        url=reverse("checkins:update", args=[slug, meeting.pk]) + query,
        why=_("share your update"),
        icon="message-2",
        action=_("Write"),
        ref=Ref(MEETING, meeting.pk),
    )


def _action_item(action: Action, slug: str) -> WorkItem:
    return WorkItem(
        kind=TO_DO,
        title=action.text,
        url=reverse("checkins:action", args=[slug, action.pk]),
        why=_("action from %(series)s") % {"series": action.series.title},
        icon="list-check",
        action=_("Report"),
        ref=Ref(ACTION, action.pk),
    )
