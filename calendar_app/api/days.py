"""Campaigns, notes, slots and the calendar itself over REST."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from calendar_app import answers, selectors, serializers
from calendar_app.api.query import day_range, post_filter
from calendar_app.calendar import calendar_between
from calendar_app.models import Campaign, Note, Slot
from calendar_app.permissions import EDIT_CAMPAIGN, EDIT_NOTE, EDIT_SLOT, SEE
from calendar_app.services.campaigns import create_campaign, edit_campaign
from calendar_app.services.days import add_slot, edit_note, edit_slot, remove_note, remove_slot, write_note
from teams.rest import endpoint, listing, read

MOST_DAYS = 100


@endpoint({"GET": SEE}, answers=answers.CalendarOutput, query=(*answers.OF_DAYS, *answers.SUCH_POSTS))
def calendar(request: Request) -> Response:
    """Posts, campaigns, notes, key dates and outside events of the days `from` to `to` (100 at most)."""
    first, last = day_range(request, MOST_DAYS)
    workspace = request._request.workspace
    wanted = replace(post_filter(request), since=None, until=None)
    found = calendar_between(request._request.actor, first, last, workspace.timezone, wanted)
    return Response(
        {
            "posts": [{**row, "id": str(row["id"])} for row in found.posts],
            "more_posts": found.more,
            "campaigns": [serializers.campaign(row) for row in found.campaigns],
            "notes": [serializers.note(row) for row in found.notes],
            "key_dates": [serializers.key_date(row) for row in found.key_dates],
            "outside_events": [serializers.outside_event(row) for row in found.outside],
        }
    )


@endpoint(
    {"GET": SEE, "POST": EDIT_CAMPAIGN},
    body=serializers.CampaignBody,
    answers=answers.CampaignOutput,
    lists="pages",
)
def campaigns(request: Request) -> Response:
    """The campaigns, first day first; POST adds one."""
    if request.method == "GET":
        return listing(request, selectors.campaigns(), serializers.campaign, by=["starts_on", "id"])
    made = create_campaign(
        workspace=request._request.workspace,
        by=request._request.actor,
        **read(serializers.CampaignBody, request),
    )
    return Response(serializers.campaign(made), status=201)


@endpoint(
    {"GET": SEE, "PATCH": EDIT_CAMPAIGN, "DELETE": EDIT_CAMPAIGN},
    body=serializers.CampaignBody,
    answers=answers.CampaignOutput,
)
def campaign(request: Request, campaign: UUID) -> Response:
    """One campaign; DELETE puts it away."""
    actor = request._request.actor
    found: Campaign = selectors.get_owned(Campaign, campaign)
    if request.method == "PATCH":
        edit_campaign(campaign=found, by=actor, **_changes(serializers.CampaignBody, request))
    if request.method == "DELETE":
        edit_campaign(campaign=found, by=actor, is_archived=True)
        return Response(status=204)
    return Response(serializers.campaign(found))


@endpoint(
    {"GET": SEE, "POST": EDIT_NOTE}, body=serializers.NoteBody, answers=answers.NoteOutput, lists="pages"
)
def notes(request: Request) -> Response:
    """The notes, first day first; POST writes one."""
    if request.method == "GET":
        return listing(request, selectors.notes(), serializers.note, by=["on_date", "id"])
    body = read(serializers.NoteBody, request)
    made = write_note(workspace=request._request.workspace, by=request._request.actor, **body)
    return Response(serializers.note(made), status=201)


@endpoint(
    {"GET": SEE, "PATCH": EDIT_NOTE, "DELETE": EDIT_NOTE},
    body=serializers.NoteBody,
    answers=answers.NoteOutput,
)
def note(request: Request, note: UUID) -> Response:
    """One note."""
    actor = request._request.actor
    found: Note = selectors.get_owned(Note, note)
    if request.method == "PATCH":
        edit_note(note=found, by=actor, **_changes(serializers.NoteBody, request))
    if request.method == "DELETE":
        remove_note(note=found, by=actor)
        return Response(status=204)
    return Response(serializers.note(found))


@endpoint(
    {"GET": SEE, "POST": EDIT_SLOT}, body=serializers.SlotBody, answers=answers.SlotOutput, lists="pages"
)
def slots(request: Request) -> Response:
    """The usual times of the channels through the week; POST adds one."""
    actor = request._request.actor
    if request.method == "GET":
        return listing(request, selectors.slots(actor), serializers.slot, by=["weekday", "wall_time", "id"])
    body = read(serializers.SlotBody, request)
    made = add_slot(workspace=request._request.workspace, by=actor, **body)
    return Response(serializers.slot(made), status=201)


@endpoint(
    {"GET": SEE, "PATCH": EDIT_SLOT, "DELETE": EDIT_SLOT},
    body=serializers.SlotBody,
    answers=answers.SlotOutput,
)
def slot(request: Request, slot: UUID) -> Response:
    """One usual time."""
    actor = request._request.actor
    found: Slot = selectors.get_owned(Slot, slot)
    if request.method == "PATCH":
        edit_slot(slot=found, by=actor, **_changes(serializers.SlotBody, request))
    if request.method == "DELETE":
        remove_slot(slot=found, by=actor)
        return Response(status=204)
    return Response(serializers.slot(found))


def _changes(body: Any, request: Request) -> dict[str, Any]:
    return read(body, request, partial=True)
