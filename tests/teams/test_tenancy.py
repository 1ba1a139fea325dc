"""The walls between workspaces hold in the database itself."""

import pytest
from django.db import ProgrammingError, connection, transaction
from django_scopes import scopes_disabled

from activity.models import Entry
from core.record import record
from core.refs import Ref
from teams.models import Membership, Team
from teams.permissions import actor_of
from teams.tenancy import WrongWorkspace, memberships_of, workspace_scope


def _count(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        return cursor.fetchone()[0]


def test_database_role_is_the_application(db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("collab_app",)


def test_rows_are_invisible_without_a_workspace(cast):
    assert _count("teams_membership") == 0


def test_rows_of_the_other_workspace_are_invisible_in_raw_sql(cast):
    with workspace_scope(cast.other.pk):
        assert _count("teams_membership") == 1


def test_rows_of_the_other_workspace_are_invisible_without_the_manager(cast):
    with workspace_scope(cast.other.pk), scopes_disabled():
        assert {member.user.name for member in Membership.objects.select_related("user")} == {"Eve Lim"}


def test_a_nested_scope_leaves_no_trace(cast):
    with workspace_scope(cast.acme.pk):
        with workspace_scope(cast.other.pk):
            assert _count("teams_membership") == 1
        assert _count("teams_membership") == 6


def test_a_person_sees_own_memberships_before_a_workspace_is_chosen(cast):
    with memberships_of(cast.eve.user_id):
        assert [member.pk for member in Membership.objects.all()] == [cast.eve.pk]
    assert _count("teams_membership") == 0


def test_saving_into_another_workspace_is_refused(cast):
    with workspace_scope(cast.other.pk), pytest.raises(WrongWorkspace):
        Team(workspace=cast.acme, name="Intruders").save()


def test_inserting_into_another_workspace_by_sql_is_refused(cast):
    with workspace_scope(cast.other.pk), pytest.raises(ProgrammingError), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO teams_guest (id, workspace_id, name, email, created_at)"
                " VALUES (gen_random_uuid(), %s, 'x', '', now())",
                [cast.acme.pk],
            )


def test_the_record_cannot_be_changed(cast):
    with workspace_scope(cast.acme.pk):
        record("teams.team.tested", by=actor_of(cast.ana), subject=Ref("teams.workspace", cast.acme.pk))
        assert Entry.objects.filter(verb="teams.team.tested").count() == 1
        for statement in ("UPDATE activity_entry SET verb = 'x'", "DELETE FROM activity_entry"):
            with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement)
