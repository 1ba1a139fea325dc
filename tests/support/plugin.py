"""Gives the test run its own PostgreSQL and Valkey before Django reads its settings.

The controller starts one cluster; xdist workers attach to it and take a database each, copied from a template
that the first of them migrates through the owner's role. Tests connect as the application's role.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg2
import psycopg2.errors
import pytest

from collab.messages import compile_all
from collab.runtime.postgres import installation
from tests.support.services import Cluster, attach, start_cluster

EMPTY_TRIES = 10
TEMPLATE = "collab_template"
KEPT_TABLES = ("django_content_type", "auth_permission", "django_migrations")
_started: list[Cluster] = []
_folder: list[tempfile.TemporaryDirectory] = []


def _cluster() -> Cluster:
    if "COLLAB_TEST_CLUSTER" in os.environ:
        return attach(json.loads(os.environ["COLLAB_TEST_CLUSTER"]))
    folder = tempfile.TemporaryDirectory(prefix="collab-test-")
    started = start_cluster(folder.name)
    _folder.append(folder)
    _started.append(started)
    os.environ["COLLAB_TEST_CLUSTER"] = json.dumps(started.token())
    return started


cluster = _cluster()
worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
database = f"collab_{worker}"
number = int(worker.removeprefix("gw")) if worker.startswith("gw") else 6
for variable in ("SECRET_KEY", "PORT", "COLLAB_BASE_URL", "COLLAB_DEMO", "COLLAB_ENV", "EMAIL_URL"):
    os.environ.pop(variable, None)
os.environ.update(cluster.environment(database, (2 * number, 2 * number + 1)))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "collab.settings")
os.environ["PYTHONHASHSEED"] = "0"


def pytest_configure() -> None:
    """Compile the catalogues once, before anything is translated; a clean clone has none."""
    if worker == "main":
        compile_all(Path(__file__).resolve().parents[2])


def make_database() -> None:
    """Copy this worker's database from the template, which the first worker migrates."""
    with (Path(cluster.root) / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not cluster.database_exists(TEMPLATE):
            _make_template()
        cluster.drop_database(database)
        cluster.create_database(database, template=TEMPLATE)


def _make_template() -> None:
    """Fill the template: from the dump that an earlier run made of the very same migrations, else by migrating."""
    cluster.create_database(TEMPLATE)
    dump = _dump_path()
    tools = installation() / "bin"
    if dump.exists():
        command = [
            str(tools / "pg_restore"),
            "--exit-on-error",
            "--dbname",
            cluster.admin_dsn(TEMPLATE),
            str(dump),
        ]
        if subprocess.run(command, capture_output=True, check=False).returncode == 0:
            return
        cluster.drop_database(TEMPLATE)
        cluster.create_database(TEMPLATE)
    environment = {**os.environ, **cluster.environment(TEMPLATE)}
    command = [sys.executable, "-W", "ignore", "manage.py", "migrate", "--database", "owner", "-v", "0"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    dump.parent.mkdir(parents=True, exist_ok=True)
    part = dump.with_suffix(f".{os.getpid()}")
    command = [
        str(tools / "pg_dump"),
        "--format=custom",
        "--file",
        str(part),
        "--dbname",
        cluster.admin_dsn(TEMPLATE),
    ]
    subprocess.run(command, check=True)
    part.replace(dump)


def _dump_path() -> Path:
    """Return where the dump of a migrated database lies: named after all that decides what migrating makes."""
    found = hashlib.sha256()
    decisive = [*Path().glob("*/migrations/*.py"), Path("core/rls.py"), Path("requirements.txt")]
    decisive += [
        *Path().glob("*/models.py"),
        *Path().glob("*/models/*.py"),
        *Path().glob("*/permissions.py"),
        *Path().glob("*/*/models.py"),
    ]
    for path in sorted(decisive):
        found.update(f"{path}\n".encode() + path.read_bytes())
    folder = os.environ.get("COLLAB_TEST_CACHE") or f"{tempfile.gettempdir()}/collab-test-cache-{os.getuid()}"
    return Path(folder) / f"{found.hexdigest()[:20]}.dump"


def empty_database() -> None:
    """Empty all tables through the owner's connection; the application's role may not truncate.

    Workers of a fleet may be at work meanwhile: where the two wait for each other, the database ends this one,
    and it asks again.
    """
    for _ in range(EMPTY_TRIES - 1):
        try:
            _empty_all()
            return
        except psycopg2.errors.DeadlockDetected:
            continue
    _empty_all()


# What is empty stays untouched: truncating a hundred tables with their indexes takes a quarter of a second, looking
# into each a hundredth of that. All are locked first, so that what others are about to write is waited for.
EMPTY = """
DO $$
DECLARE
    place regclass;
    holds boolean;
    counter record;
BEGIN
    SET LOCAL session_replication_role = replica;
    FOR place IN SELECT format('public.%I', tablename) FROM pg_tables
        WHERE schemaname = 'public' AND tablename <> ALL (string_to_array('{kept}', ' ')) ORDER BY 1
    LOOP
        EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', place);
    END LOOP;
    FOR place IN SELECT format('public.%I', tablename) FROM pg_tables
        WHERE schemaname = 'public' AND tablename <> ALL (string_to_array('{kept}', ' '))
    LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %s)', place) INTO holds;
        IF holds THEN
            EXECUTE format('DELETE FROM %s', place);
        END IF;
    END LOOP;
    FOR counter IN SELECT s.schemaname, s.sequencename FROM pg_sequences s
        JOIN pg_depend d ON d.objid = format('%I.%I', s.schemaname, s.sequencename)::regclass
            AND d.deptype IN ('a', 'i')
        JOIN pg_class c ON c.oid = d.refobjid
        WHERE s.schemaname = 'public' AND s.last_value IS NOT NULL
        AND c.relname <> ALL (string_to_array('{kept}', ' '))
    LOOP
        EXECUTE format('ALTER SEQUENCE %I.%I RESTART', counter.schemaname, counter.sequencename);
    END LOOP;
END $$
"""


def _empty_all() -> None:
    with (
        contextlib.closing(psycopg2.connect(cluster.admin_dsn(database))) as link,
        link,
        link.cursor() as cursor,
    ):
        cursor.execute(EMPTY.replace("{kept}", " ".join(KEPT_TABLES)))


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what this process started."""
    while _started:
        _started.pop().stop()
    while _folder:
        _folder.pop().cleanup()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note for scripts/test what failed, and whether that is final."""
    if worker == "main" and report.failed and (path := os.environ.get("COLLAB_FAILED")):
        with Path(path).open("a") as noted:
            noted.write(json.dumps([report.nodeid, "final" in report.keywords]) + "\n")


def pytest_terminal_summary(terminalreporter, exitstatus, config) -> None:
    """Name skipped tests loudly: nothing skips silently."""
    for report in terminalreporter.stats.get("skipped", []):
        terminalreporter.write_line(f"SKIPPED {report.nodeid}: a skip counts as a failure", red=True)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail a run in which anything was skipped."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and reporter.stats.get("skipped") and exitstatus == 0:
        session.exitstatus = 1
