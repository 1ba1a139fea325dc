"""Workload and coverage: how much everybody has to do, and who is left for which network."""

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from core.clock import now
from core.errors import Invalid
from teams import answers, selectors, serializers
from teams.coverage import coverage_of, gaps_of, risks_of
from teams.holdings import holdings_of
from teams.models import Membership
from teams.overview import Overview, get_duty, overview
from teams.proposals import proposals_for
from teams.rest import endpoint, read, respond
from teams.services.members import end_membership
from teams.workload import live_work, loads, weeks_from

WEEKS = OpenApiParameter("weeks", {"type": "integer", "minimum": 1, "maximum": 6, "default": 4})
DUTY = OpenApiParameter("duty", {"type": "string", "format": "uuid"}, description="A duty to be handed on.")
TO = OpenApiParameter("to", {"type": "string", "format": "uuid"}, description="Who would take it over.")


@endpoint({"GET": "teams.duty.see"}, answers=answers.WorkloadOutput, query=(WEEKS, DUTY, TO))
def workload(request: Request) -> Response:
    """Everybody's weeks, in minutes; with `duty` and `to`, what handing that duty on would make of them."""
    view = _look(request)
    weeks = weeks_from(view.now, view, _count(request))
    work = live_work(request._request.actor, view, weeks)
    found = loads(view, weeks, work, _moved(request))
    return Response(
        {
            "weeks": [bound.date().isoformat() for bound in weeks.bounds[:-1]],
            "members": [serializers.workload(member, found[member.pk]) for member in view.members],
        }
    )


@endpoint({"GET": "teams.duty.see"}, answers=answers.CoverageOutput)
def coverage(request: Request) -> Response:
    """People × networks: can, does, covers, is free; who is left; who moderates; and every gap."""
    actor, view = request._request.actor, _look(request)
    weeks = weeks_from(view.now, view, 1)
    found = loads(view, weeks, live_work(actor, view, weeks))
    table = coverage_of(view, found)
    gaps = [*gaps_of(view), *risks_of(table, found)]
    return Response(serializers.coverage(table, gaps, view))


@endpoint({"GET": "teams.member.see"}, answers=answers.ProposalOutput, lists="whole")
def proposals(request: Request, member: UUID) -> Response:
    """Who could stand in for a member, best first, with reasons."""
    actor, view = request._request.actor, _look(request)
    found = selectors.get_member(actor, member)
    weeks = weeks_from(view.now, view, 1)
    work = loads(view, weeks, live_work(actor, view, weeks))
    rows = proposals_for(view, found, work) if found.pk in work else []
    return respond(request, [serializers.proposal(row) for row in rows], None)


@endpoint(
    {"GET": "teams.member.end", "POST": "teams.member.end"},
    body=serializers.HeirsBody,
    answers={"GET": answers.HoldingOutput, "POST": answers.MemberOutput},
    lists="whole",
    created=False,
)
def leaving(request: Request, member: UUID) -> Response:
    """What a member holds, line by line; POST names who takes over each line and ends the membership."""
    actor = request._request.actor
    found = selectors.get_member(actor, member, "teams.member.end")
    if request.method == "POST":
        wanted: dict[str, UUID | None] = read(serializers.HeirsBody, request)["heirs"]
        people = selectors.members_by_pk({pk for pk in wanted.values() if pk})
        heirs: dict[str, Membership | None] = {
            key: people.get(pk) if pk else None for key, pk in wanted.items()
        }
        return Response(serializers.member(end_membership(member=found, heirs=heirs, by=actor)))
    lines: list[Any] = [serializers.holding(line) for _name, line in holdings_of(actor, found)]
    return respond(request, lines, None)


def _look(request: Request) -> Overview:
    workspace = request._request.workspace
    return overview(request._request.actor, now(), ZoneInfo(workspace.timezone))


def _count(request: Request) -> int:
    text = request.query_params.get("weeks", "4")
    if not text.isdecimal() or len(text) > 1 or not 1 <= int(text) <= 6:
        raise Invalid(_("Ask for 1 to 6 weeks."), fields={"weeks": [_("From 1 to 6.")]})
    return int(text)


def _moved(request: Request) -> dict[UUID, UUID]:
    asked = request.query_params
    if "duty" not in asked and "to" not in asked:
        return {}
    try:
        duty, heir = UUID(asked.get("duty", "")), UUID(asked.get("to", ""))
    except ValueError:
        message = _("Name the duty and the member by their ids.")
        raise Invalid(message, fields={"duty": [message]}) from None
    actor = request._request.actor
    return {get_duty(actor, duty).pk: selectors.get_member(actor, heir).pk}
