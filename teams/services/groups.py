"""Teams: named groups of members; what is granted to a team is granted to who is in it."""

from collections.abc import Sequence

from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _

from core.errors import Invalid, WrongState
from core.record import record
from core.refs import Ref
from teams.actors import Actor
from teams.models import Membership, Team, TeamMember
from teams.permissions import require

MOST_TEAMS = 200


def create_team(*, name: str, members: Sequence[Membership], by: Actor) -> Team:
    """Create a team with its members. Raises: NotAllowed, Invalid. Records: teams.team.created."""
    require(by, "teams.team.edit")
    if Team.objects.count() >= MOST_TEAMS:
        raise Invalid(_("A workspace has at most %(count)s teams.") % {"count": MOST_TEAMS})
    team = Team(workspace_id=by.workspace_id, name=_fit(name))
    team.group = Group.objects.create(name=f"team:{team.pk}")
    _save(team)
    _put(team, members)
    record("teams.team.created", by=by, subject=Ref("teams.team", team.pk))
    return team


def change_team(
    *, team: Team, name: str | None = None, members: Sequence[Membership] | None = None, by: Actor
) -> Team:
    """Rename a team or set who is in it. Raises: NotAllowed, Invalid. Records: teams.team.changed."""
    require(by, "teams.team.edit", team)
    if name is not None:
        team.name = _fit(name)
        _save(team)
    if members is not None:
        _put(team, members)
    ids = [str(pk) for pk in team.team_members.order_by("pk").values_list("member_id", flat=True)]
    record("teams.team.changed", by=by, subject=Ref("teams.team", team.pk), members=ids)
    return team


def delete_team(*, team: Team, by: Actor) -> None:
    """Delete a team; its members stay. Raises: NotAllowed; WrongState while something is tied to it.

    Records: teams.team.deleted.
    """
    require(by, "teams.team.edit", team)
    group, ident = team.group, team.pk
    try:
        with transaction.atomic():
            team.delete()
            group.delete()
    except (ProtectedError, IntegrityError):
        raise WrongState(_("Something still refers to this team. Take that away first.")) from None
    record("teams.team.deleted", by=by, subject=Ref("teams.team", ident))


def _fit(name: str) -> str:
    if not 1 <= len(name.strip()) <= 80:
        message = _("Give a name of 1 to 80 characters.")
        raise Invalid(message, fields={"name": [message]})
    return name.strip()


def _save(team: Team) -> None:
    try:
        with transaction.atomic():
            team.save()
    except IntegrityError:
        message = _("Another team has this name.")
        raise Invalid(message, fields={"name": [message]}) from None


def _put(team: Team, members: Sequence[Membership]) -> None:
    if not all(member.is_active for member in members):
        message = _("Only members of the workspace can be in a team.")
        raise Invalid(message, fields={"members": [message]})
    for gone in team.team_members.select_related("member__user"):
        gone.member.user.groups.remove(team.group)
    team.team_members.all().delete()
    for member in {member.pk: member for member in members}.values():
        TeamMember(workspace_id=team.workspace_id, team=team, member=member).save()
        member.user.groups.add(team.group)
