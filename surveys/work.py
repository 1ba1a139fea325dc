"""What surveys put on somebody's list of work: only his own, since nobody answers for another."""

from collections.abc import Mapping, Sequence

from django.urls import reverse
from django.utils.translation import gettext as _

from core.refs import Ref
from surveys.models import ROUND, Invitee
from surveys.selectors.rounds import places_by_id, waiting_rounds
from teams.actors import Actor
from teams.work import Found, WorkItem, WorkRows, WorkSource

KIND = "survey"


def survey_rows(actor: Actor) -> Sequence[WorkRows]:
    """Return the open rounds that the actor has not answered, in none but his own place."""
    if actor.member is None or actor.on_behalf_of is not None:
        return []
    return [WorkRows(KIND, waiting_rounds(actor), since="round__opens_at", due="round__closes_at")]


def survey_items(actor: Actor, found: Sequence[Found]) -> Mapping[Found, WorkItem]:
    """Return what to say of rounds; one statement."""
    places = places_by_id(actor, [one.id for one in found])
    slug = actor.member.workspace.slug if actor.member else ""
    return {one: _item(places[one.id], slug) for one in found if one.id in places}


SURVEYS = WorkSource(survey_rows, survey_items)


def _item(place: Invitee, slug: str) -> WorkItem:
    return WorkItem(
        kind=KIND,
        title=place.round.survey.title,
        url=reverse("surveys:round", args=[slug, place.round_id]),
        why=_("answer, without names") if place.round.is_anonymous else _("answer"),
        icon="forms",
        action=_("Answer"),
        ref=Ref(ROUND, place.round_id),
    )
