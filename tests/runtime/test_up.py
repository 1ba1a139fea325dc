"""The whole product as a person starts it: healthy, guarded, brought back after kills, gone after SIGTERM."""

import http.cookiejar
import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg2
import pytest

from collab.runtime.environment import load_environment
from collab.runtime.home import make_home, remove_home
from collab.runtime.layout import Layout
from collab.runtime.postgres import installation
from tests.support.old_cluster import make_old_cluster
from tests.support.processes import Process, descendants, eventually

pytestmark = [pytest.mark.runtime, pytest.mark.xdist_group("up")]
ROOT = Path(__file__).resolve().parents[2]
UP_SECONDS = 150
BACK_SECONDS = 40
STOP_SECONDS = 20
DISK_MEBIBYTES = 900
# A program, and what its command line holds.
MAIN_PROGRAMS = {
    "postgres": "bin/postgres -D",
    "valkey": "valkey-server",
    "web": "--interface wsgi",
    "live": "--interface asgi",
    "caddy": "caddy run",
    "dispatcher": "manage.py dispatcher",
    "publish": "worker --queues publish",
    "worker": "worker --queues default,media",
    "beat": "collab -q beat",
}


@dataclass
class Run:
    """One running product."""

    process: "subprocess.Popen[bytes]"
    data: Path
    port: int
    output: Path

    def status(self, path: str = "/healthz") -> int:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status
        except urllib.error.HTTPError as refusal:
            return refusal.code
        except OSError:
            return 0

    def is_up(self) -> bool:
        assert self.process.poll() is None, self.output.read_text()
        return "Collab is up" in self.output.read_text()

    def find(self, words: str) -> Process | None:
        """Return the supervisor's own child whose command line holds the words."""
        below = descendants(self.process.pid)
        supervisors = {self.process.pid} | {p.pid for p in below if "collab.runtime up" in p.command}
        return next((p for p in below if words in p.command and p.parent in supervisors), None)

    def environ(self) -> dict[str, str]:
        found: dict[str, str] = {}
        load_environment(self.data, found)
        return found

    def stop(self) -> None:
        """Send SIGTERM as a service manager does, and see that nothing stays."""
        below = descendants(self.process.pid)
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(STOP_SECONDS)
        left = [process.command for process in below if process.is_alive]
        assert left == []


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def environment(data: Path, port: int) -> dict[str, str]:
    """Return a plain environment: nothing of this test run's own services."""
    kept = {key: os.environ[key] for key in ("HOME", "LANG", "TMPDIR") if key in os.environ}
    place = {"PORT": str(port), "COLLAB_DATA_DIR": str(data), "COLLAB_DEMO": "0", "COLLAB_WEB_WORKERS": "1"}
    return {**kept, **place, "PATH": os.environ["PATH"]}


def begin(command: list[str], data: Path, output: Path, cwd: Path = ROOT) -> Run:
    port = free_port()
    with output.open("wb") as file:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=environment(data, port),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return Run(process, data, port, output)


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Iterator[Run]:
    """The product, started by make as a person does, on an older version's data, in its owner's own folder."""
    place = tmp_path_factory.mktemp("up")
    layout = Layout(place / "var")
    layout.root.mkdir()
    small_disk(layout.root)
    layout.make()
    home = make_home(layout)
    make_old_cluster(layout, home)
    remove_home(layout, home)
    found = begin(["make", "up", f"PYTHON={sys.executable}"], place / "var", place / "output")
    try:
        eventually(found.is_up, UP_SECONDS, "up")
        yield found
    finally:
        if found.process.poll() is None:
            found.stop()
        subprocess.run(["umount", "--lazy", str(layout.root)], check=True)


def small_disk(folder: Path) -> None:
    """Mount a disk of its own on the folder, which a test can fill without harm to the machine."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MEBIBYTES}m,mode=0755", "none", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (
        f"This test mounts a small disk, for which it must run as root: {done.stderr}"
    )


def say(run: Run, statement: str, *, as_owner: bool = False) -> list[tuple]:
    url = run.environ()["DATABASE_OWNER_URL" if as_owner else "DATABASE_URL"]
    link = psycopg2.connect(url)
    try:
        link.autocommit = True
        with link.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
    finally:
        link.close()


def test_up_answers_and_serves_static_files(run: Run):
    manifest = json.loads((run.data / "static" / "staticfiles.json").read_text())
    hashed = manifest["paths"]["css/tokens.css"]

    with urllib.request.urlopen(f"http://localhost:{run.port}/static/{hashed}", timeout=5) as answer:
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert run.status("/accounts/login/") == 200
    assert run.status("/healthz") == 200


def test_up_carried_the_older_data_over(run: Run):
    assert say(run, "SELECT count(*), max(text) FROM from_before", as_owner=True) == [(2000, "Kopi 999")]
    assert (run.data / "postgres-16" / "PG_VERSION").read_text() == "16\n"
    assert "carried over" in run.output.read_text()


def owner(path: Path) -> int:
    return path.lstat().st_uid


def test_only_the_supervisor_keeps_the_rights_of_root(run: Run):
    """Started by root: every program has a number without rights, the database another one, secrets stay shut."""
    uids = {}
    for name, words in MAIN_PROGRAMS.items():
        process = run.find(words)
        assert process is not None, name
        status = Path(f"/proc/{process.pid}/status").read_text()
        uids[name] = owner(Path(f"/proc/{process.pid}"))
        assert "CapEff:\t0000000000000000" in status, name
        assert "\nGroups:\t \n" in status or os.geteuid() != 0, name

    database = uids.pop("postgres")
    assert len(set(uids.values())) == 1
    if os.geteuid() == 0:
        assert 0 not in {database, *uids.values()}
        assert database not in uids.values()
        for folder in ("media", "mail", "valkey", "caddy"):
            assert {owner(run.data / folder)} == set(uids.values()), folder
        for private in ("secrets", "lock", "runtime.json", "log"):
            assert owner(run.data / private) == 0, private
        assert stat.S_IMODE((run.data / "secrets").stat().st_mode) == 0o700


def test_programs_write_mails_where_they_belong(run: Run):
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    page = browser.open(f"http://localhost:{run.port}/accounts/password/reset/", timeout=10).read().decode()
    token = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[0]
    form = urllib.parse.urlencode({"email": "nobody@acme.test", "csrfmiddlewaretoken": token}).encode()

    assert (
        browser.open(f"http://localhost:{run.port}/accounts/password/reset/", form, timeout=10).status == 200
    )

    eventually(lambda: any(run.data.joinpath("mail").iterdir()), 20, "the mail is there")
    assert {owner(path) for path in (run.data / "mail").iterdir()} == {owner(run.data / "mail")}


def test_up_listens_on_loopback_only(run: Run):
    listening = "".join(Path("/proc/net", name).read_text() for name in ("tcp", "tcp6"))
    rows = [row.split() for row in listening.splitlines() if f":{run.port:04X} " in row]
    addresses = {row[1].split(":")[0] for row in rows if row[3] == "0A"}

    assert "0100007F" in addresses
    assert addresses <= {"0100007F", "00000000000000000000000001000000"}


def test_command_by_hand_reaches_the_run(run: Run):
    hand = {"PATH": os.environ["PATH"], "COLLAB_DATA_DIR": str(run.data)}
    code = "from django.db import connection as c; c.ensure_connection(); print(c.settings_dict['USER'], c.is_usable())"

    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "-v", "0", "-c", code],
        cwd=ROOT,
        env=hand,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.stdout.strip() == "collab_app True", done.stderr


def test_programs_hold_no_password_of_the_owner(run: Run):
    for name in ("web", "publish", "dispatcher"):
        process = run.find(MAIN_PROGRAMS[name])
        assert process is not None
        variables = Path(f"/proc/{process.pid}/environ").read_bytes()
        assert b"DATABASE_URL=" in variables
        assert b"DATABASE_OWNER_URL=" not in variables
        assert b"DATABASE_ADMIN_URL=" not in variables


def test_second_run_on_the_folder_is_refused(run: Run, tmp_path: Path):
    second = begin([sys.executable, "-m", "collab.runtime", "up"], run.data, tmp_path / "output")

    assert second.process.wait(30) == 1
    text = second.output.read_text()
    assert f"Collab already runs on {run.data}" in text
    assert f"http://localhost:{run.port}" in text
    assert "Traceback" not in text
    assert run.status() == 200


def test_port_in_use_is_refused_before_anything_starts(tmp_path: Path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        data = tmp_path / "var"
        variables = environment(data, taken.getsockname()[1])

        done = subprocess.run(
            [sys.executable, "-m", "collab.runtime", "up"],
            cwd=ROOT,
            env=variables,
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )

    assert done.returncode == 1
    assert "cannot be used (Address already in use). Nothing was started." in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert not (data / "postgres").exists()


def log_in(run: Run) -> tuple[int, str]:
    """Try to log in as somebody unknown, which the product takes note of; return status and page."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    page = browser.open(f"http://localhost:{run.port}/accounts/login/", timeout=10).read().decode()
    token = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[0]
    fields = {"login": "nobody@acme.test", "password": "no", "csrfmiddlewaretoken": token}
    try:
        form = urllib.parse.urlencode(fields).encode()
        with browser.open(f"http://localhost:{run.port}/accounts/login/", form, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read().decode()


def health(run: Run) -> dict:
    try:
        return json.load(urllib.request.urlopen(f"http://localhost:{run.port}/healthz", timeout=5))
    except urllib.error.HTTPError as refusal:
        return json.load(refusal)


def test_full_disk_is_said_and_passes_without_a_program_ending(run: Run):
    """Filled to the last byte: whoever saves is told, reading goes on, nothing restarts, room mends it."""
    eventually(lambda: run.status() == 200, BACK_SECONDS, "healthy")
    before = {name: run.find(words) for name, words in MAIN_PROGRAMS.items()}
    filler = run.data / "filler"
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(run.data).free - 30 * 1024 * 1024)
    try:
        eventually(lambda: health(run)["writes"] == "refused", 20, "health says it")
        assert health(run)["storage"] == "full"
        with suppress(OSError), filler.open("ab", buffering=0) as file:
            while file.write(bytes(65536)):
                pass
        assert shutil.disk_usage(run.data).free < 65536

        for _time in range(3):
            status, page = log_in(run)
            assert (status, "disk is full" in page) == (503, True)
        assert run.status("/accounts/login/") == 200
        assert run.status() == 503
    finally:
        filler.unlink()

    eventually(lambda: run.status() == 200, BACK_SECONDS, "healthy again")
    assert log_in(run)[0] == 200
    assert {name: run.find(words) for name, words in MAIN_PROGRAMS.items()} == before


def test_every_killed_program_comes_back(run: Run):
    say(run, "CREATE TABLE kept AS SELECT 7 AS number", as_owner=True)
    killed = {}
    for name, words in MAIN_PROGRAMS.items():
        process = run.find(words)
        assert process is not None, name
        killed[name] = process
    for process in killed.values():
        process.kill()

    for name, words in MAIN_PROGRAMS.items():
        eventually(
            lambda words=words, name=name: (again := run.find(words)) and again.pid != killed[name].pid,
            BACK_SECONDS,
            name,
        )
    eventually(lambda: run.status() == 200, BACK_SECONDS, "healthy again")
    assert say(run, "SELECT number FROM kept", as_owner=True) == [(7,)]


def test_sigterm_to_make_leaves_nothing_and_keeps_the_data(run: Run, tmp_path: Path):
    say(run, "CREATE TABLE after AS SELECT 8 AS number", as_owner=True)
    home = Path(json.loads((run.data / "runtime.json").read_text())["home"])

    run.stop()

    assert run.status() == 0
    assert not home.exists()
    assert not (run.data / "runtime.json").exists()
    assert not (run.data / "postgres" / "postmaster.pid").exists()
    foreign = tmp_path / "foreign"
    foreign.write_text("not ours")
    (run.data / "media" / "link").symlink_to(foreign)
    if os.geteuid() == 0:  # as an earlier release left it
        for folder in ("media", "valkey"):
            subprocess.run(["chown", "-hR", "0:0", str(run.data / folder)], check=True)
    again = begin([sys.executable, "-m", "collab.runtime", "up"], run.data, tmp_path / "output")
    eventually(lambda: "DATABASE_URL" in again.environ(), 60, "the database answers")
    assert owner(run.data / "media") == owner(run.data / "valkey") == owner(run.data / "media" / "link")
    assert (owner(run.data / "media") == 0) == (os.geteuid() != 0)
    assert owner(foreign) == os.geteuid()
    assert say(again, "SELECT number FROM after", as_owner=True) == [(8,)]
    below = descendants(again.process.pid)
    again.process.kill()
    again.process.wait()
    eventually(
        lambda: not any(process.is_alive for process in below),
        STOP_SECONDS,
        "all end with a killed supervisor",
    )


def test_up_as_an_unprivileged_user():
    """A copy of the project that belongs to nobody; the interpreter may lie where only root can walk to.

    The database's programs are copied too: `initdb` asks whether it may run `postgres` in a way that no capability
    helps with, and somebody's own environment would lie where that person can walk to.
    """
    place = Path(tempfile.mkdtemp(prefix="collab-nobody-", dir="/tmp"))
    try:
        names = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split("\0")
        for name in filter(None, names):
            if (ROOT / name).is_file():
                (place / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, place / name)
        programs = installation().parent
        for folder in (programs, programs.with_name(f"{programs.name}.libs")):
            shutil.copytree(folder, place / folder.name, symlinks=True)
        command = [sys.executable, "-m", "collab.runtime", "up"]
        if os.geteuid() == 0:
            subprocess.run(["chown", "-R", "65534:65534", str(place)], check=True)
            walk = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
            command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *walk, *command]
        run = begin(command, place / "var", place / "output", cwd=place)
        try:
            eventually(run.is_up, UP_SECONDS, "up")
            assert run.status() == 200
            server = run.find(MAIN_PROGRAMS["postgres"])
            assert server is not None
            assert Path(f"/proc/{server.pid}").stat().st_uid != 0
        finally:
            if run.process.poll() is None:
                run.stop()
    finally:
        shutil.rmtree(place)
