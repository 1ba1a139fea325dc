"""Runs spin over `delivery.pml`: every class holds, every planted bug is found, the model is the table and no less."""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from publishing.states import DELIVERY

MODEL = Path(__file__).with_name("delivery.pml")
INSTALL = "apt-get install -y --no-install-recommends spin gcc libc6-dev"
_STEP = re.compile(r"STEP\((\w+), (\w+), (\w+)\)")
_UNREACHED = re.compile(r'delivery\.pml:(\d+), state (\d+), "state = (\w+)"')
_ERRORS = re.compile(r"errors: (\d+)")
_STORED = re.compile(r"(\d+) states, stored")
RUN_SECONDS = 900


@dataclass(frozen=True)
class Run:
    """One search: its class, the bug planted in it (none: 0), and what is looked for."""

    name: str
    defines: Mapping[str, int | str]
    fails: bool = False
    cycles: bool = False


@dataclass
class Found:
    """What a search came to."""

    run: Run
    errors: int
    states: int
    unreached: set[tuple[str, str, str]] = field(default_factory=set)
    says: str = ""

    @property
    def holds(self) -> bool:
        """Tell whether it came out as it must."""
        return (self.errors > 0) is self.run.fails


SEARCHES = [Run(f"class {name}", {"CLASS": name}) for name in "KDSFN"]
FROZEN = [Run(f"class {name}, frozen worker", {"CLASS": name, "FROZEN": 1, "FAULTS": 1}) for name in "KD"]
ENDINGS = [Run("no run without an end, class F", {"CLASS": "F", "FAULTS": 1, "SLIPS": 0}, cycles=True)]
BUGS = [
    Run("planted: sent again blindly, class F", {"CLASS": "F", "BUG": "BLIND_RESEND"}, fails=True),
    Run("planted: sent again blindly, class N", {"CLASS": "N", "BUG": "BLIND_RESEND"}, fails=True),
    Run("planted: one look only, class F", {"CLASS": "F", "BUG": "ONE_LOOK"}, fails=True),
    Run("planted: asked too early, class F", {"CLASS": "F", "BUG": "UNSETTLED_LOOK"}, fails=True),
    Run("planted: token not compared, class N", {"CLASS": "N", "BUG": "NO_TOKEN"}, fails=True),
    Run("planted: silence is success, class D", {"CLASS": "D", "BUG": "TRUSTED_SILENCE"}, fails=True),
    Run("planted: lost calls stay lost, class D", {"CLASS": "D", "BUG": "LOST_CALLS"}, fails=True),
]
PLAN = [*SEARCHES, *FROZEN, *ENDINGS, *BUGS]


def steps_of_model() -> set[tuple[str, str, str]]:
    """Return the transitions that the model takes."""
    text = re.sub(r"/\*.*?\*/", "", MODEL.read_text(), flags=re.DOTALL)
    return {found.groups() for found in _STEP.finditer(text)} - {("from", "verb", "to")}


def steps_of_table() -> set[tuple[str, str, str]]:
    """Return the transitions of the product's table."""
    return {(step.from_, step.verb, step.to) for step in DELIVERY}


def differences() -> list[str]:
    """Return what only one of model and table knows, in words."""
    model, table = steps_of_model(), steps_of_table()
    only_model = [f"only the model knows {' → '.join(step)}" for step in sorted(model - table)]
    return only_model + [f"only the table knows {' → '.join(step)}" for step in sorted(table - model)]


def never_taken(found: list[Found]) -> list[str]:
    """Return the steps that no class ever takes: a rule that is never tried proves nothing."""
    sets = [each.unreached for each in found if each.run in SEARCHES]
    idle = set.intersection(*sets) if sets else set()
    return [f"line {line}: no class ever comes to {state}" for line, _, state in sorted(idle)]


def search(run: Run) -> Found:
    """Let spin write the search, compile it and run it."""
    with _folder() as folder:
        defines = [f"-D{name}={value}" for name, value in run.defines.items()]
        _call(["spin", "-a", *defines, MODEL.name], folder)
        kind = ["-DNP"] if run.cycles else ["-DSAFETY"]
        _call(
            [
                "gcc",
                "-O1" if run.fails else "-O2",
                "-w",
                *kind,
                "-DCOLLAPSE",
                "-DMEMLIM=2000",
                "-o",
                "pan",
                "pan.c",
            ],
            folder,
        )
        said = _call(["./pan", "-m20000", *(["-l"] if run.cycles else [])], folder)
        errors, states = _ERRORS.search(said), _STORED.search(said)
        assert errors, f"{run.name}: spin did not come to an end\n{said[-2000:]}"
        trail = ""
        if int(errors[1]) and not run.fails:
            trail = _call(["spin", "-t", "-p", "-g", *defines, MODEL.name], folder)[-1500:]
    is_cut = "max search depth too small" in said or "out of memory" in said
    assert not is_cut, f"{run.name}: the search was cut short\n{said[-2000:]}"
    unreached = {found.groups() for found in _UNREACHED.finditer(said)}
    return Found(run, int(errors[1]), int(states[1]) if states else 0, unreached, trail)


def search_all(runs: list[Run]) -> Iterator[Found]:
    """Search two at a time."""
    with ThreadPoolExecutor(2) as pool:
        yield from pool.map(search, runs)


def stamp() -> Path:
    """Return the file that says that this very model held under this very checker and spin."""
    version = subprocess.run(["spin", "-V"], capture_output=True, check=False).stdout
    found = hashlib.sha256(version + MODEL.read_bytes() + Path(__file__).read_bytes())
    found.update(repr(sorted(steps_of_table())).encode())
    folder = os.environ.get("COLLAB_TEST_CACHE") or f"{tempfile.gettempdir()}/collab-test-cache-{os.getuid()}"
    return Path(folder) / f"model-{found.hexdigest()[:20]}"


def missing_programs() -> list[str]:
    """Return which programs are not installed."""
    return [name for name in ("spin", "gcc") if shutil.which(name) is None]


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="collab-model-") as name:
        shutil.copy(MODEL, name)
        yield Path(name)


def _call(command: list[str], folder: Path) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=RUN_SECONDS,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0 or "errors:" in said, f"{' '.join(command)}\n{said[-2000:]}"
    return said
