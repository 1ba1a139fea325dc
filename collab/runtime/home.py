"""The short folder of one run that holds its sockets: under the data folder where that serves, else in /tmp.

A Unix socket's path may have 107 bytes, and as root the database's own user must be able to walk to it.
"""

import os
import shutil
import tempfile
from pathlib import Path

from collab.runtime import accounts
from collab.runtime.layout import Layout

PREFIX = "collab-"
LONGEST_PATH_BYTES = 107
LONGEST_NAME = "/v/valkey-0000000000.sock.lock"


def make_home(layout: Layout) -> Path:
    """Return an empty folder for this run's sockets; `remove_home` takes it away."""
    local = layout.root / "run"
    fits = len(os.fsencode(local)) + len(LONGEST_NAME) <= LONGEST_PATH_BYTES
    if fits and not (accounts.runs_as_root() and not accounts.everyone_can_enter(layout.root)):
        shutil.rmtree(local, ignore_errors=True)
        local.mkdir(mode=0o700)
        return local
    return Path(tempfile.mkdtemp(prefix=PREFIX, dir=_short_folder()))


def remove_home(layout: Layout, home: Path | str | None) -> None:
    """Remove a run's folder, if it is one of ours; a path from a file is not trusted further than that."""
    folder = Path(home) if home else layout.root / "run"
    is_local = folder == layout.root / "run"
    try:
        is_ours = folder.lstat().st_uid == os.geteuid() and not folder.is_symlink()
    except OSError:
        return
    if is_ours and (is_local or (folder.name.startswith(PREFIX) and folder.parent == _short_folder())):
        shutil.rmtree(folder, ignore_errors=True)


def _short_folder() -> Path:
    """Return where temporary folders may be made whose path is short and open to walk through."""
    personal = os.environ.get("XDG_RUNTIME_DIR")
    if (
        personal
        and not accounts.runs_as_root()
        and len(personal) < 40
        and os.access(personal, os.W_OK | os.X_OK)
    ):
        return Path(personal)
    return Path("/tmp")  # noqa: S108  # mkdtemp makes a 0700 folder of a random name in it
