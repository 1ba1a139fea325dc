"""One loop over all programs of a run: it passes on what they say, brings back what dies, and stops them all.

Single-threaded: the kernel's death signal of a child hangs on the thread that started it.
Stopping goes by tiers: first what serves and works, then the servers below it, all within 20 seconds.
"""

import os
import selectors
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from types import FrameType

from collab.runtime.logs import LogFile, Terminal
from collab.runtime.problems import RuntimeProblem
from collab.runtime.process import Launch, signal_group

FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 10.0
STEADY_SECONDS = 20.0
FAILURES_BEFORE_GIVING_UP = 6
STOP_SECONDS = (9.0, 8.0)  # for the upper tier, then for the servers below
TURN_SECONDS = 0.25
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Stopped(Exception):
    """Somebody asked the run to stop."""


@dataclass
class Program:
    """A program that runs for as long as the run does, or once."""

    name: str
    launch: Callable[[], Launch]
    log: LogFile
    tier: int = 0  # 0 stops first, 1 last
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    failures: int = 0
    again_at: float = 0.0
    stop_signal: signal.Signals = signal.SIGTERM
    rest: bytes = field(default=b"", repr=False)

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.returncode is None


class Supervisor:
    """Runs programs until told to stop."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self.programs: list[Program] = []
        self.is_settled = False
        self.watches: list[Callable[[], None]] = []
        self._asked = 0
        self._stopping = False
        self._selector = selectors.DefaultSelector()
        self._wake, self._waker = socket.socketpair()
        for end in (self._wake, self._waker):
            end.setblocking(False)
        self._selector.register(self._wake, selectors.EVENT_READ)

    def listen(self) -> None:
        """Take the signals that stop a run, and wake up when a child ends."""
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        for number in STOP_SIGNALS:
            signal.signal(number, self._ask)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)

    def start(self, program: Program) -> None:
        """Start a program and keep it running."""
        self.programs.append(program)
        self._spawn(program)

    def run_once(self, program: Program, timeout_seconds: float = 600) -> None:
        """Run a program to its end while all others are looked after.

        Raises: RuntimeProblem with the end of its log, Stopped.
        """
        self._spawn(program)
        try:
            self.wait_until(lambda: self._ended(program), timeout_seconds, f"`{program.name}` did not end")
            if program.process is not None and program.process.returncode != 0:
                raise RuntimeProblem(
                    f"`{program.name}` failed. The data in the database is as that step left it. "
                    f"It said:\n{program.log.tail()}"
                )
        finally:
            if program.process is not None:
                signal_group(program.process, signal.SIGKILL)

    def wait_until(self, condition: Callable[[], bool], timeout_seconds: float, failure: str) -> None:
        """Look after the programs until the condition holds.

        Raises: RuntimeProblem, Stopped.
        """
        deadline = time.monotonic() + timeout_seconds
        while not condition():
            if time.monotonic() >= deadline:
                raise RuntimeProblem(
                    f"{failure} within {timeout_seconds:.0f} s. Everything was stopped again."
                )
            self.turn(0.05)

    def run_forever(self) -> None:
        """Look after the programs until somebody asks to stop. Raises: Stopped."""
        self.is_settled = True
        while True:
            self.turn(TURN_SECONDS)
            for watch in self.watches:
                watch()

    def turn(self, timeout_seconds: float) -> None:
        """Do one round: pass on output, see who ended, start again who is due."""
        self._pass_on(timeout_seconds)
        if self._asked and not self._stopping:
            raise Stopped
        for program in self.programs:
            self._see_to(program)

    def stop(self) -> None:
        """Stop everything, tier by tier; what does not stop in time is ended by force."""
        self._stopping = True
        for tier, seconds in enumerate(STOP_SECONDS):
            members = [program for program in self.programs if program.tier == tier]
            for program in members:
                if program.is_running and program.process is not None:
                    program.process.send_signal(program.stop_signal)
            self._await(members, seconds)
            for program in members:
                if program.process is not None:
                    signal_group(program.process, signal.SIGKILL)
                    program.process.wait()
        self._pass_on(0)
        for program in self.programs:
            program.log.close()

    def _await(self, members: list[Program], seconds: float) -> None:
        """Wait for programs to end; a second request to stop shortens the wait for the upper tier."""
        deadline = time.monotonic() + seconds
        asked = self._asked
        while any(program.process and program.process.poll() is None for program in members):
            is_impatient = self._asked > asked and members[0].tier == 0
            if is_impatient or time.monotonic() >= deadline:
                return
            self._pass_on(0.05)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self._asked += 1

    def _spawn(self, program: Program) -> None:
        launch = program.launch()
        program.stop_signal = launch.stop_signal
        read, write = os.pipe()
        os.set_blocking(read, False)
        try:
            program.process = launch.spawn(write)
        except OSError:
            os.close(read)
            raise
        finally:
            os.close(write)
        program.started_at = time.monotonic()
        self._selector.register(read, selectors.EVENT_READ, program)

    def _see_to(self, program: Program) -> None:
        if program.process is None:
            if time.monotonic() >= program.again_at:
                self._start_again(program)
        elif self._ended(program):
            self._bury(program)

    def _ended(self, program: Program) -> bool:
        return program.process is not None and program.process.poll() is not None

    def _bury(self, program: Program) -> None:
        """Take note of an unasked end, end what the program left behind, and plan the next start."""
        process = program.process
        if process is None:
            return
        signal_group(process, signal.SIGKILL)
        program.process = None
        was_steady = time.monotonic() - program.started_at >= STEADY_SECONDS
        program.failures = 1 if was_steady else program.failures + 1
        if not self.is_settled and program.failures >= FAILURES_BEFORE_GIVING_UP:
            raise RuntimeProblem(f"`{program.name}` does not start. It said:\n{program.log.tail()}")
        pause = min(FIRST_PAUSE_SECONDS * 2 ** (program.failures - 1), LONGEST_PAUSE_SECONDS)
        program.again_at = time.monotonic() + pause
        self.terminal.say(
            f"{program.name} ended ({_reason(process.returncode)}); it starts again in {pause:.1f} s."
        )

    def _start_again(self, program: Program) -> None:
        try:
            self._spawn(program)
        except (RuntimeProblem, OSError) as problem:
            program.failures += 1
            program.again_at = time.monotonic() + LONGEST_PAUSE_SECONDS
            self.terminal.say(f"{program.name} cannot start yet: {problem}")

    def _pass_on(self, timeout_seconds: float) -> None:
        for key, _events in self._selector.select(timeout_seconds):
            if key.data is None:
                with suppress(BlockingIOError):
                    self._wake.recv(4096)
                continue
            self._read(key.fd, key.data)

    def _read(self, descriptor: int, program: Program) -> None:
        data = os.read(descriptor, 65536)
        if not data:
            self._selector.unregister(descriptor)
            os.close(descriptor)
        whole, newline, program.rest = (program.rest + data).rpartition(b"\n")
        if not data and program.rest:
            whole, newline, program.rest = program.rest, b"\n", b""
        if newline:
            program.log.write(whole + newline)
            self.terminal.lines(program.name, whole)


def _reason(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"exit {code}"
