"""How a program without root's rights finds its files below folders that only root may enter.

Root's home is closed as a rule, and so may be the folder that holds the project or the data. No mode is changed:
the program gets a view of its own (a mount namespace) in which each closed folder is an empty one that holds the
needed folders and nothing else. Where all is open, or the kernel grants no such view, nothing is done.
Source: mount_namespaces(7), read 2026-11.
"""

import ctypes
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

CLONE_NEWNS = 0x00020000
MS_NOSUID, MS_NODEV, MS_BIND, MS_REC, MS_PRIVATE = 0x2, 0x4, 0x1000, 0x4000, 0x40000
ENTER = 0o001
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Reach:
    """The folders that a program needs."""

    folders: tuple[Path, ...]

    @classmethod
    def of(cls, folders: Iterable[Path]) -> "Reach":
        """Return the reach of these folders, under the names given and their real ones."""
        return cls(tuple(sorted({name for folder in folders for name in (folder, folder.resolve())})))

    def is_closed(self) -> bool:
        """Say whether somebody without rights could not walk to one of them."""
        return any(_closed(parent) for folder in self.folders for parent in folder.parents)

    def enter(self) -> None:
        """Change this process's view, as root; parents come before what lies in them. Raises: OSError."""
        if not self.is_closed():
            return
        _check(_libc.unshare(CLONE_NEWNS))
        _mount("none", Path("/"), "", MS_REC | MS_PRIVATE)
        held = [(folder, os.open(folder, os.O_PATH)) for folder in self.folders]
        for folder, descriptor in held:
            for parent in reversed(folder.parents):
                if _closed(parent):
                    _mount("tmpfs", parent, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=1m")
            folder.mkdir(parents=True, exist_ok=True)
            if not os.path.samestat(folder.stat(), os.fstat(descriptor)):
                _mount(f"/proc/self/fd/{descriptor}", folder, "", MS_BIND | MS_REC)
            os.close(descriptor)


def _closed(folder: Path) -> bool:
    """Say whether others may not enter; what an emptied view does not hold yet is made open."""
    return folder.exists() and not folder.stat().st_mode & ENTER


def _mount(source: str, target: Path, kind: str, flags: int, options: str = "") -> None:
    words = (source.encode(), os.fsencode(target), kind.encode() or None)
    _check(_libc.mount(*words, ctypes.c_ulong(flags), options.encode() or None))


def _check(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
