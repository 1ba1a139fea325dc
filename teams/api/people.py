"""Workspaces, members, roles, teams and invitations."""

from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from core.errors import Invalid, NotAllowed, NotFound
from teams import answers, selectors, serializers
from teams.limit_serializers import limit_input
from teams.models import Membership, Role, Workspace
from teams.rest import endpoint, listing, read
from teams.rights import Right, rights_of, rights_of_member
from teams.services.groups import change_team, create_team, delete_team
from teams.services.invitations import invite_member, revoke_invitation
from teams.services.members import assign_role, change_profile, end_membership
from teams.services.roles import change_role, create_role, delete_role


@endpoint({"GET": None}, kind="signed_in", answers=answers.WorkspaceOutput, lists="whole")
def workspaces(request: Request) -> Response:
    """The workspaces of the caller; a token knows its own only."""
    home: Workspace | None = request._request.home
    found = [home] if home else selectors.workspaces_of(request.user.pk)
    return Response({"results": [serializers.workspace(row) for row in found], "next": None})


@endpoint({"GET": "teams.member.see"}, answers=answers.MemberOutput, lists="pages")
def members(request: Request) -> Response:
    """The active members."""
    rows = selectors.members(request._request.actor)
    return listing(request, rows, serializers.member, by=["user__name", "pk"])


@endpoint(
    {"GET": "teams.member.see", "PATCH": "teams.member.see", "DELETE": "teams.member.end"},
    body=serializers.MemberChange,
    answers=answers.MemberOutput,
)
def member(request: Request, member: UUID) -> Response:
    """One member; PATCH gives another role or changes the profile, DELETE ends the membership."""
    actor = request._request.actor
    found = selectors.get_member(actor, member)
    if request.method == "PATCH":
        facts = read(serializers.MemberChange, request)
        if "role" in facts:
            assign_role(member=found, role=_role(facts.pop("role")), by=actor)
        if facts:
            change_profile(member=found, by=actor, **facts)
    if request.method == "DELETE":
        end_membership(member=found, by=actor)
        return Response(status=204)
    return Response(serializers.member(found))


@endpoint({"GET": "teams.workspace.see"}, answers=answers.RightsOutput)
def my_rights(request: Request) -> Response:
    """Each right, whether the caller has it, and where it comes from."""
    actor = request._request.actor
    return Response(_rights(actor.member, rights_of(actor)))


@endpoint({"GET": "teams.right.explain"}, answers=answers.RightsOutput)
def member_rights(request: Request, member: UUID) -> Response:
    """Each right of a member, whether he has it now, where it comes from, and whom he would ask."""
    found = selectors.get_member(request._request.actor, member)
    return Response(_rights(found, rights_of_member(found)))


def _rights(member: Membership, rows: list[Right]) -> dict[str, object]:
    rights = [serializers.right(row) for row in rows]
    return {"member": serializers.person(member), "role": str(member.role), "rights": rights}


@endpoint(
    {"GET": "teams.member.see", "POST": "teams.role.edit"},
    body=serializers.RoleBody,
    answers=answers.RoleOutput,
    lists="pages",
)
def roles(request: Request) -> Response:
    """The roles and their rights."""
    if request.method == "POST":
        made = create_role(by=request._request.actor, **_role_facts(request))
        return Response(serializers.role(made), status=201)
    return listing(request, selectors.roles(), serializers.role, by=["pk"])


@endpoint(
    {"GET": "teams.member.see", "PATCH": "teams.role.edit", "DELETE": "teams.role.edit"},
    body=serializers.RoleBody,
    answers=answers.RoleOutput,
)
def role(request: Request, role: UUID) -> Response:
    """One role."""
    actor, found = request._request.actor, selectors.get_role(role)
    if request.method == "PATCH":
        change_role(role=found, by=actor, **_role_facts(request, partial=True))
    if request.method == "DELETE":
        delete_role(role=found, by=actor)
        return Response(status=204)
    return Response(serializers.role(found))


@endpoint(
    {"GET": "teams.member.see", "POST": "teams.team.edit"},
    body=serializers.TeamBody,
    answers=answers.TeamOutput,
    lists="pages",
)
def teams(request: Request) -> Response:
    """The teams."""
    actor = request._request.actor
    if request.method == "POST":
        facts = read(serializers.TeamBody, request)
        made = create_team(name=facts["name"], members=members_by_id(facts["members"]), by=actor)
        return Response(serializers.team(made), status=201)
    return listing(request, selectors.teams(actor), serializers.team, by=["name", "pk"])


@endpoint(
    {"GET": "teams.member.see", "PATCH": "teams.team.edit", "DELETE": "teams.team.edit"},
    body=serializers.TeamBody,
    answers=answers.TeamOutput,
)
def team(request: Request, team: UUID) -> Response:
    """One team."""
    actor = request._request.actor
    found = selectors.get_team(actor, team)
    if request.method == "PATCH":
        facts = read(serializers.TeamBody, request, partial=True)
        people = members_by_id(facts["members"]) if "members" in facts else None
        change_team(team=found, name=facts.get("name"), members=people, by=actor)
        found = selectors.get_team(actor, team)
    if request.method == "DELETE":
        delete_team(team=found, by=actor)
        return Response(status=204)
    return Response(serializers.team(found))


@endpoint(
    {"GET": "teams.member.invite", "POST": "teams.member.invite"},
    body=serializers.NewInvitation,
    answers=answers.InvitationOutput,
    lists="pages",
)
def invitations(request: Request) -> Response:
    """The open invitations; POST asks an address to join."""
    actor = request._request.actor
    if request.method == "POST":
        facts = read(serializers.NewInvitation, request)
        if actor.member is None:
            raise NotAllowed(_("Only members invite."), verb="teams.member.invite")
        made = invite_member(email=facts["email"], role=_role(facts["role"]), by=actor)
        return Response(serializers.invitation(made), status=201)
    return listing(
        request, selectors.open_invitations(actor), serializers.invitation, by=["-created_at", "-pk"]
    )


@endpoint({"GET": "teams.member.invite", "DELETE": "teams.member.invite"}, answers=answers.InvitationOutput)
def invitation(request: Request, invitation: UUID) -> Response:
    """One invitation; DELETE takes it back."""
    actor = request._request.actor
    found = selectors.get_invitation(actor, invitation)
    if request.method == "DELETE":
        revoke_invitation(invitation=found, by=actor)
        return Response(status=204)
    return Response(serializers.invitation(found))


def members_by_id(wanted: list[UUID], field: str = "members") -> list[Membership]:
    """Return the workspace's members by id, in the order given. Raises: Invalid for one that is not there."""
    try:
        return selectors.members_by_id(wanted)
    except NotFound as error:
        raise Invalid(error.message, fields={field: [error.message]}) from None


def _role_facts(request: Request, *, partial: bool = False) -> dict[str, Any]:
    facts = read(serializers.RoleBody, request, partial=partial)
    if "limits" in facts:
        facts["limits"] = [limit_input(limit) for limit in facts["limits"]]
    return facts


def _role(text: str) -> Role:
    try:
        return selectors.role_named(text)
    except NotFound:
        message = _("There is no role %(name)s.") % {"name": text}
        raise Invalid(message, fields={"role": [message]}) from None
