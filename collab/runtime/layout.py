"""Where things lie under the data folder, and the small files a run leaves there.

var/lock            held for as long as a run lives; names its pid
var/runtime.json    addresses of the running services, for commands started by hand
var/secrets/        one generated secret per file, 0600
var/postgres/       the database cluster
var/valkey/ var/media/ var/mail/ var/log/ var/static/ var/caddy/
"""

import json
import os
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DEFAULT_DATA_DIR = Path(__file__).resolve().parents[2] / "var"
SECRET_BYTES = 32


def data_dir_from(environ: Mapping[str, str]) -> Path:
    """Return the data folder that the environment names, or `var` beside the code."""
    return Path(environ.get("COLLAB_DATA_DIR") or DEFAULT_DATA_DIR).expanduser().absolute()


@dataclass(frozen=True)
class Layout:
    """The paths of one data folder."""

    root: Path

    @property
    def postgres(self) -> Path:
        return self.root / "postgres"

    @property
    def valkey(self) -> Path:
        return self.root / "valkey"

    @property
    def media(self) -> Path:
        return self.root / "media"

    @property
    def mail(self) -> Path:
        return self.root / "mail"

    @property
    def log(self) -> Path:
        return self.root / "log"

    @property
    def static(self) -> Path:
        return self.root / "static"

    @property
    def caddy(self) -> Path:
        return self.root / "caddy"

    @property
    def lock(self) -> Path:
        return self.root / "lock"

    @property
    def runtime_file(self) -> Path:
        return self.root / "runtime.json"

    def make(self) -> None:
        """Create the folders that every run needs; only this user may read what is secret."""
        self.root.mkdir(parents=True, exist_ok=True)
        for private in ("secrets", "mail", "media", "valkey"):
            (self.root / private).mkdir(mode=0o700, exist_ok=True)
        for name in ("log", "static", "caddy"):
            (self.root / name).mkdir(exist_ok=True)

    def secret(self, name: str) -> str:
        """Return the named secret, made on first use."""
        path = self.root / "secrets" / name
        if path.exists():
            return path.read_text().strip()
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        value = secrets.token_urlsafe(SECRET_BYTES)
        write_private(path, value + "\n")
        return value

    def read_runtime(self) -> dict[str, Any]:
        """Return what the last run wrote about itself; empty when there is none."""
        try:
            found = json.loads(self.runtime_file.read_text())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def write_runtime(self, facts: dict[str, Any]) -> None:
        write_private(self.runtime_file, json.dumps(facts, indent=2, sort_keys=True) + "\n")


def write_private(path: Path, text: str) -> None:
    """Write a file of mode 0600 in one step, so that a reader never sees half of it."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    Path(name).replace(path)
