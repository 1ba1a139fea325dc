"""Makes the three database roles and the database on any PostgreSQL from 16 on.

    collab_owner    logs in to migrate; owns the database and all in it
    collab_app      pages and workers; owns nothing, bypasses nothing
    collab_sweeper  nobody logs in; owns the SECURITY DEFINER scan functions

A migration hands a function to the sweeper in one transaction, as collab_owner:

    CREATE FUNCTION …; REVOKE ALL ON FUNCTION … FROM PUBLIC; GRANT EXECUTE ON FUNCTION … TO collab_app;
    GRANT CREATE ON SCHEMA public TO collab_sweeper;      -- PostgreSQL wants it of the new owner
    ALTER FUNCTION … OWNER TO collab_sweeper;
    REVOKE CREATE ON SCHEMA public FROM collab_sweeper;

Grants on the function come first: once it is the sweeper's, only `SET LOCAL ROLE collab_sweeper` may change
or replace it (the owner holds SET but not INHERIT, so that it never reads through the sweeper's policies by
accident). To replace one: DROP FUNCTION, which the owner of the schema may, and create it again.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection, cursor, encrypt_password, make_dsn

OWNER = "collab_owner"
APP = "collab_app"
SWEEPER = "collab_sweeper"
OLDEST_SERVER = 160000


class UnfitServer(Exception):
    """This PostgreSQL server, or the user given for it, cannot hold Collab; the text says why."""


@contextmanager
def autocommit(dsn: str, **overrides: str) -> Iterator[cursor]:
    """Open a connection that commits each statement, and close it again."""
    link: connection = psycopg2.connect(make_dsn(dsn, **overrides))
    try:
        link.autocommit = True
        with link.cursor() as sql_cursor:
            yield sql_cursor
    finally:
        link.close()


def prepare_cluster(admin_dsn: str, *, database: str, passwords: Mapping[str, str]) -> None:
    """Make roles, database and grants, or bring them to what they should be; may run again at any time.

    `passwords` maps a role's name to its password; a role that is not named keeps the one it has.
    Raises: UnfitServer, psycopg2.Error.
    """
    with autocommit(admin_dsn) as admin:
        _require_server(admin)
        is_superuser = _is_superuser(admin)
        for role in (OWNER, APP, SWEEPER):
            _make_role(admin, role, passwords.get(role), is_superuser=is_superuser)
        _link_roles(admin, is_superuser=is_superuser)
        make_database(admin, database)
    with autocommit(admin_dsn, dbname=database) as inside:
        _grant_inside(inside)


def make_database(admin: cursor, database: str, template: str | None = None) -> None:
    """Create the database for the owner if it is missing; others may connect only by name."""
    admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database])
    name = sql.Identifier(database)
    if admin.fetchone() is None:
        copy_of = sql.SQL(" TEMPLATE {}").format(sql.Identifier(template)) if template else sql.SQL("")
        admin.execute(sql.SQL("CREATE DATABASE {} OWNER {}{}").format(name, sql.Identifier(OWNER), copy_of))
    else:
        admin.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(name, sql.Identifier(OWNER)))
    admin.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))
    admin.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(name, sql.Identifier(APP)))


def _require_server(admin: cursor) -> None:
    admin.execute("SELECT current_setting('server_version_num')::int, current_setting('server_encoding')")
    number, encoding = admin.fetchone() or (0, "")
    if number < OLDEST_SERVER:
        raise UnfitServer(f"PostgreSQL 16 or newer is needed; this server is {number // 10000}.")
    if encoding != "UTF8":
        raise UnfitServer(f"The server's encoding must be UTF8; it is {encoding}.")


def _is_superuser(admin: cursor) -> bool:
    admin.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
    return bool((admin.fetchone() or (False,))[0])


def _make_role(admin: cursor, role: str, password: str | None, *, is_superuser: bool) -> None:
    """Create or correct one role; the password leaves this process only as a SCRAM verifier."""
    admin.execute("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = %s", [role])
    found = admin.fetchone()
    name = sql.Identifier(role)
    if found is None:
        admin.execute(sql.SQL("CREATE ROLE {}").format(name))
    elif found[0] and not is_superuser:
        raise UnfitServer(f"Role {role} may bypass row-level security; only a superuser can take that away.")
    options = "NOCREATEDB NOCREATEROLE " + ("NOLOGIN" if role == SWEEPER else "LOGIN")
    if is_superuser:
        options += " NOSUPERUSER NOBYPASSRLS NOREPLICATION"
    admin.execute(sql.SQL("ALTER ROLE {} ").format(name) + sql.SQL(options))
    if role == APP:
        # An intent that was committed has to be there after a crash, whatever the server's own setting: without it a
        # call could be made a second time.
        admin.execute(sql.SQL("ALTER ROLE {} SET synchronous_commit = 'on'").format(name))
    if password:
        verifier = encrypt_password(password, role, admin.connection, "scram-sha-256")
        admin.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(name, sql.Literal(verifier)))


def _link_roles(admin: cursor, *, is_superuser: bool) -> None:
    """Let the owner hand functions to the sweeper, and a plain administrator act as the owner."""
    grant = sql.SQL("GRANT {} TO {} WITH INHERIT {}, SET TRUE")
    admin.execute(grant.format(sql.Identifier(SWEEPER), sql.Identifier(OWNER), sql.SQL("FALSE")))
    if not is_superuser:
        admin.execute(grant.format(sql.Identifier(OWNER), sql.SQL("CURRENT_USER"), sql.SQL("TRUE")))


def _grant_inside(inside: cursor) -> None:
    """Close the public schema and give the app rows, never structure."""
    inside.execute(f"SET ROLE {OWNER}")
    for statement in (
        "REVOKE ALL ON SCHEMA public FROM PUBLIC",
        f"GRANT USAGE ON SCHEMA public TO {APP}, {SWEEPER}",
        f"ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} IN SCHEMA public "
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {APP}",
        f"ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {APP}",
    ):
        inside.execute(statement)
