"""Series over REST: the same verbs as the pages."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from checkins.answers import MeetingOutput, SeriesOutput
from checkins.attending import attending
from checkins.permissions import EDIT, SEE
from checkins.recurrence import weekly_on
from checkins.selectors.meetings import get_series, meetings_visible_to, series_visible_to
from checkins.serializers import SeriesBody, agenda_points, meeting_json, series_json
from checkins.services import series as services
from checkins.services.series import Plan, Seats
from teams.actors import Actor
from teams.rest import endpoint, listing, read
from teams.selectors import get_member, get_team

NAMED = {"time": "wall_time", "asynchronous": "is_async"}
PEOPLE = ("members", "teams", "guests")


@endpoint({"GET": SEE, "POST": EDIT}, body=SeriesBody, answers=SeriesOutput, lists="pages")
def all_series(request: Request) -> Response:
    """The check-ins that the caller may see, newest first; POST plans one."""
    actor = request._request.actor
    if request.method == "GET":
        return listing(request, series_visible_to(actor), series_json, by=["-pk"])
    body = read(SeriesBody, request)
    facts = _facts(body)
    facts.setdefault("rule", weekly_on(body["starts_on"]))
    made = services.create_series(plan=Plan(**facts), seats=_seats(actor, body), by=actor)
    return Response(series_json(made, attending(made)), status=201)


@endpoint({"GET": SEE, "PATCH": EDIT, "DELETE": EDIT}, body=SeriesBody, answers=SeriesOutput)
def series(request: Request, series: UUID) -> Response:
    """One check-in with who attends; PATCH changes it and what is planned, DELETE ends it."""
    actor = request._request.actor
    found = get_series(actor, series)
    if request.method == "DELETE":
        services.end_series(series=found, by=actor)
        return Response(status=204)
    if request.method == "PATCH":
        body = read(SeriesBody, request, partial=True)
        seats = _seats(actor, body) if any(name in body for name in PEOPLE) else None
        plan = replace(services.plan_of(found), **_facts(body))
        services.change_series(series=found, plan=plan, seats=seats, by=actor)
        found = get_series(actor, series)
    return Response(series_json(found, attending(found)))


@endpoint({"GET": SEE}, answers=MeetingOutput, lists="pages")
def series_meetings(request: Request, series: UUID) -> Response:
    """All meetings of a check-in, latest first."""
    actor = request._request.actor
    found = get_series(actor, series)
    return listing(
        request, meetings_visible_to(actor).filter(series=found), meeting_json, by=["-starts_at", "-pk"]
    )


def _facts(body: dict[str, Any]) -> dict[str, Any]:
    facts = {NAMED.get(name, name): value for name, value in body.items() if name not in PEOPLE}
    if "agenda" in facts:
        facts["agenda"] = agenda_points(facts["agenda"])
    return facts


def _seats(actor: Actor, body: dict[str, Any]) -> Seats:
    return Seats(
        members=[get_member(actor, pk) for pk in body.get("members", ())],
        teams=[get_team(actor, pk) for pk in body.get("teams", ())],
        guests=[(one["name"], one["email"]) for one in body.get("guests", ())],
    )
