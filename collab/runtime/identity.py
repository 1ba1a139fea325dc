"""As whom everything but the database runs when root started the run: a number of its own, and what belongs to it."""

import os
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

from collab.runtime import accounts, programs
from collab.runtime.layout import Layout
from collab.runtime.process import Launch
from collab.runtime.reach import Reach

PROBE_SECONDS = 60
NAME = "collab"


@dataclass(frozen=True)
class Identity:
    """A number without rights, and the folders that it must reach."""

    uid: int
    reach: Reach
    home: Path

    def put_on(self, launch: Launch) -> Launch:
        """Return the program as this user starts it; libraries that look for a home find an empty folder."""
        own = {"HOME": str(self.home), "USER": NAME, "LOGNAME": NAME}
        variables = {**(os.environ if launch.env is None else launch.env), **own}
        return replace(launch, uid=self.uid, reach=self.reach, env=variables)

    def hand_over(self, layout: Layout) -> None:
        """Give it what programs write: only folders of ours, below the data folder."""
        for folder in (layout.media, layout.mail, layout.caddy, layout.valkey):
            accounts.give(folder, self.uid)

    def works(self, layout: Layout) -> bool:
        """Try whether a program finds its files as this user."""
        variables = {"PATH": os.environ.get("PATH", os.defpath), "COLLAB_MEDIA": str(layout.media)}
        with (layout.log / "identity.log").open("wb") as log:
            try:
                process = self.put_on(programs.probe(variables)).spawn(log.fileno())
            except (OSError, subprocess.SubprocessError):
                return False
            try:
                return process.wait(PROBE_SECONDS) == 0
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                return False


def choose_identity(layout: Layout, home: Path) -> Identity | None:
    """Return as whom programs shall run; None for the user who started the run. Opens this run's own folder."""
    uid = accounts.program_uid(layout.media, layout.postgres)
    if uid is None:
        return None
    home.chmod(0o711)
    own = home / "v"
    own.mkdir(mode=0o700, exist_ok=True)
    accounts.give(own, uid)
    found = Identity(uid, Reach.of(programs.needed_folders(layout, home)), own)
    found.hand_over(layout)
    return found
