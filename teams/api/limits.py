"""To what rights of a role are limited, one limit at a time (R7.10)."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from teams import answers, selectors
from teams.limit_serializers import LimitBody, limit_input
from teams.limit_serializers import limit as serialized
from teams.limits import get_limit, limits_of
from teams.rest import endpoint, read, respond
from teams.services.roles import add_limit, change_limit, remove_limit


@endpoint(
    {"GET": "teams.member.see", "POST": "teams.role.edit"},
    body=LimitBody,
    answers=answers.LimitOutput,
    lists="whole",
)
def role_limits(request: Request, role: UUID) -> Response:
    """The limits of a role; POST adds one."""
    found = selectors.get_role(role)
    if request.method == "POST":
        wanted = limit_input(read(LimitBody, request))
        changed = add_limit(role=found, limit=wanted, by=request._request.actor)
        return Response(serialized(limits_of(changed)[-1]), status=201)
    return respond(request, [serialized(row) for row in limits_of(found)], None)


@endpoint(
    {"GET": "teams.member.see", "PUT": "teams.role.edit", "DELETE": "teams.role.edit"},
    body=LimitBody,
    answers=answers.LimitOutput,
)
def role_limit(request: Request, role: UUID, limit: str) -> Response:
    """One limit of a role; PUT puts another one in its place and keeps its id."""
    actor, found = request._request.actor, selectors.get_role(role)
    stands = get_limit(found, limit)
    if request.method == "PUT":
        wanted = limit_input(read(LimitBody, request))
        stands = get_limit(change_limit(role=found, limit_id=limit, limit=wanted, by=actor), limit)
    if request.method == "DELETE":
        remove_limit(role=found, limit_id=limit, by=actor)
        return Response(status=204)
    return Response(serialized(stands))
