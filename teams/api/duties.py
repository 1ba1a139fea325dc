"""Duties, kinds of work and moderators: who looks after what."""

from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from core.errors import Invalid
from teams import answers, serializers
from teams.actors import Actor
from teams.api.people import members_by_id
from teams.models import DutyKind, Membership
from teams.overview import duties_visible_to, duty_kinds, get_channel_choice, get_duty
from teams.rest import endpoint, listing, read, respond
from teams.scopes import CHANNEL, choices_for
from teams.selectors import members_by_pk
from teams.services.duties import (
    change_duty,
    create_duty,
    end_duty,
    kind_named,
    name_moderator,
    place_duty,
    starter_kind,
)
from teams.standing import moderators_of, standing_lists
from teams.states import StarterKind


@endpoint(
    {"GET": "teams.duty.see", "POST": "teams.duty.edit"},
    body=serializers.DutyBody,
    answers=answers.DutyOutput,
    lists="pages",
)
def duties(request: Request) -> Response:
    """The duties, most important first; POST adds one at the end."""
    actor = request._request.actor
    if request.method == "POST":
        facts = _facts(request, read(serializers.DutyBody, request))
        facts.pop("position", None)
        made = create_duty(by=actor, **facts)
        return Response(_shown(actor, [get_duty(actor, made.pk)])[0], status=201)
    page = listing(request, duties_visible_to(actor), lambda row: row, by=["position", "pk"])
    page.data["results"] = _shown(actor, page.data["results"])
    return page


@endpoint(
    {"GET": "teams.duty.see", "PATCH": "teams.duty.edit", "DELETE": "teams.duty.edit"},
    body=serializers.DutyBody,
    answers=answers.DutyOutput,
)
def duty(request: Request, duty: UUID) -> Response:
    """One duty; PATCH changes or hands it on, DELETE drops it."""
    actor = request._request.actor
    found = get_duty(actor, duty)
    if request.method == "DELETE":
        end_duty(duty=found, by=actor)
        return Response(status=204)
    if request.method == "PATCH":
        facts = _facts(request, read(serializers.DutyBody, request, partial=True))
        place = facts.pop("position", None)
        if facts:
            change_duty(duty=found, by=actor, **facts)
        if place is not None:
            place_duty(duty=found, place=place, by=actor)
        found = get_duty(actor, duty)
    return Response(_shown(actor, [found])[0])


@endpoint(
    {"GET": "teams.duty.see", "POST": "teams.duty.edit"},
    body=serializers.DutyKindBody,
    answers=answers.DutyKindOutput,
    lists="whole",
)
def kinds(request: Request) -> Response:
    """The kinds of work; POST adds one of the workspace's own, or answers the one of that name."""
    actor = request._request.actor
    if request.method == "POST":
        made = kind_named(name=read(serializers.DutyKindBody, request)["name"], by=actor)
        return Response(serializers.duty_kind(made), status=201)
    return respond(request, [serializers.duty_kind(kind) for kind in duty_kinds(actor)], None)


@endpoint({"GET": "teams.duty.see"}, answers=answers.ModeratorOutput, lists="whole")
def moderators(request: Request) -> Response:
    """Each channel with its named moderator, null where nobody is named."""
    channels = [choice for choice in choices_for(request._request.actor) if choice.type == CHANNEL]
    named = moderators_of(UUID(choice.key) for choice in channels)
    rows = [serializers.moderator(choice, named.get(UUID(choice.key))) for choice in channels]
    return respond(request, rows, None)


@endpoint(
    {"GET": "teams.duty.see", "PUT": "teams.duty.moderate", "DELETE": "teams.duty.moderate"},
    body=serializers.ModeratorBody,
    answers=answers.ModeratorOutput,
)
def moderator(request: Request, channel: UUID) -> Response:
    """Who looks over what goes out on a channel; PUT names somebody, DELETE takes the name away."""
    actor = request._request.actor
    choice = get_channel_choice(actor, channel)
    if request.method == "DELETE":
        name_moderator(channel_id=channel, member=None, by=actor)
        return Response(status=204)
    if request.method == "PUT":
        wanted = read(serializers.ModeratorBody, request)["member"]
        name_moderator(channel_id=channel, member=members_by_id([wanted], "member")[0], by=actor)
    return Response(serializers.moderator(choice, moderators_of([channel]).get(channel)))


def _facts(request: Request, sent: dict[str, Any]) -> dict[str, Any]:
    facts = dict(sent)
    if "kind" in facts:
        facts["kind"] = _kind(request, facts["kind"])
    if "owner" in facts:
        facts["owner"] = members_by_id([facts["owner"]], "owner")[0] if facts["owner"] else None
    if "backups" in facts:
        facts["backups"] = members_by_id(facts["backups"], "backups")
    if "scopes" in facts:
        facts["scopes"] = [(scope["type"], scope["key"]) for scope in facts["scopes"]]
    return facts


def _kind(request: Request, text: str) -> DutyKind:
    if text in StarterKind.values:
        return starter_kind(StarterKind(text), request._request.actor.workspace_id)
    found = next((kind for kind in duty_kinds(request._request.actor) if str(kind.pk) == text), None)
    if found is None:
        message = _("There is no such kind of work.")
        raise Invalid(message, fields={"kind": [message]})
    return found


def _shown(actor: Actor, rows: list[Any]) -> list[dict[str, Any]]:
    """Return duties as the API gives them: two statements for a page, however long."""
    lists = standing_lists({row.owner_id for row in rows if row.owner_id})
    listed = {row.pk: lists.lists.get((row.owner_id, row.ref), []) for row in rows if row.owner_id}
    wanted = {row.owner_id for row in rows if row.owner_id} | {
        pk for found in listed.values() for pk in found
    }
    people: dict[UUID, Membership] = members_by_pk(wanted)
    return [
        serializers.duty(
            row,
            people.get(row.owner_id),
            [people[pk] for pk in listed.get(row.pk, []) if pk in people],
        )
        for row in rows
    ]
