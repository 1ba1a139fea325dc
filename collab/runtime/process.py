"""Starts one program so that it cannot outlive the process that started it."""

import ctypes
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def end_with_parent(number: signal.Signals) -> None:
    """Ask the kernel to send `number` to this process when the thread that started it ends."""
    _libc.prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)


@dataclass(frozen=True)
class Launch:
    """How to start a program: what, as whom, with which open folders, and how to ask it to stop."""

    argv: Sequence[str]
    env: Mapping[str, str] | None = None
    uid: int | None = None
    pass_fds: tuple[int, ...] = ()
    cwd: Path | str | None = None
    stop_signal: signal.Signals = signal.SIGTERM

    def spawn(self, output: int | None = None) -> subprocess.Popen[bytes]:
        """Start it in a session of its own; its output goes to the descriptor `output`.

        The death signal is set in the child after the change of user, which would clear it.
        """
        base = os.environ if self.env is None else self.env
        return subprocess.Popen(
            list(self.argv),
            env=dict(base),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT if output is not None else None,
            pass_fds=self.pass_fds,
            cwd=self.cwd,
            user=self.uid,
            group=self.uid,
            extra_groups=None if self.uid is None else [],
            start_new_session=True,
            preexec_fn=lambda: end_with_parent(self.stop_signal),  # noqa: PLW1509  # one thread, one libc call
        )


def signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Send a signal to a program and to all that it started in its session."""
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return
    except PermissionError:
        process.send_signal(number)


def stop(process: subprocess.Popen[bytes], number: signal.Signals, timeout_seconds: float) -> None:
    """Ask one program to stop; end it and its descendants by force when it does not."""
    if process.poll() is None:
        process.send_signal(number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout_seconds)
    signal_group(process, signal.SIGKILL)
    process.wait()
