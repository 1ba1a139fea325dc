"""Real PostgreSQL and Valkey for a test run, in a folder of their own and gone with it.

    cluster = start_cluster(root)            # one per run; about 2 s, both servers, roles made
    cluster.create_database("collab_template")                       # empty, owned by collab_owner
    …migrate it with cluster.owner_dsn("collab_template")…
    cluster.create_database("gw0", template="collab_template")       # one per xdist worker; about 0.1 s
    cluster.app_dsn("gw0"), cluster.owner_dsn("gw0"), cluster.admin_dsn("gw0")   # libpq URLs
    cluster.broker_url(0), cluster.live_url(1)                       # kombu's and redis-py's form
    cluster.environment("gw0")               # DATABASE_URL, DATABASE_OWNER_URL, …, as `make up` sets them
    cluster.drop_database("gw0"); cluster.stop()

    with services() as cluster: …            # the same in a temporary folder

Shared between xdist workers: the controller starts it and hands `cluster.token()` (plain strings) to each
worker, which calls `attach(token)`; what `attach` gives cannot stop the servers.
"""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import sql

from collab.runtime.environment import ROLE_SECRETS, postgres_url
from collab.runtime.home import make_home, remove_home
from collab.runtime.layout import Layout
from collab.runtime.postgres import Postgres, start_server, wait_for
from collab.runtime.process import stop
from collab.runtime.roles import APP, OWNER, autocommit, make_database, prepare_cluster
from collab.runtime.valkey import Valkey

START_SECONDS = 30


@dataclass
class Cluster:
    """The two servers of one test run, and the URLs that lead to them."""

    root: str
    socket_dir: str
    valkey_socket: str
    passwords: dict[str, str]
    _processes: list[subprocess.Popen[bytes]] = field(default_factory=list, repr=False)
    _servers: list[Any] = field(default_factory=list, repr=False)

    def owner_dsn(self, database: str) -> str:
        return postgres_url(OWNER, self.passwords[OWNER], self.socket_dir, database)

    def app_dsn(self, database: str) -> str:
        return postgres_url(APP, self.passwords[APP], self.socket_dir, database)

    def admin_dsn(self, database: str = "postgres") -> str:
        return postgres_url("postgres", self.passwords["postgres"], self.socket_dir, database)

    def broker_url(self, number: int = 0) -> str:
        return f"redis+socket://{self.valkey_socket}?virtual_host={number}"

    def live_url(self, number: int = 1) -> str:
        return f"unix://{self.valkey_socket}?db={number}"

    def environment(self, database: str, numbers: tuple[int, int] = (0, 1)) -> dict[str, str]:
        """Return the variables that the settings read."""
        return {
            "DATABASE_URL": self.app_dsn(database),
            "DATABASE_OWNER_URL": self.owner_dsn(database),
            "DATABASE_ADMIN_URL": self.admin_dsn(database),
            "BROKER_URL": self.broker_url(numbers[0]),
            "LIVE_URL": self.live_url(numbers[1]),
            "COLLAB_DATA_DIR": self.root,
        }

    def create_database(self, name: str, template: str | None = None) -> None:
        """Create a database of collab_owner: empty with its grants, or a copy of a template nobody uses."""
        if template is None:
            prepare_cluster(self.admin_dsn(), database=name, passwords={})
            return
        with autocommit(self.admin_dsn()) as admin:
            make_database(admin, name, template)

    def drop_database(self, name: str) -> None:
        with autocommit(self.admin_dsn()) as admin:
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def database_exists(self, name: str) -> bool:
        with autocommit(self.admin_dsn()) as admin:
            admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
            return admin.fetchone() is not None

    def end_valkey(self, number: int) -> None:
        """End the broker at once by a signal; only who started the cluster can."""
        process = self._processes[1]
        process.send_signal(number)
        process.wait(15)

    def begin_valkey(self) -> None:
        """Start the broker again, empty."""
        self._servers[1].prepare()
        with (Path(self.root) / "valkey-again.log").open("ab") as log:
            self._processes[1] = self._servers[1].launch().spawn(log.fileno())
        assert wait_for(self._servers[1].is_ready, START_SECONDS)

    def restart_postgres(self, number: int) -> None:
        """End the database by a signal (SIGQUIT: at once, as `-m immediate`) and start it again."""
        self._processes[0].send_signal(number)
        self._processes[0].wait(30)
        self._processes[0] = start_server(
            self._servers[0], Path(self.root) / "postgres-again.log", START_SECONDS
        )

    def token(self) -> dict[str, str]:
        """Return what a worker needs to `attach`, as plain strings."""
        return {
            "root": self.root,
            "socket_dir": self.socket_dir,
            "valkey_socket": self.valkey_socket,
            **{f"password:{role}": password for role, password in self.passwords.items()},
        }

    def stop(self) -> None:
        """Stop what this process started; nothing of it stays behind but the folder."""
        for process, launch_signal in zip(self._processes, _STOP_SIGNALS, strict=False):
            stop(process, launch_signal, timeout_seconds=15)
        self._processes.clear()
        remove_home(Layout(Path(self.root)), Path(self.socket_dir).parent)


_STOP_SIGNALS = (Postgres.STOP_SIGNAL, Valkey.STOP_SIGNAL)


def attach(token: dict[str, str]) -> Cluster:
    """Return the cluster that another process of this test run started."""
    passwords = {key.partition(":")[2]: value for key, value in token.items() if key.startswith("password:")}
    return Cluster(token["root"], token["socket_dir"], token["valkey_socket"], passwords)


def start_cluster(root: Path | str) -> Cluster:
    """Start both servers under `root`, a short path of our own, and make the roles. Not crash-safe."""
    layout = Layout(Path(root))
    layout.make()
    passwords = {role: layout.secret(secret) for role, secret in ROLE_SECRETS.values()}
    home = make_home(layout)
    postgres = Postgres(data=layout.postgres, home=home, password=passwords["postgres"], unsafe=True)
    valkey = Valkey(data=layout.valkey, home=home, keep=False)
    postgres.prepare()
    valkey.prepare()
    cluster = Cluster(str(layout.root), str(postgres.socket_dir), str(valkey.socket_path), passwords)
    cluster._servers += [postgres, valkey]
    cluster._processes.append(start_server(postgres, layout.log / "postgres.log", START_SECONDS))
    with (layout.log / "valkey.log").open("ab") as log:
        cluster._processes.append(valkey.launch().spawn(log.fileno()))
    assert wait_for(valkey.is_ready, START_SECONDS), (layout.log / "valkey.log").read_text()
    prepare_cluster(
        cluster.admin_dsn(), database="collab", passwords={role: passwords[role] for role in (OWNER, APP)}
    )
    return cluster


@contextmanager
def services() -> Iterator[Cluster]:
    """Give a cluster in a temporary folder, and take both away again."""
    with tempfile.TemporaryDirectory(prefix="collab-test-") as root:
        cluster = start_cluster(root)
        try:
            yield cluster
        finally:
            cluster.stop()


def can_connect(dsn: str) -> bool:
    """Say whether this URL opens a database."""
    try:
        psycopg2.connect(dsn, connect_timeout=3).close()
    except psycopg2.OperationalError:
        return False
    return True
