"""Starts one program so that it cannot outlive the process that started it."""

import ctypes
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from collab.runtime.reach import Reach

PR_SET_PDEATHSIG = 1
PR_SET_KEEPCAPS = 8
PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 47, 2
CAPABILITY_VERSION = 0x20080522
CAP_NET_BIND_SERVICE = 10
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
    reach: Reach | None = None
    capability: int | None = None  # the one right of root that stays after the change of user

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
            start_new_session=True,
            preexec_fn=self._become,  # noqa: PLW1509  # one thread, few calls
        )

    def _become(self) -> None:
        """Run in the child, single-threaded, before the program: change view and user, then tie it to us."""
        if self.uid is not None:
            if self.reach is not None:
                self.reach.enter()
            if self.cwd is not None:
                os.chdir(self.cwd)
            _change_user(self.uid, self.capability)
        end_with_parent(self.stop_signal)


def _change_user(uid: int, capability: int | None) -> None:
    """Give up root for good; at most one right is kept. Source: capabilities(7), read 2026-11."""
    if capability is not None:
        _libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    if capability is None:
        return
    mask = 1 << capability
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    rights = (ctypes.c_uint32 * 6)(mask, mask, mask, 0, 0, 0)
    if (
        _libc.capset(header, rights) != 0
        or _libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) != 0
    ):
        raise OSError(ctypes.get_errno(), "the right to listen below port 1024 cannot be kept")


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
