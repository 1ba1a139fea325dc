"""What stops a run, in one sentence for the person who started it."""

import errno
import shutil
from pathlib import Path

MEBIBYTE = 1024 * 1024


class RuntimeProblem(Exception):
    """A run cannot go on; the text says what happened, what was kept and what to do."""


def require_free_space(folder: Path, needed_bytes: int) -> None:
    """Stop before something half-written is left behind.

    Raises: RuntimeProblem.
    """
    free = shutil.disk_usage(folder).free
    if free < needed_bytes:
        raise RuntimeProblem(
            f"The disk that holds {folder} is full: {free // MEBIBYTE} MiB are free and at least "
            f"{needed_bytes // MEBIBYTE} MiB are needed. Nothing was changed. Make room, or point "
            "COLLAB_DATA_DIR to another disk."
        )


def disk_full(folder: Path) -> RuntimeProblem:
    return RuntimeProblem(
        f"The disk that holds {folder} is full. What was saved before is kept. Make room and start again."
    )


def is_disk_full(error: OSError | str) -> bool:
    if isinstance(error, OSError):
        return error.errno in {errno.ENOSPC, errno.EDQUOT}
    return "No space left on device" in error or "Disk quota exceeded" in error
