"""What happens while the disk runs full: nothing is saved any more, nothing breaks, and it goes on by itself.

A database that cannot extend its log stops dead and may not start again. So it is told to refuse changes while
there is still room to do so, and the broker to keep no file (its messages are hints). Pages go on showing what is
there, and whoever saves is told. A reserve file, given up first, is the room in which this happens.
"""

import os
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psycopg2

from collab.runtime.logs import Terminal
from collab.runtime.problems import MEBIBYTE
from collab.runtime.roles import autocommit

LOW_BYTES = 48 * MEBIBYTE
RESERVE_BYTES = 32 * MEBIBYTE
ENOUGH_BYTES = LOW_BYTES + RESERVE_BYTES + 32 * MEBIBYTE
LOOK_EVERY_SECONDS = 0.5


class Room:
    """Looks at the free space of the data folder's disk and switches saving off and on."""

    def __init__(self, folder: Path, switches: list[Callable[[bool], None]], terminal: Terminal) -> None:
        self.folder = folder
        self.reserve = folder / "reserve"
        self.switches = switches
        self.terminal = terminal
        self.is_low = False
        self._undone: list[Callable[[bool], None]] = []
        self._look_at = 0.0

    def begin(self) -> None:
        """Let everything be saved, also where an earlier run ended on a full disk. Raises: psycopg2.Error, OSError."""
        for switch in self.switches:
            switch(False)
        self._keep_reserve()

    def look(self) -> None:
        """Compare what is free with the two marks; repeats a switch that failed."""
        if time.monotonic() < self._look_at:
            return
        self._look_at = time.monotonic() + LOOK_EVERY_SECONDS
        free = shutil.disk_usage(self.folder).free
        if free < LOW_BYTES and not self.is_low:
            self._turn(is_low=True)
            self.reserve.unlink(missing_ok=True)
            self.terminal.say(
                f"The disk that holds {self.folder} is almost full ({free // MEBIBYTE} MiB are free). Nothing can be "
                "saved until there is room; what is saved stays readable. It goes on by itself then."
            )
        elif free >= ENOUGH_BYTES and self.is_low:
            self._turn(is_low=False)
            self._keep_reserve()
            self.terminal.say("There is room on the disk again: everything can be saved.")
        self._do()

    def _turn(self, *, is_low: bool) -> None:
        self.is_low = is_low
        self._undone = list(self.switches)

    def _do(self) -> None:
        for switch in list(self._undone):
            try:
                switch(self.is_low)
            except (psycopg2.Error, OSError):
                continue  # its server may be on its way back; the next look repeats it
            self._undone.remove(switch)

    def _keep_reserve(self) -> None:
        if self.reserve.exists() or shutil.disk_usage(self.folder).free < ENOUGH_BYTES:
            return
        with suppress(OSError), self.reserve.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, RESERVE_BYTES)


def refuse_changes(admin_dsn: str, is_low: bool) -> None:  # the one thing a switch is told
    """Let every transaction that begins from now on be read-only, or no longer. Raises: psycopg2.Error."""
    wanted = "on" if is_low else "off"
    with autocommit(admin_dsn, options="-c default_transaction_read_only=off", connect_timeout="2") as admin:
        admin.execute(f"ALTER SYSTEM SET default_transaction_read_only = {wanted}")
        admin.execute("SELECT pg_reload_conf()")
