"""Celery workers and dispatchers as real processes on the test's own database and broker.

fleet = Fleet(tmp_path); fleet.start("worker"); fleet.start("dispatcher")
fleet.wait_for(lambda: …, 30, "what")       # restarts what was killed, as a supervisor does
fleet.crash_at("after_intent")              # the first to reach it is killed with its process group
fleet.stop()
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from collab.runtime.process import end_with_parent

COMMANDS = {
    "worker": [
        "-m",
        "celery",
        "-A",
        "tests.support.engine",
        "worker",
        "-Q",
        "publish,media,default",
        "-P",
        "prefork",
        "-c",
        "2",
        "--without-mingle",
        "--without-gossip",
        "--without-heartbeat",
    ],
    "threads": [
        "-m",
        "celery",
        "-A",
        "tests.support.engine",
        "worker",
        "-Q",
        "publish,media,default",
        "-P",
        "threads",
        "-c",
        "8",
        "--without-mingle",
        "--without-gossip",
        "--without-heartbeat",
    ],
    "publish": [
        "-m",
        "celery",
        "-A",
        "tests.support.engine",
        "-q",
        "worker",
        "-Q",
        "publish",
        "-P",
        "threads",
        "-c",
        "24",
        "--loglevel",
        "WARNING",
        "--without-mingle",
        "--without-gossip",
    ],
    "dispatcher": ["-m", "tests.support.engine", "dispatcher"],
}


@dataclass
class Member:
    """One process of the fleet and how to start it again."""

    kind: str
    name: str
    environment: Mapping[str, str]
    process: subprocess.Popen[bytes]
    starts: int = 1


@dataclass
class Fleet:
    """The processes of one test; whoever dies is started again by `tend`."""

    folder: Path
    extra: dict[str, str] = field(default_factory=dict)
    members: list[Member] = field(default_factory=list)

    def start(self, kind: str, **environment: str) -> Member:
        """Start a worker or a dispatcher."""
        name = f"{kind}-{len(self.members)}"
        settings = {
            **os.environ,
            "COLLAB_ALLOW_PRIVATE_HOSTS": "127.0.0.1",
            "COLLAB_TEST_FAULTS": str(self.faults),
            "PYTHONWARNINGS": "ignore",
            **self.extra,
            **environment,
        }
        member = Member(kind, name, settings, self._spawn(kind, name, settings))
        self.members.append(member)
        return member

    @property
    def faults(self) -> Path:
        """Return the folder of crash points."""
        path = self.folder / "faults"
        path.mkdir(exist_ok=True)
        return path

    @property
    def restarts(self) -> int:
        """Return how often somebody had to be started again."""
        return sum(member.starts - 1 for member in self.members)

    def crash_at(self, point: str) -> None:
        """Let the first process that reaches this point die there."""
        (self.faults / point).touch()

    def kill(self, kind: str) -> None:
        """Kill every process of a kind with its group, at once."""
        for member in self.members:
            if member.kind == kind:
                _signal(member.process, signal.SIGKILL)

    def tend(self) -> None:
        """Start again whoever has died."""
        for member in self.members:
            if member.process.poll() is not None:
                _signal(member.process, signal.SIGKILL)
                member.process = self._spawn(member.kind, member.name, member.environment)
                member.starts += 1

    def frozen(self) -> list[int]:
        """Return the processes that have frozen themselves at a crash point."""
        pids = [int(path.name.partition("-")[2]) for path in self.faults.glob("frozen-*")]
        return [pid for pid in pids if _state_of(pid) == "T"]

    def thaw(self) -> None:
        """Let what is frozen go on."""
        for pid in self.frozen():
            os.kill(pid, signal.SIGCONT)

    def dismiss(self, member: Member) -> None:
        """End one process with its group; nobody starts it again."""
        _signal(member.process, signal.SIGKILL)
        member.process.wait(10)
        self.members.remove(member)

    def dismiss_all(self) -> None:
        """End every process; nobody starts them again."""
        for member in list(self.members):
            self.dismiss(member)

    def wait_for(
        self, condition: Callable[[], object], timeout_seconds: float, what: str, *, tend: bool = True
    ) -> None:
        """Wait until the condition holds, tending the fleet meanwhile."""
        deadline = time.monotonic() + timeout_seconds
        while not condition():
            assert time.monotonic() < deadline, f"not within {timeout_seconds} s: {what}\n{self.logs()}"
            if tend:
                self.tend()
            time.sleep(0.1)

    def logs(self) -> str:
        """Return the end of every process's output."""
        tails = [f"== {path.name}\n{path.read_text()[-3000:]}" for path in sorted(self.folder.glob("*.log"))]
        return "\n".join(tails)

    def stop(self) -> None:
        """End everything that was started."""
        self.dismiss_all()

    def _spawn(self, kind: str, name: str, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, *COMMANDS[kind]],
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=lambda: end_with_parent(signal.SIGKILL),  # noqa: PLW1509  # it calls the kernel only
            )


def _state_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return
