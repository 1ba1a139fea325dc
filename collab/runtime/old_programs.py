"""Finds the programs of an older PostgreSQL: in the wheel that is installed, in the cache, or from the registry.

Wheels carry several versions at a time. For one that left them, the release that had it last is installed by pip,
hash checked, into the data folder's cache: `postgresql-N.txt` beside this module names it.
"""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from collab.runtime.postgres import PACKAGE, installation
from collab.runtime.problems import MEBIBYTE, require_free_space
from collab.runtime.process import end_with_parent

LOCKS = Path(__file__).resolve().parent
FETCH_SECONDS = 600
SPACE_TO_FETCH_BYTES = 300 * MEBIBYTE


def find_programs(major: int, cache: Path, bundled: Iterable[Path] | None = None) -> Path | None:
    """Return the folder with bin, lib and share of that version; None where none is to be had.

    Raises: RuntimeProblem when the disk is too full to fetch them.
    """
    places = installation().parent.glob("pginstall*") if bundled is None else bundled
    if found := _of_version(places, major):
        return found
    kept = cache / f"postgresql-{major}"
    if found := _of_version((kept / PACKAGE).glob("pginstall*"), major):
        return found
    lock = LOCKS / f"postgresql-{major}.txt"
    return _fetch(lock, kept, major) if lock.exists() else None


def _of_version(places: Iterable[Path], major: int) -> Path | None:
    for place in sorted(places):
        if _version(place) == major:
            return place
    return None


def _version(place: Path) -> int | None:
    """Ask a server's program which major version it is; `postgres (PostgreSQL) 16.14`."""
    try:
        said = subprocess.run(
            [str(place / "bin" / "postgres"), "--version"],
            capture_output=True,
            text=True,
            check=True,
            timeout=20,
        ).stdout
        return int(said.split()[-1].partition(".")[0])
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return None


def _fetch(lock: Path, kept: Path, major: int) -> Path | None:
    """Install the named release into a folder beside the final one and rename it when it is whole."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    require_free_space(kept.parent, SPACE_TO_FETCH_BYTES)
    partial = kept.with_name(kept.name + ".partial")
    for folder in (partial, kept):
        shutil.rmtree(folder, ignore_errors=True)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    command += [
        "--require-hashes",
        "--no-deps",
        "--only-binary=:all:",
        "--target",
        str(partial),
        "-r",
        str(lock),
    ]
    try:
        done = subprocess.run(
            command,
            env={**os.environ, "PIP_RETRIES": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=FETCH_SECONDS,
            preexec_fn=lambda: end_with_parent(signal.SIGKILL),
        )
        if done.returncode != 0:
            return None
        partial.rename(kept)
    except subprocess.TimeoutExpired:
        return None
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return _of_version((kept / PACKAGE).glob("pginstall*"), major)
