"""The three roles: what each may do, and that making them again changes nothing."""

from collections.abc import Iterator

import psycopg2
import pytest
from django.core.management import CommandError, call_command
from psycopg2 import errors

from collab.runtime.roles import autocommit, prepare_cluster
from tests.support.plugin import cluster

NAME = "collab_roles_test"


@pytest.fixture
def database() -> Iterator[str]:
    cluster.create_database(NAME)
    yield NAME
    cluster.drop_database(NAME)


def test_app_owns_nothing_and_bypasses_nothing(database: str):
    with autocommit(cluster.admin_dsn(database)) as admin:
        admin.execute(
            "SELECT rolname, rolcanlogin, rolsuper, rolbypassrls, rolcreatedb, rolcreaterole FROM pg_roles "
            "WHERE rolname LIKE 'collab\\_%' ORDER BY rolname"
        )
        assert admin.fetchall() == [
            ("collab_app", True, False, False, False, False),
            ("collab_owner", True, False, False, False, False),
            ("collab_sweeper", False, False, False, False, False),
        ]
        admin.execute("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = %s", [database])
        assert admin.fetchall() == [("collab_owner",)]


def test_app_may_change_rows_and_no_structure(database: str):
    with autocommit(cluster.owner_dsn(database)) as owner:
        owner.execute("CREATE TABLE thing (id bigserial PRIMARY KEY, name text)")
    with autocommit(cluster.app_dsn(database)) as app:
        app.execute("INSERT INTO thing (name) VALUES ('a') RETURNING id")
        assert app.fetchall() == [(1,)]
        app.execute("UPDATE thing SET name = 'b'")
        app.execute("DELETE FROM thing")
        for statement in (
            "CREATE TABLE other ()",
            "CREATE TEMPORARY TABLE other ()",
            "ALTER TABLE thing ADD COLUMN more text",
            "TRUNCATE thing",
            "SET ROLE collab_sweeper",
            "SET ROLE collab_owner",
        ):
            with pytest.raises(errors.InsufficientPrivilege):
                app.execute(statement)


def test_owner_hands_a_function_to_the_sweeper_and_keeps_no_way_to_create_as_it(database: str):
    with autocommit(cluster.owner_dsn(database)) as owner:
        owner.execute(
            "BEGIN;"
            "CREATE FUNCTION scan() RETURNS name LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog "
            "AS 'SELECT current_user';"
            "REVOKE ALL ON FUNCTION scan() FROM PUBLIC; GRANT EXECUTE ON FUNCTION scan() TO collab_app;"
            "GRANT CREATE ON SCHEMA public TO collab_sweeper;"
            "ALTER FUNCTION scan() OWNER TO collab_sweeper;"
            "REVOKE CREATE ON SCHEMA public FROM collab_sweeper;"
            "COMMIT"
        )
        with autocommit(cluster.app_dsn(database)) as app:
            app.execute("SELECT scan()")
            assert app.fetchall() == [("collab_sweeper",)]
        owner.execute("SELECT has_schema_privilege('collab_sweeper', 'public', 'CREATE')")
        assert owner.fetchall() == [(False,)]
        owner.execute("DROP FUNCTION scan()")


def test_preparing_again_repairs_a_role_and_keeps_the_rows(database: str):
    with autocommit(cluster.owner_dsn(database)) as owner:
        owner.execute("CREATE TABLE thing AS SELECT 1 AS id")
    with autocommit(cluster.admin_dsn()) as admin:
        admin.execute("ALTER ROLE collab_app BYPASSRLS")

    prepare_cluster(cluster.admin_dsn(), database=database, passwords={})

    with autocommit(cluster.app_dsn(database)) as app:
        app.execute("SELECT rolbypassrls FROM pg_roles WHERE rolname = current_user")
        assert app.fetchall() == [(False,)]
    with autocommit(cluster.owner_dsn(database)) as owner:
        owner.execute("SELECT id FROM thing")
        assert owner.fetchall() == [(1,)]


def test_what_the_application_commits_is_durable_whatever_the_server_says(database: str):
    """A committed intent that a crash takes back would let a call be made twice (ENGINE.md)."""
    with autocommit(cluster.admin_dsn()) as admin:
        admin.execute("ALTER SYSTEM SET synchronous_commit = 'off'")
        admin.execute("SELECT pg_reload_conf()")
    try:
        with autocommit(cluster.app_dsn(database)) as app:
            app.execute("SHOW synchronous_commit")
            assert app.fetchall() == [("on",)]
    finally:
        with autocommit(cluster.admin_dsn()) as admin:
            admin.execute("ALTER SYSTEM RESET synchronous_commit")
            admin.execute("SELECT pg_reload_conf()")


def test_administrator_without_superuser_rights_can_prepare():
    passwords = {
        "collab_owner": cluster.passwords["collab_owner"],
        "collab_app": cluster.passwords["collab_app"],
    }
    with autocommit(cluster.admin_dsn()) as admin:
        admin.execute("CREATE ROLE hosted LOGIN CREATEROLE CREATEDB PASSWORD 'hosted'")
        for role in ("collab_owner", "collab_app", "collab_sweeper"):
            admin.execute(f"GRANT {role} TO hosted WITH ADMIN TRUE, INHERIT FALSE, SET FALSE")
    dsn = psycopg2.extensions.make_dsn(cluster.admin_dsn(), user="hosted", password="hosted")
    try:
        prepare_cluster(dsn, database="collab_hosted", passwords=passwords)

        with autocommit(cluster.owner_dsn("collab_hosted")) as owner:
            owner.execute("CREATE TABLE thing ()")
        with autocommit(cluster.app_dsn("collab_hosted")) as app:
            app.execute("SELECT count(*) FROM thing")
            assert app.fetchall() == [(0,)]
    finally:
        cluster.drop_database("collab_hosted")
        with autocommit(cluster.admin_dsn()) as admin:
            admin.execute("DROP OWNED BY hosted")
            admin.execute("DROP ROLE hosted")


def test_command_prepares_the_named_database(database: str, monkeypatch):
    for variable, value in cluster.environment(database).items():
        monkeypatch.setenv(variable, value)

    call_command("init_database")

    with autocommit(cluster.app_dsn(database)) as app:
        app.execute("SELECT current_user")
        assert app.fetchall() == [("collab_app",)]


def test_command_refuses_addresses_of_other_users(database: str, monkeypatch):
    for variable, value in cluster.environment(database).items():
        monkeypatch.setenv(variable, value)
    monkeypatch.setenv("DATABASE_URL", cluster.owner_dsn(database))

    with pytest.raises(CommandError, match=r"the user collab_app\. Nothing was changed"):
        call_command("init_database")


def test_command_names_the_variable_that_is_missing(monkeypatch):
    monkeypatch.delenv("DATABASE_ADMIN_URL", raising=False)

    with pytest.raises(CommandError, match="DATABASE_ADMIN_URL is not set"):
        call_command("init_database")
