"""Makes a workspace of the crawl grow: what stands in it once, stands in it thousands of times.

Every row is copied with whatever hangs on it: an id that is copied along becomes the copy's, whether a foreign key
names it or a bare reference. Who and where stay the same (`KEPT`), so that the lists of a person, of a role and of
a channel grow as well. Texts and numbers under a unique constraint are told apart by the number of the copy.
"""

import re
import sys
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import psycopg2

from tests.support import plugin

MOST_AT_START = 4
CHANNELS, WORKFLOWS, PEOPLE = 60, 60, 300
"""How many a large workspace has of each: the composer shows a pane for each channel, a form a choice for each."""

KEPT = ("teams_workspace", "teams_membership", "teams_role", "teams_guest", "teams_user", "networks_channel")
"""Tables whose ids copies go on naming; their own rows are copied too, for the lists of themselves."""

WITH_PEOPLE = {
    "teams_backup": {"member_id": "member"},
    "teams_absence": {"member_id": "member"},
    "teams_teammember": {"member_id": "member"},
    "networks_channelusergrant": {"user_id": "person"},
    "comments_mention": {"member_id": "member"},
    "surveys_invitee": {"member_id": "member"},
    "surveys_trait": {"member_id": "member"},
}
"""Columns that name the copied person all the same: nobody is away a thousand times at once."""

ENUMERATED = ("kind", "type", "state", "subject_type", "scope_type")
"""Texts with a fixed set of values, which stay as they are under any constraint."""

UNDER_ONE = {
    "comments_comment": (),
    "calendar_app_revision": ("number",),
    "calendar_app_briefrevision": ("number",),
    "publishing_delivery": ("occurrence_no",),
    "publishing_attempt": ("number",),
    "teams_teammember": (),
}
"""Tables whose rows a single thing gathers (a thread, a history): copied under the same parent besides."""

STILL = {
    "teams_idempotencyrecord": "shown nowhere",
    "activity_delivery": "the outbox, shown nowhere",
    "activity_seal": "shown nowhere",
    "notifications_noticemail": "the mail's own ledger, shown nowhere",
    "approvals_lastseen": "found by member and subject, shown in no list",
    "teams_dutykind": "the kinds that a workspace starts with, and few of its own",
    "teams_moderator": "one for each channel at most",
    "networks_channelgroupgrant": "one for each team and channel; found by join",
    "approvals_reviewed": "found by member and subject, shown in no list",
    "calendar_app_importkey": "found by key, shown in no list",
    "calendar_app_defaultview": "one for each member, found by member",
    "teams_workinghours": "one for the workspace and each team, found by team",
    "teams_directorygroupmember": "asked for by the directory only, page by page of its groups",
    "notifications_mailrules": "one for each member, found by member",
    "networks_workspacekey": "one for each workspace",
    "networks_networkapp": "one for each network at most",
    "networks_channelsecret": "one for each channel, shown nowhere",
    "publishing_hold": "one of each channel and campaign stands at a time; the past ones are shown nowhere",
}
"""Owned tables that do not grow, and why."""


class Growth:
    """Copies the rows of one workspace, as the database's administrator, past triggers and policies."""

    def __init__(self, workspace_id: UUID) -> None:
        self.workspace = str(workspace_id)
        self.link = psycopg2.connect(plugin.cluster.admin_dsn(plugin.database))
        self.link.autocommit = True
        self.cursor = self.link.cursor()
        self.cursor.execute("SET session_replication_role = replica")
        self.copies = 0
        self.tables = self._owned()
        self.unique_texts = self._unique_texts()
        self._remember()

    def close(self) -> None:
        """Close the connection."""
        self.link.close()

    def grow(self, copies: int) -> None:
        """Make copies until there are so many of each row."""
        numbers = (self.copies + 1, copies)
        self._copy_people(numbers)
        for table in self.tables:
            if table not in STILL and table != "teams_membership":
                self._copy(table, numbers)
        for table, counted in UNDER_ONE.items():
            self._copy(table, numbers, under_one=True, counted=counted)
        self.copies = copies
        self.cursor.execute("ANALYZE")

    def _owned(self) -> list[str]:
        return self._column(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = 'public' AND c.relkind = 'r' AND c.relrowsecurity ORDER BY 1"
        )

    def _remember(self) -> None:
        """Keep a few rows of the start apart, and the ids that become the copies' own."""
        self.cursor.execute("CREATE TEMP TABLE moved (id uuid PRIMARY KEY)")
        for table in self.tables:
            own = "AND NOT is_builtin" if table == "teams_role" else ""
            self.cursor.execute(
                f"CREATE TEMP TABLE start_{table} AS SELECT * FROM {table} WHERE workspace_id = %s {own}"
                f" ORDER BY id DESC LIMIT {MOST_AT_START}",
                [self.workspace],
            )
            if table not in (*KEPT, *STILL):
                self.cursor.execute(f"INSERT INTO moved SELECT id FROM start_{table} ON CONFLICT DO NOTHING")
        self.cursor.execute(
            "CREATE TEMP TABLE start_person AS SELECT u.* FROM teams_user u JOIN start_teams_membership m"
            " ON m.user_id = u.id WHERE m.status = 'active' ORDER BY u.id LIMIT 1"
        )
        self.cursor.execute(
            "CREATE TEMP TABLE start_member AS SELECT m.* FROM start_teams_membership m"
            " JOIN start_person u ON u.id = m.user_id"
        )

    def empty(self) -> list[str]:
        """Return the tables that should grow and have nothing to copy."""
        return [
            table
            for table in self.tables
            if table not in STILL and not self._column(f"SELECT 1 FROM start_{table}")
        ]

    def _copy_people(self, numbers: tuple[int, int]) -> None:
        person, member = _copied("s.id"), _copied("s.user_id")
        self._insert("teams_user", "start_person", {"id": person, "email": "n || s.email"}, numbers)
        self._insert("teams_membership", "start_member", {"id": person, "user_id": member}, numbers)

    def _copy(
        self, table: str, numbers: tuple[int, int], *, under_one: bool = False, counted: Iterable[str] = ()
    ) -> None:
        changed: dict[str, str] = {}
        for column, kind in self._columns(table):
            if column == "id":
                changed[column] = _copied("s.id", "'u' || n" if under_one else "n")
            elif who := WITH_PEOPLE.get(table, {}).get(column):
                changed[column] = _copied(f"(SELECT id FROM start_{who})")
            elif kind == "uuid" and column != "workspace_id" and not under_one:
                moved = f"s.{column} IN (SELECT id FROM moved)"
                changed[column] = f"CASE WHEN {moved} THEN {_copied(f's.{column}')} ELSE s.{column} END"
            elif column in counted and under_one:
                changed[column] = f"s.{column} + n + 10"
            elif (table, column) in self.unique_texts and column not in ENUMERATED:
                changed[column] = f"CASE WHEN s.{column} = '' THEN '' ELSE s.{column} || n END"
        self._insert(table, f"start_{table}", changed, numbers)

    def _insert(self, table: str, source: str, changed: dict[str, str], numbers: tuple[int, int]) -> None:
        columns = [name for name, _kind in self._columns(table)]
        numbers = (numbers[0], min(numbers[1], _most(table)))
        values = [changed.get(name, f"s.{name}") for name in columns]
        self.cursor.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)}"
            f" FROM {source} s, generate_series(%s, %s) n ON CONFLICT DO NOTHING",
            numbers,
        )

    def _columns(self, table: str) -> list[tuple[str, str]]:
        self.cursor.execute(
            "SELECT quote_ident(column_name), data_type FROM information_schema.columns"
            " WHERE table_schema = 'public' AND table_name = %s AND is_generated = 'NEVER' ORDER BY ordinal_position",
            [table],
        )
        return self.cursor.fetchall()

    def _unique_texts(self) -> set[tuple[str, str]]:
        self.cursor.execute(
            "SELECT c.relname, a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid"
            " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY(i.indkey)"
            " WHERE a.atttypid IN ('text'::regtype, 'varchar'::regtype) AND i.indisunique"
            " AND c.relnamespace = 'public'::regnamespace"
        )
        return set(self.cursor.fetchall())

    def _column(self, sql: str) -> list[Any]:
        self.cursor.execute(sql)
        return [row[0] for row in self.cursor.fetchall()]


def _most(table: str) -> int:
    """Return how many copies of a table's rows a workspace can have."""
    if table in WITH_PEOPLE or table.startswith("teams_"):
        return PEOPLE
    if table.startswith(("approvals_workflow", "approvals_route")):
        return WORKFLOWS
    return CHANNELS if table == "networks_channel" else sys.maxsize


def _copied(ident: str, number: str = "n") -> str:
    return f"md5({ident}::text || {number})::uuid"


def is_counted(sql: str) -> bool:
    """Tell whether a statement counts: no frame, nor the note, once in five minutes, that a session is used."""
    if sql.startswith("SELECT set_config"):
        return " FROM " in sql
    frames = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK", 'UPDATE "django_session"')
    return not sql.startswith(frames)


def shape(statements: list[str]) -> list[str]:
    """Return statements without their values, to be read side by side."""
    return [re.sub(r"'[^']*'(::\w+)?", "?", sql)[:160] for sql in statements]
