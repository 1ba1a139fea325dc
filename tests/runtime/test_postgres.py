"""The embedded database: set-up, guards and crashes."""

import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2
import pytest

from collab.runtime.accounts import everyone_can_enter
from collab.runtime.home import make_home, remove_home
from collab.runtime.layout import Layout
from collab.runtime.postgres import Postgres, installation, start_server
from collab.runtime.problems import RuntimeProblem
from collab.runtime.process import stop
from tests.support.processes import descendants, eventually

pytestmark = pytest.mark.runtime
Start = Callable[[], tuple[Postgres, "subprocess.Popen[bytes]"]]


@pytest.fixture
def layout(tmp_path: Path) -> Iterator[Layout]:
    found = Layout(tmp_path / "var")
    found.make()
    yield found
    remove_home(found, found.root / "run")


@pytest.fixture
def start(layout: Layout) -> Iterator[Start]:
    """Return a function that starts the cluster of this test's folder, safe from crashes."""
    begun: list[tuple[Postgres, subprocess.Popen[bytes]]] = []
    homes = []

    def begin() -> tuple[Postgres, subprocess.Popen[bytes]]:
        homes.append(make_home(layout))
        postgres = Postgres(layout.postgres, homes[-1], layout.secret("postgres-admin"))
        postgres.prepare()
        begun.append((postgres, start_server(postgres, layout.log / "postgres.log")))
        return begun[-1]

    yield begin
    for postgres, process in begun:
        stop(process, Postgres.STOP_SIGNAL, 10)
        postgres.close()
    for home in homes:
        remove_home(layout, home)


def ask(postgres: Postgres, statement: str) -> list[tuple]:
    link = psycopg2.connect(postgres.url())
    try:
        link.autocommit = True
        with link.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
    finally:
        link.close()


def test_server_listens_on_a_private_socket_only(start: Start, layout: Layout):
    postgres, process = start()

    assert ask(postgres, "SHOW listen_addresses") == [("",)]
    assert ask(postgres, "SHOW server_encoding") == [("UTF8",)]
    assert stat.S_IMODE(postgres.socket_dir.stat().st_mode) == 0o700
    assert stat.S_IMODE(layout.postgres.stat().st_mode) == 0o700
    assert Path(f"/proc/{process.pid}").stat().st_uid != 0
    assert len(os.fsencode(postgres.socket_dir / ".s.PGSQL.5432")) <= 107


def test_server_wants_the_password(start: Start):
    postgres, _process = start()

    wrong = Postgres(postgres.data, postgres.home, "guess")
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(wrong.url())


def test_secrets_are_readable_by_their_owner_only(layout: Layout):
    layout.secret("postgres-app")

    assert stat.S_IMODE((layout.root / "secrets").stat().st_mode) == 0o700
    assert stat.S_IMODE((layout.root / "secrets" / "postgres-app").stat().st_mode) == 0o600


def test_cluster_below_a_closed_folder_starts_and_leaves_it_closed(start: Start, tmp_path: Path):
    tmp_path.chmod(0o700)

    postgres, _process = start()

    assert ask(postgres, "SELECT 1") == [(1,)]
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700


def test_programs_out_of_reach_are_copied_for_the_server(layout: Layout, tmp_path: Path):
    closed = tmp_path / "closed"
    source = installation()
    install = closed / source.parent.name / source.name
    shutil.copytree(source, install, ignore=shutil.ignore_patterns("*.a", "include"))
    for libraries in source.parents[1].glob(f"{source.parent.name}.libs"):
        shutil.copytree(libraries, closed / libraries.name)
    closed.chmod(0o700)
    home = make_home(layout)
    postgres = Postgres(layout.postgres, home, "secret", unsafe=True, install=install)

    postgres.prepare()
    process = start_server(postgres, layout.log / "postgres.log")

    try:
        assert ask(postgres, "SELECT 1") == [(1,)]
        if os.geteuid() == 0:
            assert not everyone_can_enter(install)
            assert Path(f"/proc/{process.pid}/exe").readlink().is_relative_to(home / "pg")
    finally:
        stop(process, Postgres.STOP_SIGNAL, 10)
        postgres.close()
        remove_home(layout, home)


def test_killed_server_starts_again_with_its_data(start: Start):
    postgres, process = start()
    ask(postgres, "CREATE TABLE kept AS SELECT 7 AS number")
    os.kill(process.pid, signal.SIGKILL)
    process.wait()

    again, _process = start()

    assert ask(again, "SELECT number FROM kept") == [(7,)]


def test_server_that_outlived_its_supervisor_is_ended_first(start: Start, layout: Layout):
    _postgres, process = start()

    again, second = start()

    assert process.wait(10) == 0
    assert second.poll() is None
    assert ask(again, "SELECT 1") == [(1,)]


def test_lock_of_a_number_that_another_program_has_now_is_cleared(start: Start, layout: Layout):
    _postgres, process = start()
    stop(process, Postgres.STOP_SIGNAL, 10)
    lock = layout.postgres / "postmaster.pid"
    lock.write_text(f"{os.getpid()}\n{layout.postgres}\n1\n5432\n\n\n")
    os.chown(lock, *(2 * [layout.postgres.stat().st_uid]))

    again, _process = start()

    assert ask(again, "SELECT 1") == [(1,)]


@pytest.mark.parametrize("missing", ["PG_VERSION", "global/pg_control"])
def test_incomplete_folder_is_named_and_left_alone(layout: Layout, tmp_path: Path, missing: str):
    (layout.postgres / "global").mkdir(parents=True)
    for name in {"PG_VERSION", "global/pg_control"} - {missing}:
        (layout.postgres / name).write_text("18\n")

    with pytest.raises(RuntimeProblem, match=r"incomplete.*left as it is.*backup"):
        Postgres(layout.postgres, tmp_path / "home", "secret").prepare()

    assert not (layout.postgres / missing).exists()
    assert layout.postgres.exists()


def test_folder_of_another_version_is_named_and_left_alone(layout: Layout, tmp_path: Path):
    (layout.postgres / "global").mkdir(parents=True)
    (layout.postgres / "global" / "pg_control").write_text("old")
    (layout.postgres / "PG_VERSION").write_text("16\n")

    with pytest.raises(
        RuntimeProblem, match=r"written by PostgreSQL 16; this release runs 18.*left as it is"
    ):
        Postgres(layout.postgres, tmp_path / "home", "secret").prepare()

    assert (layout.postgres / "PG_VERSION").read_text() == "16\n"


def test_set_up_that_was_cut_off_is_begun_anew(start: Start, layout: Layout):
    partial = layout.postgres.with_name("postgres.partial")
    partial.mkdir()
    (partial / "PG_VERSION").write_text("18\n")

    postgres, _process = start()

    assert ask(postgres, "SELECT 1") == [(1,)]
    assert not partial.exists()


def test_full_disk_is_said_before_anything_is_written(layout: Layout, tmp_path: Path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage._replace(free=5 * 1024 * 1024))

    with pytest.raises(RuntimeProblem, match=r"is full: 5 MiB are free.*Nothing was changed"):
        Postgres(layout.postgres, tmp_path / "home", "secret").prepare()

    assert not layout.postgres.exists()


def test_server_ends_with_the_process_that_started_it(layout: Layout):
    program = (
        "import sys, time; from pathlib import Path; from collab.runtime.postgres import *;"
        "from collab.runtime.layout import Layout; from collab.runtime.home import make_home;"
        f"l = Layout(Path({str(layout.root)!r})); p = Postgres(l.postgres, make_home(l), 'secret', unsafe=True);"
        "p.prepare(); start_server(p, l.log / 'postgres.log'); print(p.home, flush=True); time.sleep(60)"
    )
    starter = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert starter.stdout is not None
    home = starter.stdout.readline().strip()
    below = descendants(starter.pid)
    assert any("postgres" in process.command for process in below)

    starter.kill()
    starter.wait()

    eventually(lambda: not any(process.is_alive for process in below), 10, "the server ends")
    remove_home(layout, home)
