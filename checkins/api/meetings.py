"""Meetings, updates, decisions and actions over REST: the same verbs as the pages."""

from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from checkins.answers import ActionOutput, MeetingOutput, PointOutput, ReportOutput, UpdateOutput
from checkins.attending import attending
from checkins.permissions import HOLD, REPORT, SEE, SHARE
from checkins.selectors.actions import actions_of, actions_visible_to, get_action
from checkins.selectors.meetings import (
    coming_meetings,
    get_meeting,
    get_update,
    own_place,
    points_of,
    updates_of,
)
from checkins.serializers import (
    ActionBody,
    ActionChange,
    HelpBody,
    MeetingChange,
    PointBody,
    ReportBody,
    UpdateBody,
    action_json,
    meeting_json,
    point_json,
    report_json,
    update_json,
)
from checkins.services import actions as action_services
from checkins.services import meetings as services
from checkins.services.planning import move_meeting, restore_meeting, skip_meeting
from checkins.services.updates import offer_help, withdraw_help, write_update
from core.clock import now
from core.errors import Invalid
from core.refs import Ref
from teams.rest import endpoint, listing, read
from teams.selectors import get_member

COURSE = {
    "open": services.open_meeting,
    "closed": services.close_meeting,
    "skipped": skip_meeting,
    "planned": restore_meeting,
}


@endpoint({"GET": SEE}, answers=MeetingOutput, lists="pages")
def coming(request: Request) -> Response:
    """The next meeting of each check-in that the caller sees, soonest first."""
    return listing(
        request, coming_meetings(request._request.actor, now=now()), meeting_json, by=["starts_at", "pk"]
    )


@endpoint({"GET": SEE, "PATCH": SEE}, body=MeetingChange, answers=MeetingOutput)
def meeting(request: Request, meeting: UUID) -> Response:
    """One meeting; PATCH moves it, opens or closes it, leaves it out, or sets its clock."""
    actor = request._request.actor
    found = get_meeting(actor, meeting)
    if request.method == "PATCH":
        body = read(MeetingChange, request, partial=True)
        if "starts_at" in body:
            move_meeting(meeting=found, starts_at=body["starts_at"], by=actor)
        if "state" in body:
            COURSE[body["state"]](meeting=found, by=actor)
        if "clock_runs" in body or "item" in body:
            services.set_clock(meeting=found, runs=body.get("clock_runs"), item=body.get("item"), by=actor)
        found = get_meeting(actor, meeting)
    return Response(meeting_json(found))


@endpoint({"GET": SHARE, "PUT": SHARE}, body=UpdateBody, answers=UpdateOutput)
def update(request: Request, meeting: UUID) -> Response:
    """The caller's own update in a meeting; PUT shares it, or that of a member whom the caller covers (`for`)."""
    actor = request._request.actor
    found = get_meeting(actor, meeting)
    if request.method == "GET":
        return Response(update_json(own_place(actor, found, now=now())))
    body = read(UpdateBody, request)
    place = own_place(actor, found, for_member=body.get("for"), now=now())
    said = {"wins": body["wins"], "help_wanted": body["help"], "goals": body["goals"]}
    return Response(update_json(write_update(update=place, by=actor, **said)))


@endpoint({"GET": SEE}, answers=UpdateOutput, lists="whole")
def updates(request: Request, meeting: UUID) -> Response:
    """Everybody's update in a meeting, those that are missing last."""
    found = get_meeting(request._request.actor, meeting)
    return Response({"results": [update_json(row) for row in updates_of(found)], "next": None})


@endpoint({"PUT": SEE}, body=HelpBody, answers=UpdateOutput)
def help_offer(request: Request, meeting: UUID, update: UUID) -> Response:
    """Take on what somebody wants help with, or take the offer back."""
    actor = request._request.actor
    place = get_update(get_meeting(actor, meeting), update)
    change = offer_help if read(HelpBody, request)["helping"] else withdraw_help
    change(update=place, by=actor)
    return Response(update_json(get_update(place.meeting, update)))


@endpoint({"GET": SEE, "POST": HOLD}, body=PointBody, answers=PointOutput, lists="whole")
def points(request: Request, meeting: UUID) -> Response:
    """Decisions and notes of a meeting, as they were written; POST adds one."""
    actor = request._request.actor
    found = get_meeting(actor, meeting)
    if request.method == "POST":
        made = services.add_point(meeting=found, by=actor, **read(PointBody, request))
        return Response(point_json(made), status=201)
    return Response({"results": [point_json(row) for row in points_of(found)], "next": None})


@endpoint({"DELETE": HOLD})
def point(request: Request, meeting: UUID, point: UUID) -> Response:
    """Take a decision or note out, while the meeting is not closed."""
    actor = request._request.actor
    services.remove_point(meeting=get_meeting(actor, meeting), point_id=point, by=actor)
    return Response(status=204)


@endpoint({"GET": SEE, "POST": HOLD}, body=ActionBody, answers=ActionOutput, lists="whole")
def meeting_actions(request: Request, meeting: UUID) -> Response:
    """The actions promised in a meeting; POST adds one."""
    actor = request._request.actor
    found = get_meeting(actor, meeting)
    if request.method == "GET":
        return Response({"results": [action_json(row) for row in actions_of(found)], "next": None})
    body = read(ActionBody, request)
    made = action_services.add_action(
        meeting=found,
        text=body["text"],
        owner=_owner(found, body["owner"]),
        due_on=body["due_on"],
        subject=_ref(body.get("subject")),
        by=actor,
    )
    return Response(action_json(get_action(actor, made.pk)), status=201)


@endpoint({"GET": SEE}, answers=ActionOutput, lists="pages")
def actions(request: Request) -> Response:
    """The actions that the caller may see, due first."""
    return listing(request, actions_visible_to(request._request.actor), action_json, by=["due_at", "pk"])


@endpoint({"GET": SEE, "PATCH": REPORT, "DELETE": HOLD}, body=ActionChange, answers=ActionOutput)
def action(request: Request, action: UUID) -> Response:
    """One action; PATCH hands it on, DELETE takes it out of a meeting that is still writing it."""
    actor = request._request.actor
    found = get_action(actor, action)
    if request.method == "DELETE":
        action_services.remove_action(action=found, by=actor)
        return Response(status=204)
    if request.method == "PATCH":
        owner = get_member(actor, read(ActionChange, request)["owner"])
        return Response(action_json(action_services.hand_action(action=found, owner=owner, by=actor)))
    return Response(action_json(found))


@endpoint({"PUT": REPORT}, body=ReportBody, answers=ReportOutput)
def report(request: Request, action: UUID) -> Response:
    """Report on an action: done, still open, or dropped with a reason; in the meeting under way, else the next."""
    actor = request._request.actor
    found = get_action(actor, action)
    return Response(
        report_json(action_services.report_action(action=found, by=actor, **read(ReportBody, request)))
    )


def _owner(found: Any, ident: UUID) -> Any:
    people = attending(found.series)
    return next((one for one in (*people.members, *people.guests) if one.pk == ident), None)


def _ref(text: str | None) -> Ref | None:
    if not text:
        return None
    try:
        return Ref.parse(text)
    except ValueError:
        raise Invalid("Name it as app.noun:id.", fields={"subject": ["Name it as app.noun:id."]}) from None
