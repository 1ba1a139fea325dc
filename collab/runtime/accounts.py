"""Which user the database runs as when Collab is started by root: one of its own, never root.

PostgreSQL refuses to run as root. The server itself needs no entry in /etc/passwd, so each cluster gets a
number of its own from a range that no system hands out; nothing is added to the machine's user list. Only
`initdb` looks itself up there, so it runs as an existing powerless user, and the files change hands after.

The new user need not be able to walk to the data folder (a home folder is often 0700): it is handed an open
descriptor of it and reaches it as /proc/self/fd/N. No foreign folder's mode is touched.
"""

import os
import pwd
import secrets
from pathlib import Path

from collab.runtime.problems import RuntimeProblem

# systemd's table "Users, Groups, UIDs and GIDs" lists these as unused.
OWN_UIDS = range(60578, 61184)
READ_AND_ENTER = 0o005


def runs_as_root() -> bool:
    return os.geteuid() == 0


def choose_uid() -> int:
    """Return a number that no account and no running process has."""
    taken = {entry.pw_uid for entry in pwd.getpwall()} | _uids_of_processes()
    free = [uid for uid in OWN_UIDS if uid not in taken]
    if not free:
        raise RuntimeProblem(
            "No user number is free for the database. Start Collab as a user other than root."
        )
    return secrets.choice(free)


def powerless_uid() -> int:
    """Return an existing account that is nobody in particular, for `initdb`."""
    for name in ("nobody", "daemon"):
        try:
            return pwd.getpwnam(name).pw_uid
        except KeyError:
            continue
    raise RuntimeProblem(
        "The database cannot be set up as root: this machine has no user `nobody`. "
        "Start Collab as a user other than root."
    )


def give(folder: Path, uid: int) -> None:
    """Hand a folder of ours and all in it to another user; links are handed over, not followed."""
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            os.chown(Path(parent) / name, uid, uid, follow_symlinks=False)
    os.chown(folder, uid, uid)


def everyone_can_enter(path: Path) -> bool:
    """Say whether any user may walk to this folder and read it."""
    return all(
        folder.stat().st_mode & (READ_AND_ENTER if folder == path else 0o001)
        for folder in (path, *path.parents)
    )


def _uids_of_processes() -> set[int]:
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                found.add(entry.stat().st_uid)
            except OSError:
                continue
    return found
