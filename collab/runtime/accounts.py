"""Which users the programs run as when Collab is started by root: numbers of their own, never root.

The database has one number and all other programs another, so that no page can touch the cluster's files.
A program needs no entry in /etc/passwd, so numbers come from a range that no system hands out; nothing is added to
the machine's user list. Only `initdb` looks itself up there: it runs as an existing powerless user, and the files
change hands after.

The database's user need not be able to walk to the data folder (a home folder is often 0700): it is handed an open
descriptor of it and reaches it as /proc/self/fd/N; reach.py helps the others. No foreign folder's mode is touched.
"""

import os
import pwd
import secrets
import stat
from pathlib import Path

from collab.runtime.problems import RuntimeProblem

# systemd's table "Users, Groups, UIDs and GIDs" lists these as unused.
OWN_UIDS = range(60578, 61184)
READ_AND_ENTER = 0o005


def runs_as_root() -> bool:
    return os.geteuid() == 0


def choose_uid(*besides: int | None) -> int:
    """Return a number that no account and no running process has, and none of those given."""
    taken = {entry.pw_uid for entry in pwd.getpwall()} | _uids_of_processes() | set(besides)
    free = [uid for uid in OWN_UIDS if uid not in taken]
    if not free:
        raise RuntimeProblem(
            "No user number is free for the programs. Start Collab as a user other than root."
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


def program_uid(media: Path, cluster: Path) -> int | None:
    """Return the number of all programs but the database: the media folder's owner, if it is one of ours."""
    if not runs_as_root():
        return None
    owner = media.stat().st_uid
    database = cluster.stat().st_uid if cluster.exists() else None
    return owner if owner in OWN_UIDS and owner != database else choose_uid(database)


def give(folder: Path, uid: int) -> None:
    """Hand a folder of ours and all in it to another user.

    Walked by descriptors and never through links: whoever owned it before cannot lead us elsewhere. A file with a
    second name, which may lie elsewhere, is left.
    """
    for _path, folders, files, here in os.fwalk(folder):
        for name in (*folders, *files):
            found = os.stat(name, dir_fd=here, follow_symlinks=False)
            if found.st_uid != uid and (stat.S_ISDIR(found.st_mode) or found.st_nlink == 1):
                os.chown(name, uid, uid, dir_fd=here, follow_symlinks=False)
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
