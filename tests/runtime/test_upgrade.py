"""A data folder of an older major version: carried over whole, or left as it was (issue 2, gate 1)."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psycopg2
import pytest

from collab.runtime import old_programs, upgrade
from collab.runtime.environment import postgres_url
from collab.runtime.home import make_home, remove_home
from collab.runtime.layout import Layout
from collab.runtime.postgres import MAJOR, Postgres, start_server, wait_for
from collab.runtime.problems import RuntimeProblem
from collab.runtime.process import stop
from collab.runtime.roles import APP
from collab.runtime.upgrade import carry_over, complete, filling, settle, switch, written_by
from tests.support.old_cluster import OLD_MAJOR, make_old_cluster
from tests.support.processes import descendants, eventually

pytestmark = pytest.mark.runtime


@pytest.fixture(scope="module")
def old_folder() -> Iterator[Path]:
    """A data folder that PostgreSQL 16 wrote; tests work on copies."""
    with tempfile.TemporaryDirectory(prefix="collab-old-") as place:
        layout = Layout(Path(place) / "var")
        home = Path(place) / "h"
        home.mkdir()
        Path(place).chmod(0o711)
        make_old_cluster(layout, home)
        yield layout.root


@pytest.fixture
def layout(old_folder: Path, tmp_path: Path) -> Iterator[Layout]:
    found = Layout(tmp_path / "var")
    subprocess.run(["cp", "-a", str(old_folder), str(found.root)], check=True)
    yield found
    remove_home(found, found.root / "run")


@pytest.fixture
def home(layout: Layout) -> Iterator[Path]:
    found = make_home(layout)
    yield found
    remove_home(layout, found)


def wait(condition: Callable[[], bool], timeout_seconds: float, failure: str) -> None:
    assert wait_for(condition, timeout_seconds), failure


def texts_seen(layout: Layout, home: Path) -> tuple[int, str]:
    """Return what the app's role sees of the old rows: only its own workspace's, through the old policy."""
    postgres = Postgres(layout.postgres, home, layout.secret("postgres-admin"))
    postgres.prepare()
    process = start_server(postgres, layout.log / "postgres.log")
    try:
        url = postgres_url(APP, layout.secret("postgres-app"), postgres.socket_dir)
        link = psycopg2.connect(url)
        with link.cursor() as cursor:
            cursor.execute("SELECT count(*), max(text) FILTER (WHERE id = 1999) FROM from_before")
            found = cursor.fetchone()
        link.close()
        assert found is not None
        return found
    finally:
        stop(process, Postgres.STOP_SIGNAL, 10)
        postgres.close()


def test_killed_upgrade_leaves_the_old_data_and_the_next_one_carries_it_over(layout: Layout, home: Path):
    """Roles with their passwords, policies and rows come along; the old folder is kept; no step is lost."""
    program = (
        "import sys; from pathlib import Path; from collab.runtime.layout import Layout;"
        "from collab.runtime.upgrade import carry_over; from collab.runtime.postgres import wait_for;"
        f"carry_over(Layout(Path({str(layout.root)!r})), Path({str(home)!r}),"
        " lambda condition, seconds, failure: wait_for(condition, seconds) or sys.exit(failure), print)"
    )
    running = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.DEVNULL)
    eventually(
        lambda: (layout.log / "upgrade.log").exists() or running.poll() is not None, 60, "loading began"
    )
    below = descendants(running.pid)
    running.kill()
    running.wait()
    eventually(lambda: not any(process.is_alive for process in below), 20, "its servers end with it")
    assert written_by(layout.postgres) == OLD_MAJOR

    said: list[str] = []
    assert carry_over(layout, home, wait, said.append)

    assert written_by(layout.postgres) == MAJOR
    assert written_by(layout.root / f"postgres-{OLD_MAJOR}") == OLD_MAJOR
    assert f"kept as {layout.root}/postgres-{OLD_MAJOR}" in said[-1]
    assert [path.name for path in layout.root.glob("postgres.*")] == []
    assert texts_seen(layout, home) == (1000, "Kopi 1999")
    assert not carry_over(layout, home, wait, said.append)


def test_failed_load_leaves_the_old_folder_and_nothing_else(layout: Layout, home: Path, monkeypatch):
    monkeypatch.setattr(upgrade, "_row_counts", lambda url: {"public.from_before": int("/n/" in url)})

    with pytest.raises(RuntimeProblem, match=r"differs in public.from_before.*is as it was"):
        carry_over(layout, home, wait, print)

    assert written_by(layout.postgres) == OLD_MAJOR
    assert sorted(path.name for path in layout.root.glob("postgres*")) == ["postgres"]


def test_full_disk_is_said_before_an_upgrade_begins(layout: Layout, home: Path, monkeypatch):
    usage = shutil.disk_usage(layout.root)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage._replace(free=200 * 1024 * 1024))

    with pytest.raises(RuntimeProblem, match=r"is full: 200 MiB are free.*Nothing was changed"):
        carry_over(layout, home, wait, print)

    assert sorted(path.name for path in layout.root.glob("postgres*")) == ["postgres"]


def test_programs_of_an_older_version_are_fetched_once(tmp_path: Path):
    found = old_programs.find_programs(OLD_MAJOR, tmp_path, bundled=())

    assert found is not None
    assert old_programs._version(found) == OLD_MAJOR
    assert os.access(found / "bin" / "initdb", os.X_OK)
    assert [path.name for path in tmp_path.iterdir()] == [f"postgresql-{OLD_MAJOR}"]


def test_without_the_old_programs_the_folder_is_named_and_left_alone(tmp_path: Path, monkeypatch):
    """Offline: pip finds nothing, and the sentence says what can be done by hand."""
    layout = Layout(tmp_path)
    (layout.postgres / "global").mkdir(parents=True)
    (layout.postgres / "global" / "pg_control").write_text("old")
    (layout.postgres / "PG_VERSION").write_text(f"{OLD_MAJOR}\n")
    monkeypatch.setattr(old_programs, "installation", lambda: tmp_path / "no-wheel" / "pginstall")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")

    with pytest.raises(
        RuntimeProblem, match=r"written by PostgreSQL 16; this release runs 18.*left as it is.*by hand"
    ):
        carry_over(layout, tmp_path / "home", wait, print)

    assert (layout.postgres / "PG_VERSION").read_text() == f"{OLD_MAJOR}\n"
    assert not (layout.root / "cache" / f"postgresql-{OLD_MAJOR}").exists()


def folders(tmp_path: Path) -> Layout:
    """Return a layout with an old cluster's folder and a filled new one, told apart by their version."""
    layout = Layout(tmp_path)
    for folder, version in ((layout.postgres, OLD_MAJOR), (filling(layout), MAJOR)):
        (folder / "global").mkdir(parents=True)
        (folder / "global" / "pg_control").write_text("")
        (folder / "PG_VERSION").write_text(str(version))
    return layout


@pytest.mark.parametrize(("renames", "expected"), [(0, OLD_MAJOR), (1, OLD_MAJOR), (2, MAJOR), (3, MAJOR)])
def test_switch_cut_off_after_any_rename_is_settled(tmp_path: Path, monkeypatch, renames: int, expected: int):
    """Whatever the instant, a whole cluster stands in the place afterwards, and the old one is never removed."""
    layout = folders(tmp_path)
    done: list[Path] = []
    rename = upgrade._rename

    def cut_off(source: Path, target: Path) -> None:
        if len(done) == renames:
            raise KeyboardInterrupt
        done.append(target)
        rename(source, target)

    monkeypatch.setattr(upgrade, "_rename", cut_off)
    with suppress(KeyboardInterrupt):
        switch(layout, OLD_MAJOR)
    monkeypatch.setattr(upgrade, "_rename", rename)

    settle(layout)

    assert written_by(layout.postgres) == expected
    assert {written_by(path) for path in tmp_path.glob("postgres*")} >= {OLD_MAJOR}
    assert not filling(layout).exists()
    assert not complete(layout).exists()


def test_old_folder_is_kept_beside_an_earlier_one(tmp_path: Path):
    layout = folders(tmp_path)
    (tmp_path / f"postgres-{OLD_MAJOR}").mkdir()

    assert switch(layout, OLD_MAJOR) == tmp_path / f"postgres-{OLD_MAJOR}-2"
