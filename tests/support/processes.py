"""What tests ask of the process table: who descends from whom, who is still there."""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Process:
    """One process, told from a later one of the same number by its start."""

    pid: int
    parent: int
    started: str
    command: str

    @property
    def is_alive(self) -> bool:
        found = read_process(self.pid)
        return found is not None and found.started == self.started

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)


def read_process(pid: int) -> Process | None:
    """Return a process that has not ended; one that only waits to be reaped counts as ended."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
        command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    if fields[0] in {"Z", "X"}:
        return None
    return Process(pid, int(fields[1]), fields[19], command.strip())


def descendants(pid: int) -> list[Process]:
    """Return all processes below one, found by their parents."""
    table = [read_process(int(entry)) for entry in os.listdir("/proc") if entry.isdigit()]
    known, found = {pid}, []
    pending = sorted((process for process in table if process), key=lambda process: int(process.started))
    while new := [process for process in pending if process.parent in known and process.pid not in known]:
        known |= {process.pid for process in new}
        found += new
    return found


def eventually(condition: Callable[[], object], timeout_seconds: float, what: str) -> object:
    """Ask until the answer is true, and return it."""
    deadline = time.monotonic() + timeout_seconds
    while True:
        if answer := condition():
            return answer
        assert time.monotonic() < deadline, f"not within {timeout_seconds} s: {what}"
        time.sleep(0.1)
