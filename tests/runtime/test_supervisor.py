"""The supervisor with small programs: restarts, endings, logs."""

import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from collab.runtime.logs import LogFile, Terminal
from collab.runtime.problems import RuntimeProblem
from collab.runtime.process import Launch
from collab.runtime.supervisor import Program, Supervisor
from tests.support.processes import descendants, read_process

pytestmark = pytest.mark.runtime


@pytest.fixture
def supervisor() -> Iterator[Supervisor]:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    found = Supervisor(Terminal())
    yield found
    found.stop()
    for number, handler in before.items():
        signal.signal(number, handler)


def program(tmp_path: Path, code: str, name: str = "small", tier: int = 0) -> Program:
    launch = Launch([sys.executable, "-u", "-c", code])
    return Program(name, lambda: launch, LogFile(tmp_path / f"{name}.log"), tier)


def said(found: Program, text: str) -> bool:
    return text in found.log.path.read_text()


def test_killed_program_comes_back(supervisor: Supervisor, tmp_path: Path):
    small = program(tmp_path, "import os, time; print('pid', os.getpid()); time.sleep(60)")
    supervisor.start(small)
    supervisor.wait_until(lambda: said(small, "pid"), 10, "it did not start")
    assert small.process is not None
    first = small.process.pid

    small.process.kill()

    supervisor.wait_until(lambda: small.log.path.read_text().count("pid") == 2, 10, "it did not come back")
    assert small.process.pid != first


def test_what_a_killed_program_left_behind_is_ended(supervisor: Supervisor, tmp_path: Path):
    code = "import subprocess, time; p = subprocess.Popen(['sleep', '77']); print('below', p.pid); time.sleep(60)"
    small = program(tmp_path, code)
    supervisor.start(small)
    supervisor.wait_until(lambda: said(small, "below"), 10, "it did not start")
    assert small.process is not None
    (below,) = descendants(small.process.pid)

    small.process.kill()

    supervisor.wait_until(lambda: not below.is_alive, 10, "its child stayed")


def test_program_that_never_starts_ends_the_run_with_its_words(supervisor: Supervisor, tmp_path: Path):
    supervisor.start(program(tmp_path, "print('no such setting'); raise SystemExit(3)"))

    with pytest.raises(RuntimeProblem, match=r"`small` does not start(.|\n)*no such setting"):
        supervisor.wait_until(lambda: False, 60, "never")


def test_program_that_ignores_the_signal_is_ended_by_force(
    supervisor: Supervisor, tmp_path: Path, monkeypatch
):
    monkeypatch.setattr("collab.runtime.supervisor.STOP_SECONDS", (0.5, 0.5))
    code = "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf'); time.sleep(60)"
    small = program(tmp_path, code)
    supervisor.start(small)
    supervisor.wait_until(lambda: said(small, "deaf"), 10, "it did not start")
    assert small.process is not None
    began = time.monotonic()

    supervisor.stop()

    assert small.process.returncode == -signal.SIGKILL
    assert time.monotonic() - began < 5
    assert read_process(small.process.pid) is None


def test_servers_stop_after_what_uses_them(supervisor: Supervisor, tmp_path: Path):
    order = tmp_path / "order"
    code = (
        "import signal, sys, time\n"
        "def end(*_):\n"
        "    time.sleep({pause}); open({order!r}, 'a').write('{name} '); sys.exit(0)\n"
        "signal.signal(15, end); print('ready')\n"
        "while True: time.sleep(1)\n"
    )
    below = program(tmp_path, code.format(order=str(order), name="below", pause=0), "below", tier=1)
    above = program(tmp_path, code.format(order=str(order), name="above", pause=0.3), "above")
    for each in (below, above):
        supervisor.start(each)
        supervisor.wait_until(lambda each=each: said(each, "ready"), 10, "it did not start")

    supervisor.stop()

    assert order.read_text() == "above below "


def test_failed_step_tells_its_last_words(supervisor: Supervisor, tmp_path: Path):
    with pytest.raises(RuntimeProblem, match=r"`small` failed(.|\n)*the reason"):
        supervisor.run_once(program(tmp_path, "print('the reason'); raise SystemExit(1)"))


def test_log_stays_bounded(tmp_path: Path):
    log = LogFile(tmp_path / "small.log", largest_bytes=1000)

    for number in range(100):
        log.write(b"%03d " % number * 25 + b"\n")

    files = sorted(path.name for path in tmp_path.iterdir())
    assert files == ["small.log", "small.log.1", "small.log.2"]
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 4000
    assert "099" in log.tail()
    log.close()
