"""Row-level security for migrations: every owned table gets it in the migration that creates it."""

from collections.abc import Sequence

from django.db import migrations

_SETTING = "(SELECT nullif(current_setting('app.workspace', true), '')::uuid)"


def owned_table(
    table: str, *, append_only: bool = False, column: str = "workspace_id"
) -> list[migrations.RunSQL]:
    """Return the operations that shut `table` to all rows but those of the current workspace.

    The policy reads the setting by a scalar sub-select (evaluated once per statement). The owner gets a policy of
    its own, since FORCE binds the owner too and a backfill would touch no row. `append_only` takes UPDATE and
    DELETE away from the application's role.
    """
    lines = [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY {table}_owner ON {table} TO collab_owner USING (true) WITH CHECK (true)",
        f"CREATE POLICY {table}_tenant ON {table} TO collab_app"
        f" USING ({column} = {_SETTING}) WITH CHECK ({column} = {_SETTING})",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO collab_app",
    ]
    if append_only:
        lines.append(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM collab_app")
    return [_statement(line) for line in lines]


def sweeper_access(
    table: str, *, select: Sequence[str], update: Sequence[str] = ()
) -> list[migrations.RunSQL]:
    """Let the sweeper role read, and where named update, the given columns of `table` in every workspace."""
    lines = [
        f"CREATE POLICY {table}_sweeper ON {table} TO collab_sweeper USING (true) WITH CHECK (true)",
        f"GRANT SELECT ({', '.join(select)}) ON {table} TO collab_sweeper",
    ]
    if update:
        lines.append(f"GRANT UPDATE ({', '.join(update)}) ON {table} TO collab_sweeper")
    return [_statement(line) for line in lines]


def sweeper_function(signature: str, body: str, *, returns: str, language: str = "sql") -> migrations.RunSQL:
    """Return the operation that makes a SECURITY DEFINER function owned by the sweeper role.

    `signature` is name and arguments, as in `due(batch integer)`. The search path is fixed and only the
    application's role may call it.
    """
    name = _name_of(signature)
    sql = (
        f"CREATE FUNCTION {signature} RETURNS {returns} LANGUAGE {language} SECURITY DEFINER"
        f" SET search_path = pg_catalog, public AS $body$ {body} $body$;"
        f" REVOKE ALL ON FUNCTION {name} FROM PUBLIC; GRANT EXECUTE ON FUNCTION {name} TO collab_app;"
        f" GRANT CREATE ON SCHEMA public TO collab_sweeper; ALTER FUNCTION {name} OWNER TO collab_sweeper;"
        f" REVOKE CREATE ON SCHEMA public FROM collab_sweeper;"
    )
    return migrations.RunSQL(sql, f"DROP FUNCTION IF EXISTS {name};")


def app_function(signature: str, body: str, *, returns: str) -> migrations.RunSQL:
    """Return the operation that makes a PL/pgSQL function which runs with the rights of whoever calls it.

    So row-level security binds it like any statement. It exists for the hottest statements: the server keeps the
    plans of a function's body for the length of a connection, and planning is most of what a small statement costs.
    """
    name = _name_of(signature)
    sql = (
        f"CREATE FUNCTION {signature} RETURNS {returns} LANGUAGE plpgsql SECURITY INVOKER AS $body$ {body} $body$;"
        f" REVOKE ALL ON FUNCTION {name} FROM PUBLIC; GRANT EXECUTE ON FUNCTION {name} TO collab_app;"
    )
    return migrations.RunSQL(sql, f"DROP FUNCTION IF EXISTS {name};")


def _name_of(signature: str) -> str:
    """Return a function's name with the types of its arguments, by which it is altered and dropped."""
    words = [part.split()[1:] for part in signature[signature.index("(") + 1 : -1].split(",") if part.strip()]
    types = ", ".join(" ".join(word) for word in words)
    return f"{signature[: signature.index('(')]}({types})"


def _statement(sql: str) -> migrations.RunSQL:
    return migrations.RunSQL(sql + ";", migrations.RunSQL.noop)
