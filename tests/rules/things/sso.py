"""Log-in by a workspace's own provider."""

from typing import Any

from core.envelope import new_data_key, ring
from teams.models import GroupRule, Identity, Provider, Role, Team
from teams.states import RoleKey
from tests.rules.subjects import body, made, subject
from tests.rules.world import Side


def provider(side: Side) -> Provider:
    """A provider that was tried and switched on; nobody can reach it."""
    found = Provider.objects.first()
    if found is None:
        found = Provider(
            workspace=side.workspace,
            name=side.text("account"),
            issuer=f"https://{side.word.lower()}.example",
            client_id="collab",
            key=new_data_key(ring()),
            is_on=True,
            configured_by=side.owner,
        )
        found.save()
    return found


@subject("identity")
def identity(side: Side) -> Any:
    """The viewer, connected with the provider."""
    row = Identity(
        workspace=side.workspace,
        provider=provider(side),
        member=side.members[RoleKey.VIEWER],
        subject=side.text("subject"),
        hint=f"viewer@{side.word.lower()}.example",
    )
    row.save()
    return row.pk


@subject("rule")
def rule(side: Side) -> Any:
    """A group that means a role and a team."""
    row = GroupRule(
        workspace=side.workspace,
        group=side.text("group"),
        role=Role.objects.get(key=RoleKey.VIEWER),
        team=Team.objects.get(pk=made(side, "team")),
    )
    row.save()
    return row.pk


@body("teams:group_rules:POST")
def group_rule(side: Side) -> dict[str, Any]:
    """A rule for another group."""
    return {"group": side.text("others"), "role": str(made(side, "role")), "team": str(made(side, "team"))}


@body("teams:newcomers:POST")
def newcomers(side: Side) -> dict[str, Any]:
    """The workspace's own role for newcomers."""
    return {"role": str(made(side, "role"))}
