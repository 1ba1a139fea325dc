"""Grants on single objects to members and teams: the one place that knows django-guardian.

A grant model stands beside its object (`networks.ChannelUserGrant`), has a direct foreign key `content_object` to
it, and is written and read through this module. A grant never widens a role: it opens an object that is shut to
others, for verbs that the role holds anyway.
"""

from typing import Any, ClassVar
from uuid import UUID

from django.contrib.auth.models import Permission
from django.db import migrations, models
from django_scopes import ScopedManager
from guardian.managers import GroupObjectPermissionManager, UserObjectPermissionManager
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

from teams.actors import Actor
from teams.models import Membership, Team
from teams.states import MemberStatus
from teams.tenancy import WorkspaceOwned

GrantModel = type[Any]
"""A concrete grant model: its `content_object` is not known to the bases below."""


class UserGrant(WorkspaceOwned, UserObjectPermissionBase):
    """One right on one object for one person; derive it with a foreign key `content_object`."""

    objects: ClassVar[Any] = ScopedManager(workspace="workspace", _manager_class=UserObjectPermissionManager)

    class Meta:
        abstract = True
        unique_together = ["workspace", "user", "permission", "content_object"]


class GroupGrant(WorkspaceOwned, GroupObjectPermissionBase):
    """One right on one object for one team, by the team's group."""

    objects: ClassVar[Any] = ScopedManager(workspace="workspace", _manager_class=GroupObjectPermissionManager)

    class Meta:
        abstract = True
        unique_together = ["workspace", "group", "permission", "content_object"]


def codename_of(verb: str) -> str:
    """Return the permission's codename for a verb: `networks.channel.write` is `write_channel`."""
    _app, noun, action = verb.split(".")
    return f"{action}_{noun}"


def permission_of(verb: str, model: type[models.Model]) -> Permission:
    """Return the permission row by which guardian stores a verb on a model's objects."""
    return Permission.objects.get(
        codename=codename_of(verb),
        content_type__app_label=model._meta.app_label,
        content_type__model=model._meta.model_name,
    )


def grant_to_member(
    grants: GrantModel, obj: models.Model, verbs: tuple[str, ...], member: Membership
) -> None:
    """Let a member apply exactly these verbs to the object; what stood before is replaced."""
    grants.objects.filter(content_object=obj, user=member.user_id).delete()
    for verb in verbs:
        grants.objects.assign_perm(permission_of(verb, type(obj)), member.user, obj)


def grant_to_team(grants: GrantModel, obj: models.Model, verbs: tuple[str, ...], team: Team) -> None:
    """Let the members of a team apply exactly these verbs to the object; what stood before is replaced."""
    grants.objects.filter(content_object=obj, group=team.group_id).delete()
    for verb in verbs:
        grants.objects.assign_perm(permission_of(verb, type(obj)), team.group, obj)


def end_grants(grants: GrantModel, member: Membership) -> None:
    """Take back whatever a member was granted in the workspace in scope."""
    grants.objects.filter(user=member.user_id).delete()


def granted(actor: Actor, verb: str, users: GrantModel, groups: GrantModel) -> "models.Q":
    """Return the condition on objects that were granted to the actor, or to whom he covers, for the verb."""
    person = actor.covered or actor.member
    if person is None:
        return models.Q(pk__in=[])
    codename = codename_of(verb)
    own = users.objects.filter(
        content_object=models.OuterRef("pk"), user=person.user_id, permission__codename=codename
    )
    teams = groups.objects.filter(
        content_object=models.OuterRef("pk"),
        group__team__team_members__member=person.pk,
        permission__codename=codename,
    )
    return models.Q(models.Exists(own)) | models.Q(models.Exists(teams))


def grant_rows(
    obj: models.Model, users: GrantModel, groups: GrantModel
) -> tuple[dict[UUID, set[str]], dict[UUID, set[str]]]:
    """Return who was granted what on an object: codenames by membership id and by team id."""
    members: dict[UUID, set[str]] = {}
    active = dict(Membership.objects.filter(status=MemberStatus.ACTIVE).values_list("user_id", "pk"))
    for user_id, codename in users.objects.filter(content_object=obj).values_list(
        "user_id", "permission__codename"
    ):
        if user_id in active:
            members.setdefault(active[user_id], set()).add(codename)
    teams: dict[UUID, set[str]] = {}
    for team_id, codename in groups.objects.filter(content_object=obj).values_list(
        "group__team", "permission__codename"
    ):
        teams.setdefault(team_id, set()).add(codename)
    return members, teams


_TRIGGER = """
CREATE FUNCTION {table}_fill() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $body$
DECLARE
    home uuid;
BEGIN
    SELECT workspace_id INTO home FROM {objects} WHERE id = NEW.content_object_id;
    IF home IS NULL OR (NEW.workspace_id IS NOT NULL AND NEW.workspace_id <> home) THEN
        RAISE EXCEPTION 'a grant belongs to the workspace of its object' USING ERRCODE = 'check_violation';
    END IF;
    IF NOT EXISTS ({holder}) THEN
        RAISE EXCEPTION 'a grant goes to a member or team of its workspace' USING ERRCODE = 'check_violation';
    END IF;
    NEW.workspace_id := home;
    RETURN NEW;
END
$body$;
CREATE TRIGGER {table}_fill BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_fill();
"""
_HOLDERS = {
    "user": "SELECT FROM teams_membership m WHERE m.workspace_id = home AND m.user_id = NEW.user_id"
    " AND m.status = 'active'",
    "group": "SELECT FROM teams_team t WHERE t.workspace_id = home AND t.group_id = NEW.group_id",
}


def grant_table(table: str, objects: str, holder: str) -> list[Any]:
    """Return the migration's operations that fill a grant's workspace and refuse strangers.

    Bulk grants bypass `save()`, so the row's workspace comes from its object, in the database. `holder` is
    `user` or `group`.
    """
    sql = _TRIGGER.format(table=table, objects=objects, holder=_HOLDERS[holder])
    return [migrations.RunSQL(sql, f"DROP FUNCTION {table}_fill() CASCADE")]
