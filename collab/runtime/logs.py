"""Log files of bounded size, one per program, and the same lines on the terminal under the program's name."""

import os
import sys
from pathlib import Path

LARGEST_BYTES = 5 * 1024 * 1024
OLDER_FILES = 2


class LogFile:
    """Appends to one file; a full one becomes `.1`, that one `.2`, and the oldest goes."""

    def __init__(self, path: Path, largest_bytes: int = LARGEST_BYTES) -> None:
        self.path = path
        self.largest_bytes = largest_bytes
        self._file = path.open("ab", buffering=0)

    def write(self, data: bytes) -> None:
        """Append; a full disk loses log lines, never the run."""
        try:
            if self._file.tell() + len(data) > self.largest_bytes:
                self._turn()
            self._file.write(data)
        except OSError:
            return

    def tail(self, lines: int = 12, longest_bytes: int = 4000) -> str:
        """Return its last lines."""
        with self.path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - longest_bytes))
            return "\n".join(file.read().decode(errors="replace").strip().splitlines()[-lines:])

    def close(self) -> None:
        self._file.close()

    def _turn(self) -> None:
        self._file.close()
        for number in range(OLDER_FILES, 0, -1):
            older = self._numbered(number - 1)
            if older.exists():
                older.replace(self._numbered(number))
        self._file = self.path.open("ab", buffering=0)

    def _numbered(self, number: int) -> Path:
        return self.path if number == 0 else self.path.with_name(f"{self.path.name}.{number}")


class Terminal:
    """Writes to standard output until nobody reads it any more."""

    def __init__(self) -> None:
        self._is_open = True

    def say(self, text: str) -> None:
        """Write one message of our own."""
        self._write(text + "\n")

    def lines(self, name: str, data: bytes) -> None:
        """Write a program's lines under its name."""
        text = data.decode(errors="replace").rstrip("\n")
        self._write("".join(f"{name:<10} | {line}\n" for line in text.split("\n")))

    def _write(self, text: str) -> None:
        if not self._is_open:
            return
        try:
            sys.stdout.write(text)
            sys.stdout.flush()
        except (OSError, ValueError):
            self._is_open = False
