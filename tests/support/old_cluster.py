"""A cluster as an older PostgreSQL wrote it, with our roles, walls and some rows in it."""

from pathlib import Path

from collab.runtime.layout import Layout
from collab.runtime.old_programs import find_programs
from collab.runtime.postgres import Postgres, start_server
from collab.runtime.process import stop
from collab.runtime.roles import APP, OWNER, autocommit, prepare_cluster

OLD_MAJOR = 16
FILLED = f"""
SET ROLE {OWNER};
CREATE TABLE from_before (id int PRIMARY KEY, workspace int NOT NULL, text text NOT NULL);
INSERT INTO from_before SELECT n, n % 2, 'Kopi ' || n FROM generate_series(1, 2000) n;
ALTER TABLE from_before ENABLE ROW LEVEL SECURITY;
ALTER TABLE from_before FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON from_before TO {APP} USING (workspace = 1);
CREATE POLICY all_rows ON from_before TO {OWNER} USING (true);
"""


def make_old_cluster(layout: Layout, home: Path) -> None:
    """Fill `layout.postgres` by the older version's own programs and stop it again."""
    layout.make()
    postgres = Postgres(
        layout.postgres,
        home,
        layout.secret("postgres-admin"),
        unsafe=True,
        install=find_programs(OLD_MAJOR, layout.root / "cache"),
        major=OLD_MAJOR,
    )
    postgres.prepare()
    process = start_server(postgres, layout.log / "old.log")
    try:
        passwords = {APP: layout.secret("postgres-app"), OWNER: layout.secret("postgres-owner")}
        prepare_cluster(postgres.url(), database="collab", passwords=passwords)
        with autocommit(postgres.url("collab")) as cursor:
            cursor.execute(FILLED)
    finally:
        stop(process, Postgres.STOP_SIGNAL, 10)
        postgres.close()
