"""`make up`: services, migrations, demo, and all programs behind one port, until told to stop."""

import fcntl
import json
import os
import signal
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, TextIO

import psycopg2

from collab.runtime import programs
from collab.runtime.environment import DATABASE_NAME, ROLE_SECRETS, service_environment
from collab.runtime.home import make_home, remove_home
from collab.runtime.identity import Identity, choose_identity
from collab.runtime.layout import Layout, data_dir_from
from collab.runtime.logs import LogFile, Terminal
from collab.runtime.postgres import Postgres
from collab.runtime.problems import RuntimeProblem, disk_full, is_disk_full
from collab.runtime.process import Launch, end_with_parent
from collab.runtime.roles import APP, OWNER, prepare_cluster
from collab.runtime.room import Room, refuse_changes
from collab.runtime.supervisor import Program, Stopped, Supervisor
from collab.runtime.upgrade import carry_over
from collab.runtime.valkey import Valkey

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
SERVICE_SECONDS = 60
HEALTHY_SECONDS = 120
DEMO_LOGINS = (
    ("ana@acme.test", "owns the workspace"),
    ("ben@acme.test", "writes posts"),
    ("cleo@acme.test", "approves posts"),
    ("farah@acme.test", "designs"),
    ("jun@acme.test", "looks after the community"),
    ("eve@other.test", "belongs to another workspace"),
)


@dataclass(frozen=True)
class Place:
    """Where a run listens."""

    port: int
    bind: str

    @property
    def addresses(self) -> list[str]:
        """Return the addresses to listen on; `localhost` may mean either of the two loopback addresses."""
        if self.bind in LOOPBACK:
            return ["127.0.0.1", *(["::1"] if _has_ipv6_loopback() else [])]
        return [self.bind]

    @property
    def is_loopback(self) -> bool:
        return self.bind in LOOPBACK

    @property
    def listen(self) -> str:
        return " ".join(f"[{address}]" if ":" in address else address for address in self.addresses)

    def require_free(self) -> None:
        """Raises: RuntimeProblem when something else listens there."""
        for address in self.addresses:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            with socket.socket(family) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((address, self.port))
                except OSError as error:
                    raise RuntimeProblem(
                        f"Port {self.port} on {address} cannot be used ({error.strerror}). Nothing was started. "
                        f"Choose another one: PORT={self.port + 1} make up"
                    ) from error


def up() -> int:
    """Run everything until SIGTERM or SIGINT; return the exit status."""
    terminal = Terminal()
    os.umask(0o022)
    _end_with_make()
    layout = Layout(data_dir_from(os.environ))
    supervisor = Supervisor(terminal)
    try:
        place = _place()
        layout.make()
        with _only_run(layout, place) as lock:
            place.require_free()
            supervisor.listen()
            return _Run(layout, place, supervisor, terminal, lock).go()
    except RuntimeProblem as problem:
        terminal.say(str(problem))
    except OSError as error:
        if not is_disk_full(error):
            raise
        terminal.say(str(disk_full(layout.root)))
    return 1


class _Run:
    """One run from its first program to its last."""

    def __init__(
        self, layout: Layout, place: Place, supervisor: Supervisor, terminal: Terminal, lock: TextIO
    ) -> None:
        self.layout = layout
        self.place = place
        self.supervisor = supervisor
        self.terminal = terminal
        self.lock = lock
        remove_home(layout, layout.read_runtime().get("home"))
        self.home = make_home(layout)
        self.postgres = Postgres(layout.postgres, self.home, layout.secret("postgres-admin"))
        self.valkey = Valkey(layout.valkey, self.home)
        self.environment: dict[str, str] = {}
        self.identity: Identity | None = None

    def go(self) -> int:
        """Start, serve, stop. What was started is stopped on every way out."""
        begun = time.monotonic()
        try:
            self._start_services()
            self._prepare_data()
            self._start_programs()
            self._greet(time.monotonic() - begun)
            self.supervisor.run_forever()
        except Stopped:
            self.terminal.say("Stopping …")
        finally:
            self.supervisor.stop()
            self.postgres.close()
            self.layout.runtime_file.unlink(missing_ok=True)
            remove_home(self.layout, self.home)
        self.terminal.say("Everything has stopped; the data is kept in " + str(self.layout.root))
        return 0

    def _start_services(self) -> None:
        self.terminal.say("Starting the database and the broker …")
        self.layout.write_runtime({"home": str(self.home)})
        carry_over(self.layout, self.home, self.supervisor.wait_until, self.terminal.say)
        self._change_identity()
        self.postgres.prepare()
        self.valkey.prepare()
        self._keep_as_is("postgres", self.postgres.launch, tier=1)
        self._keep_as_is("valkey", self.valkey.launch, tier=1)
        self.supervisor.wait_until(self.postgres.is_ready, SERVICE_SECONDS, "The database did not answer")
        self.supervisor.wait_until(self.valkey.is_ready, SERVICE_SECONDS, "The broker did not answer")
        self._watch_room()
        passwords = {role: self.layout.secret(secret) for role, secret in ROLE_SECRETS.values()}
        prepare_cluster(
            self.postgres.url(),
            database=DATABASE_NAME,
            passwords={role: passwords[role] for role in (OWNER, APP)},
        )
        self.layout.write_runtime(self._facts())
        self.environment = self._environment()

    def _watch_room(self) -> None:
        switches = [partial(refuse_changes, self.postgres.url()), self.valkey.keep_no_file]
        room = Room(self.layout.root, switches, self.terminal)
        room.begin()
        self.supervisor.watches.append(room.look)

    def _change_identity(self) -> None:
        """As root, let programs run as a number without rights, where they can."""
        found = choose_identity(self.layout, self.home)
        if found is not None and found.works(self.layout):
            self.identity = found
            self.postgres.readers = self.valkey.uid = found.uid
            self.valkey.reach = found.reach
        elif found is not None:
            self.terminal.say(
                "Only root can read the project or its Python here, and this machine allows no view of its own for "
                "other users. So pages and workers run as root; the database does not. Move the project to a folder "
                "that others may enter, or start Collab as another user."
            )

    def _prepare_data(self) -> None:
        self.terminal.say("Preparing the database and the static files …")
        for words in (
            ("compile_messages",),
            ("migrate", "--database", "owner", "--no-input", "-v", "0"),
            ("collectstatic", "--no-input", "-v", "0"),
        ):
            self._once(*words)
        if self.environment["COLLAB_DEMO"] == "1" and self._has_no_workspace():
            self.terminal.say("Loading the demo workspace …")
            self._once("demo")

    def _start_programs(self) -> None:
        if self.identity is not None:  # what the set-up wrote as root
            self.identity.hand_over(self.layout)
        self.environment = self._environment()
        environment, home = self.environment, self.home
        self._keep("web", lambda: programs.web(environment, home))
        self._keep("live", lambda: programs.live(environment, home))
        self._keep(
            "caddy",
            lambda: programs.caddy(
                environment, self.layout, home, port=self.place.port, listen=self.place.listen
            ),
        )
        self._keep("dispatcher", lambda: programs.manage(environment, "dispatcher"))
        self._keep("publish", lambda: programs.worker(environment, "publish", 24, pool="threads"))
        self._keep("worker", lambda: programs.worker(environment, "default,media", 2))
        self._keep("beat", lambda: programs.beat(environment))
        self.supervisor.wait_until(self._is_healthy, HEALTHY_SECONDS, "Collab did not become healthy")

    def _keep(self, name: str, launch: Callable[[], Launch]) -> None:
        identity = self.identity
        self._keep_as_is(name, launch if identity is None else lambda: identity.put_on(launch()))

    def _keep_as_is(self, name: str, launch: Callable[[], Launch], tier: int = 0) -> None:
        self.supervisor.start(Program(name, launch, self._log(name), tier))

    def _once(self, *words: str) -> None:
        environment = self._environment(for_setup=True)
        program = Program(
            words[0], lambda: programs.manage(environment, *words), self._log(f"setup-{words[0]}")
        )
        self.supervisor.run_once(program)

    def _log(self, name: str) -> LogFile:
        return LogFile(self.layout.log / f"{name}.log")

    def _facts(self) -> dict[str, Any]:
        base = os.environ.get("COLLAB_BASE_URL") or f"http://localhost:{self.place.port}"
        demo = os.environ.get("COLLAB_DEMO") or ("1" if self.place.is_loopback else "0")
        return {
            "pid": os.getpid(),
            "home": str(self.home),
            "port": self.place.port,
            "url": base,
            "demo": demo,
            "postgres_socket_dir": str(self.postgres.socket_dir),
            "valkey_socket": str(self.valkey.socket_path),
        }

    def _environment(self, *, for_setup: bool = False) -> dict[str, str]:
        """Return what a program gets: the caller's variables, and ours for what is embedded.

        Programs that serve and work never hold the owner's or the administrator's password.
        """
        found = service_environment(self.layout, self._facts())
        environment = {
            **os.environ,
            **found,
            "PYTHONUNBUFFERED": "1",
            "DJANGO_SETTINGS_MODULE": "collab.settings",
        }
        environment.pop("DATABASE_ADMIN_URL", None)
        if not for_setup:
            environment.pop("DATABASE_OWNER_URL", None)
        return environment

    def _has_no_workspace(self) -> bool:
        link = psycopg2.connect(self.postgres.url(DATABASE_NAME))
        try:
            with link.cursor() as cursor:
                cursor.execute("SELECT NOT EXISTS (SELECT FROM teams_workspace)")
                return bool((cursor.fetchone() or (False,))[0])
        finally:
            link.close()

    def _is_healthy(self) -> bool:
        address = self.place.addresses[0].replace("0.0.0.0", "127.0.0.1")  # noqa: S104  # asked, not bound
        host = f"[{address}]" if ":" in address else address
        try:
            with urllib.request.urlopen(f"http://{host}:{self.place.port}/healthz", timeout=2) as answer:
                return bool(answer.status == 200)
        except urllib.error.HTTPError as refusal:
            return refusal.code < 500
        except (urllib.error.URLError, OSError, ValueError):
            return False

    def _greet(self, seconds: float) -> None:
        url = self._facts()["url"]
        say = self.terminal.say
        say(f"\nCollab is up after {seconds:.0f} s: {url}")
        if self.environment["COLLAB_DEMO"] == "1":
            say("Log in as (password demo-demo-demo):")
            for address, what in DEMO_LOGINS:
                say(f"    {address:<18} {what}")
            say(f"Mails land in {self.layout.mail} and can be read at {url}/dev/mail/")
        say("Ctrl-C stops everything.\n")


def _place() -> Place:
    text = os.environ.get("PORT") or "8000"
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise RuntimeProblem(f"PORT must be a number from 1 to 65535; it is “{text}”. Nothing was started.")
    return Place(int(text), os.environ.get("COLLAB_BIND") or "127.0.0.1")


@contextmanager
def _only_run(layout: Layout, place: Place) -> Iterator[TextIO]:
    """Hold the data folder for this run alone. Raises: RuntimeProblem that names the other run."""
    with layout.lock.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise RuntimeProblem(_who_runs(layout, lock.read())) from None
        lock.truncate(0)
        lock.write(json.dumps({"pid": os.getpid(), "url": f"http://localhost:{place.port}"}))
        lock.flush()
        yield lock


def _who_runs(layout: Layout, text: str) -> str:
    other: dict[str, Any] = {}
    with suppress(ValueError):
        other = json.loads(text)
    return (
        f"Collab already runs on {layout.root}: process {other.get('pid', '?')}, {other.get('url', '')}. "
        "Nothing was changed. Stop that run, or choose another folder: COLLAB_DATA_DIR=… PORT=… make up"
    )


def _end_with_make() -> None:
    """Under make, stop when make is gone, even when nobody passed a signal on."""
    if os.environ.get("MAKELEVEL"):
        parent = os.getppid()
        end_with_parent(signal.SIGTERM)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGTERM)


def _has_ipv6_loopback() -> bool:
    if not socket.has_ipv6:
        return False
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            return False
    return True
