"""Carries a cluster of an older major version over: dumped from the old server, loaded into a new one.

    postgres/        the truth, of the old version until the very end
    postgres.new/    where the new cluster is filled; worth nothing
    postgres.next/   the new cluster, complete: its name says so
    postgres-16/     the old cluster afterwards, kept

A run may end at any instant, by a kill or with the machine: `settle` finishes or takes back what it left.
"""

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol

from psycopg2 import sql
from psycopg2.extensions import make_dsn

from collab.runtime import accounts
from collab.runtime.layout import Layout
from collab.runtime.old_programs import find_programs
from collab.runtime.postgres import MAJOR, SUPERUSER, Postgres, installation, other_version
from collab.runtime.problems import MEBIBYTE, RuntimeProblem, disk_full, is_disk_full, require_free_space
from collab.runtime.process import end_with_parent, stop
from collab.runtime.roles import autocommit

EMPTY_CLUSTER_BYTES = 300 * MEBIBYTE
LARGEST_LOG_BYTES = 512 * MEBIBYTE  # max_wal_size of the cluster that is filled
GROWTH = 1.2
START_SECONDS = 3600  # an old server that was killed first repeats what it had not written out
STOP_SECONDS = 600
COPY_SECONDS = 7 * 24 * 3600


class Wait(Protocol):
    """Waits for a condition while the run's other duties go on; may raise what ends the run."""

    def __call__(self, condition: Callable[[], bool], timeout_seconds: float, failure: str) -> None: ...


def carry_over(layout: Layout, home: Path, wait: Wait, say: Callable[[str], None]) -> bool:
    """Bring the data to this release's version, if an older one wrote it; return whether it did.

    Raises: RuntimeProblem, with the old folder as it was; what `wait` raises.
    """
    settle(layout)
    major = written_by(layout.postgres)
    if major is None or major >= MAJOR:
        return False
    programs = find_programs(major, layout.root / "cache")
    if programs is None:
        why = f"The programs of version {major} are not here and could not be fetched. "
        raise other_version(layout.postgres, str(major), why)
    require_free_space(layout.root, needed_bytes(layout.postgres))
    say(f"The data was written by PostgreSQL {major}. It is carried over to {MAJOR}; this may take a while …")
    if accounts.runs_as_root():
        home.chmod(0o711)
    password = layout.secret("postgres-admin")
    old = Postgres(layout.postgres, home / "o", password, install=programs, major=major)
    new = Postgres(filling(layout), home / "n", password)
    try:
        with _running(old, layout, wait), _running(new, layout, wait):
            _Copy(old, new, layout, wait).all()
        kept = switch(layout, major)
    finally:
        shutil.rmtree(filling(layout), ignore_errors=True)
        for place in (old.home, new.home):
            shutil.rmtree(place, ignore_errors=True)
    say(f"The data is carried over. The old folder is kept as {kept}; remove it when you no longer need it.")
    return True


def written_by(data: Path) -> int | None:
    """Return the major version that wrote a complete cluster folder; None for anything else."""
    try:
        text = (data / "PG_VERSION").read_text().strip()
    except OSError:
        return None
    return int(text) if text.isdigit() and (data / "global" / "pg_control").is_file() else None


def filling(layout: Layout) -> Path:
    return layout.root / "postgres.new"


def complete(layout: Layout) -> Path:
    return layout.root / "postgres.next"


def settle(layout: Layout) -> None:
    """Finish the step that an interrupted run had begun, or remove what it had made.

    A complete cluster takes the place only where nothing stands any more: whatever stands there may have been
    written to since, by a release of the older version.
    """
    if complete(layout).exists() and not layout.postgres.exists():
        _rename(complete(layout), layout.postgres)
    if complete(layout).exists():
        shutil.rmtree(filling(layout), ignore_errors=True)
        _rename(complete(layout), filling(layout))
    shutil.rmtree(filling(layout), ignore_errors=True)


def switch(layout: Layout, major: int) -> Path:
    """Put the filled cluster in the place of the old one, in three renames; return where the old one is."""
    kept = layout.root / f"postgres-{major}"
    number = 1
    while kept.exists():
        number += 1
        kept = layout.root / f"postgres-{major}-{number}"
    _rename(filling(layout), complete(layout))
    _rename(layout.postgres, kept)
    _rename(complete(layout), layout.postgres)
    return kept


def needed_bytes(data: Path) -> int:
    """Return what a filled copy may take: the rows and indexes, and the log of writing them."""
    rows = sum(
        path.lstat().st_size
        for path in data.rglob("*")
        if path.is_file() and "pg_wal" not in path.relative_to(data).parts
    )
    grown = int(rows * GROWTH)
    return EMPTY_CLUSTER_BYTES + grown + min(grown, LARGEST_LOG_BYTES)


def _rename(source: Path, target: Path) -> None:
    """Rename, and have the folder on disk before anything else happens."""
    source.rename(target)
    folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def _running(postgres: Postgres, layout: Layout, wait: Wait) -> Iterator[None]:
    """Have a server up for the length of the block; afterwards it has written everything out.

    Raises: RuntimeProblem when it does not start, or does not end cleanly after a block that did.
    """
    postgres.prepare()
    log = layout.log / f"upgrade-postgres-{postgres.major}.log"
    with log.open("ab") as output:
        process = postgres.launch().spawn(output.fileno())
    try:
        wait(
            lambda: postgres.is_ready() or process.poll() is not None,
            START_SECONDS,
            f"PostgreSQL {postgres.major} did not start",
        )
        if process.poll() is not None:
            raise _failure(layout, f"PostgreSQL {postgres.major} did not start", log)
        yield
        process.send_signal(Postgres.STOP_SIGNAL)
        wait(lambda: process.poll() is not None, STOP_SECONDS, f"PostgreSQL {postgres.major} did not stop")
        if process.returncode != 0:
            raise _failure(layout, f"PostgreSQL {postgres.major} did not stop cleanly", log)
    finally:
        stop(process, Postgres.STOP_SIGNAL, 10)
        postgres.close()


def _failure(layout: Layout, what: str, log: Path) -> RuntimeProblem:
    said = log.read_text(errors="replace")[-2000:].strip()
    if is_disk_full(said):
        return disk_full(layout.root)
    return RuntimeProblem(
        f"The data could not be carried over: {what}. The old folder {layout.postgres} is as it was. It said:\n{said}"
    )


class _Copy:
    """Copies roles and databases from one running server to another, and counts the rows afterwards."""

    def __init__(self, old: Postgres, new: Postgres, layout: Layout, wait: Wait) -> None:
        self.old = old
        self.new = new
        self.layout = layout
        self.wait = wait
        self.log = layout.log / "upgrade.log"
        self.programs = installation() / "bin"  # the new version's tools read every older server

    def all(self) -> None:
        """Copy everything. Raises: RuntimeProblem, what `wait` raises."""
        self.log.write_bytes(b"")
        self._roles()
        for database in self._databases():
            self._database(database)
            self._compare(database)

    def _roles(self) -> None:
        """Copy roles with their passwords and memberships; the superuser stands already."""
        dump = self.layout.root / "postgres.roles"
        try:
            self._run(
                [self._tool("pg_dumpall"), "--globals-only", "--no-password", *self._at(self.old)], dump
            )
            lines = dump.read_text().splitlines(keepends=True)
            dump.write_text("".join(line for line in lines if line != f"CREATE ROLE {SUPERUSER};\n"))
            self._run([*self._psql("postgres"), "--file", str(dump)])
        finally:
            dump.unlink(missing_ok=True)

    def _database(self, database: str) -> None:
        """Stream one database across; nothing is stored in between."""
        is_there = database == "postgres"
        source = [self._tool("pg_dump"), "--no-password", "--quote-all-identifiers", *self._at(self.old)]
        source += [f"--dbname={self._dbname(database)}", *([] if is_there else ["--create"])]
        with self.log.open("ab") as log:
            dump = self._spawn(source, subprocess.PIPE, log, self.old)
            load = self._spawn(self._psql("postgres"), subprocess.DEVNULL, log, self.new, dump.stdout)
            if dump.stdout is not None:
                dump.stdout.close()
            self._await(dump, load)

    def _compare(self, database: str) -> None:
        """Count every table on both sides. Raises: RuntimeProblem."""
        counts = [_row_counts(server.url(database)) for server in (self.old, self.new)]
        if counts[0] != counts[1]:
            differing = sorted(name for name in counts[0] if counts[0][name] != counts[1].get(name))
            raise RuntimeProblem(
                f"The data could not be carried over: the copy of {database} differs in {', '.join(differing[:5])}. "
                f"The old folder {self.layout.postgres} is as it was."
            )
        with autocommit(self.new.url(database)) as cursor:
            cursor.execute("ANALYZE")

    def _databases(self) -> list[str]:
        with autocommit(self.old.url()) as cursor:
            cursor.execute(
                "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate ORDER BY datname"
            )
            return [str(row[0]) for row in cursor.fetchall()]

    def _run(self, argv: list[str], output: Path | None = None) -> None:
        server = self.old if output is not None else self.new
        with self.log.open("ab") as log:
            if output is None:
                self._await(self._spawn(argv, subprocess.DEVNULL, log, server))
                return
            output.unlink(missing_ok=True)
            with os.fdopen(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                self._await(self._spawn(argv, file, log, server))

    def _await(self, *processes: "subprocess.Popen[bytes]") -> None:
        """Wait for all of them. Raises: RuntimeProblem when one failed; what `wait` raises."""
        try:
            self.wait(
                lambda: None not in [process.poll() for process in processes],
                COPY_SECONDS,
                "The data was not carried over",
            )
        finally:
            for process in processes:
                process.kill()
                process.wait()
        if any(process.returncode for process in processes):
            raise _failure(self.layout, "loading failed", self.log)

    def _spawn(
        self,
        argv: list[str],
        output: int | IO[bytes],
        log: IO[bytes],
        server: Postgres,
        source: int | IO[bytes] | None = subprocess.DEVNULL,
    ) -> "subprocess.Popen[bytes]":
        variables = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "PGPASSWORD": server.password}
        return subprocess.Popen(
            argv,
            env=variables,
            stdin=source,
            stdout=output,
            stderr=log,
            cwd="/",
            preexec_fn=lambda: end_with_parent(signal.SIGKILL),  # noqa: PLW1509  # one thread, one call
        )

    def _psql(self, database: str) -> list[str]:
        options = ["--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1", "--output=/dev/null"]
        return [self._tool("psql"), *options, *self._at(self.new), f"--dbname={database}"]

    def _tool(self, name: str) -> str:
        return str(self.programs / name)

    @staticmethod
    def _at(server: Postgres) -> list[str]:
        return [f"--host={server.socket_dir}", f"--username={SUPERUSER}"]

    @staticmethod
    def _dbname(database: str) -> str:
        """Return a connection string: a bare name that looks like one would be read as one."""
        return make_dsn(dbname=database)


def _row_counts(url: str) -> dict[str, int]:
    with autocommit(url) as cursor:
        cursor.execute(
            "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE c.relkind = 'r' AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'"
        )
        counts = {}
        for schema, table in cursor.fetchall():
            cursor.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(schema, table)))
            counts[f"{schema}.{table}"] = (cursor.fetchone() or (0,))[0]
        return counts
