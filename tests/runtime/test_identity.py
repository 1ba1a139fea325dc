"""What a program started by root can do and see afterwards: little."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from collab.runtime import accounts
from collab.runtime.process import CAP_NET_BIND_SERVICE, Launch
from collab.runtime.reach import Reach

pytestmark = pytest.mark.runtime
PYTHON = [Path(sys.base_prefix), Path(sys.prefix)]


@pytest.fixture
def uid() -> int:
    assert os.geteuid() == 0, "This test starts programs as another user, for which it must run as root."
    return accounts.choose_uid()


def said_by(launch: Launch) -> str:
    """Return what a program prints."""
    read, write = os.pipe()
    process = launch.spawn(write)
    os.close(write)
    with os.fdopen(read) as output:
        text = output.read()
    process.wait(20)
    return text


def python(words: str, uid: int, needed: list[Path], **options: int) -> Launch:
    argv = [sys.executable, "-c", words]
    return Launch(argv, env={"HOME": "/"}, uid=uid, cwd="/", reach=Reach.of([*PYTHON, *needed]), **options)


def test_closed_folder_holds_the_needed_folders_only(uid: int, tmp_path: Path):
    """The view is the program's own; ours and every mode stay as they were."""
    closed = tmp_path / "closed"
    for name in ("media", "secrets"):
        (closed / name).mkdir(parents=True)
        (closed / name / "file").write_text(name)
        os.chown(closed / name, uid, uid)
    closed.chmod(0o700)
    words = (
        "import json, os;"
        f"closed = {str(closed)!r}; open(closed + '/media/new', 'w').close();"
        "print(json.dumps([sorted(os.listdir(closed)), open(closed + '/media/file').read(), os.getuid()]))"
    )

    found = json.loads(said_by(python(words, uid, [closed / "media"])))

    assert found == [["media"], "media", uid]
    assert (closed / "media" / "new").stat().st_uid == uid
    assert sorted(path.name for path in closed.iterdir()) == ["media", "secrets"]
    assert closed.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(("capability", "answer"), [(CAP_NET_BIND_SERVICE, "bound"), (None, "refused")])
def test_right_to_low_ports_is_kept_where_it_is_asked_for(uid: int, capability: int | None, answer: str):
    words = (
        "import socket\n"
        "try:\n"
        "    socket.socket().bind(('127.0.0.1', 1023)); print('bound')\n"
        "except PermissionError:\n"
        "    print('refused')\n"
    )
    open_from = int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text())
    assert open_from == 1024, "This machine lets everybody listen on low ports."

    assert said_by(python(words, uid, [], capability=capability)).strip() == answer


def test_folder_is_handed_over_and_what_it_points_at_is_not(uid: int, tmp_path: Path):
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "file").write_text("not ours")
    ours = tmp_path / "ours"
    (ours / "deep").mkdir(parents=True)
    (ours / "deep" / "file").write_text("ours")
    (ours / "link").symlink_to(foreign)
    (ours / "second-name").hardlink_to(foreign / "file")

    accounts.give(ours, uid)

    assert {path.lstat().st_uid for path in (ours, ours / "deep", ours / "deep" / "file", ours / "link")} == {
        uid
    }
    assert {path.stat().st_uid for path in (foreign, foreign / "file")} == {0}


def test_database_and_programs_never_share_a_number(uid: int, tmp_path: Path):
    media, cluster = tmp_path / "media", tmp_path / "postgres"
    media.mkdir()
    cluster.mkdir()
    os.chown(cluster, uid, uid)
    os.chown(media, uid, uid)

    chosen = accounts.program_uid(media, cluster)
    assert chosen not in {0, uid, None}
    os.chown(media, chosen, chosen)
    assert accounts.program_uid(media, cluster) == chosen
    assert subprocess.run(["id", str(chosen)], capture_output=True, check=False).returncode != 0
