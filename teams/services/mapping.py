"""What groups of the provider or directory mean here: roles and teams follow them; nobody becomes an owner so."""

from collections.abc import Collection, Sequence

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from core.errors import Invalid, NotAllowed
from core.record import record
from core.refs import Ref
from teams.actors import Actor
from teams.identities import JOIN_ROLE, SECURE, join_role
from teams.models import GroupRule, Membership, Role, Team, TeamMember, Workspace
from teams.permissions import require
from teams.services.members import assign_role, require_right_over_role
from teams.states import RoleKey

MOST_RULES = 100


def add_group_rule(*, group: str, role: Role | None, team: Team | None, by: Actor) -> GroupRule:
    """Let a group of the provider mean a role, a team, or both; earlier rules weigh more where two give roles.

    Raises: NotAllowed, also for a role with rights that the actor lacks; Invalid. Records: teams.grouprule.added.
    """
    require(by, SECURE)
    fields: dict[str, list[str]] = {}
    if not 1 <= len(group.strip()) <= 200:
        fields["group"] = [_("Give the group's name, up to 200 characters.")]
    if role is None and team is None:
        fields["role"] = [_("Choose a role, a team, or both.")]
    if role is not None:
        _require_giveable(by, role)
    if GroupRule.objects.count() >= MOST_RULES:
        fields["group"] = [_("A workspace has at most %(count)s of these rules.") % {"count": MOST_RULES}]
    if fields:
        raise Invalid(_("The rule was not saved."), fields=fields)
    last = GroupRule.objects.order_by("-position").values_list("position", flat=True).first()
    rule = GroupRule(
        workspace_id=by.workspace_id, group=group.strip(), role=role, team=team, position=(last or 0) + 1
    )
    try:
        with transaction.atomic():
            rule.save()
    except IntegrityError:
        message = _("There is a rule for this group already.")
        raise Invalid(message, fields={"group": [message]}) from None
    record("teams.grouprule.added", by=by, subject=Ref("teams.grouprule", rule.pk))
    return rule


def remove_group_rule(*, rule: GroupRule, by: Actor) -> None:
    """Let a group mean nothing any more; who has a role or a team by it keeps it. Records: teams.grouprule.removed."""
    require(by, SECURE, rule)
    record("teams.grouprule.removed", by=by, subject=Ref("teams.grouprule", rule.pk))
    rule.delete()


def set_join_role(*, workspace: Workspace, role: Role, by: Actor) -> None:
    """Say with which role people come in whom the provider or the directory sends.

    Raises: NotAllowed, also for the owner's role. Records: teams.workspace.secured.
    """
    require(by, SECURE)
    _require_giveable(by, role)
    if workspace.pk != by.workspace_id or join_role(workspace).pk == role.pk:
        return
    row = Workspace.objects.select_for_update().get(pk=workspace.pk)
    row.settings = workspace.settings = {**row.settings, JOIN_ROLE: str(role.pk)}
    row.save(update_fields=["settings"])
    subject = Ref("teams.workspace", workspace.pk)
    record("teams.workspace.secured", by=by, subject=subject, join_role=str(role.pk))


def follow_groups(*, member: Membership, groups: Collection[str], by: Actor) -> Membership:
    """Give a member the role and the teams that the groups mean, and take those of other groups.

    The first rule with a role decides; where none fits, a role that a rule gave falls back to the one for newcomers.
    An owner's role never changes so. Raises: NotAllowed for anybody but the product.
    Records: what changed, as teams.member.role_assigned and teams.team.changed.
    """
    if not by.is_system:
        raise NotAllowed(_("Only Collab itself follows the groups of a provider."))
    rules = list(GroupRule.objects.select_related("role", "team").order_by("position", "pk"))
    fitting = [rule for rule in rules if rule.group in groups]
    _follow_role(member, rules, fitting, by)
    _follow_teams(member, rules, fitting, by)
    return member


def _follow_role(
    member: Membership, rules: Sequence[GroupRule], fitting: Sequence[GroupRule], by: Actor
) -> None:
    wanted = next((rule.role for rule in fitting if rule.role is not None), None)
    given = {rule.role_id for rule in rules if rule.role_id is not None}
    if wanted is None and member.role_id in given:
        wanted = join_role(member.workspace)
    if wanted is None or wanted.pk == member.role_id or RoleKey.OWNER in (member.role.key, wanted.key):
        return
    assign_role(member=member, role=wanted, by=by)


def _follow_teams(
    member: Membership, rules: Sequence[GroupRule], fitting: Sequence[GroupRule], by: Actor
) -> None:
    named = {rule.team.pk: rule.team for rule in rules if rule.team is not None}
    wanted = {rule.team.pk for rule in fitting if rule.team is not None}
    held = set(
        TeamMember.objects.filter(member=member, team_id__in=list(named)).values_list("team_id", flat=True)
    )
    for ident, team in named.items():
        if ident in wanted and ident not in held:
            TeamMember(workspace_id=member.workspace_id, team=team, member=member).save()
            member.user.groups.add(team.group)
        elif ident in held and ident not in wanted:
            TeamMember.objects.filter(team=team, member=member).delete()
            member.user.groups.remove(team.group)
        else:
            continue
        subject = Ref("teams.team", team.pk)
        record("teams.team.changed", by=by, subject=subject, member=str(member.pk), is_in=ident in wanted)


def _require_giveable(by: Actor, role: Role) -> None:
    if role.key == RoleKey.OWNER:
        raise NotAllowed(
            _("Owners are made by owners only, never by a group."), verb="teams.role.assign_owner"
        )
    require_right_over_role(by, role)
