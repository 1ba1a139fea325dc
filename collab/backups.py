"""Backup and restore: the database and the media in one signed folder; the keys apart.

A backup without its keys cannot open channel credentials, and a dump that this installation did not sign is
never loaded, since loading a dump runs what stands in it.
"""

import hashlib
import hmac
import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from psycopg2 import sql
from psycopg2.extensions import make_dsn, parse_dsn

from collab.runtime.postgres import installation
from collab.runtime.roles import autocommit, prepare_cluster
from core.clock import now
from core.errors import Invalid

DATABASE_FILE = "database.dump"
MEDIA_FILE = "media.tar"
MANIFEST_FILE = "manifest.json"
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Backup:
    """A finished backup: its folder, the instant it was begun, and what it holds."""

    folder: Path
    made_at: datetime
    manifest: Mapping[str, Any]


def make_backup(target: Path, *, admin_url: str, heads: Mapping[str, tuple[int, str]]) -> Backup:
    """Write database, media and a signed manifest into a new folder under `target`.

    The folder appears under its name only when it is whole. `heads` are length and last hash of each
    workspace's activity chain, by which a later cut can be seen. Raises: Invalid when a tool fails.
    """
    made_at = now()
    name = f"collab-{made_at:%Y%m%d-%H%M%S}"
    unfinished = target / f".{name}.unfinished"
    unfinished.mkdir(parents=True, mode=0o700)
    _run(["pg_dump", "--format=custom", "--file", str(unfinished / DATABASE_FILE), "--dbname", admin_url])
    with tarfile.open(unfinished / MEDIA_FILE, "w") as archive:
        if settings.MEDIA_ROOT.exists():
            archive.add(settings.MEDIA_ROOT, arcname="media")
    manifest = {
        "made_at": made_at.isoformat(),
        "files": {part: _digest(unfinished / part) for part in (DATABASE_FILE, MEDIA_FILE)},
        "bytes": {part: (unfinished / part).stat().st_size for part in (DATABASE_FILE, MEDIA_FILE)},
        "activity_heads": {slug: list(head) for slug, head in heads.items()},
    }
    manifest["signature"] = _signature(manifest)
    (unfinished / MANIFEST_FILE).write_text(json.dumps(manifest, indent=2, sort_keys=True) + "\n")
    folder = target / name
    unfinished.rename(folder)
    return Backup(folder, made_at, manifest)


def write_keys(path: Path) -> None:
    """Write the secrets without which a backup is worth little into a file of their own, readable by its owner."""
    lines = [
        f"COLLAB_KEYS={','.join(settings.COLLAB_KEYS)}",
        f"COLLAB_SEAL_KEY={settings.SEAL_KEY}",
        f"COLLAB_NEWSROOM_KEY={settings.NEWSROOM_KEY}",
        f"SECRET_KEY={settings.SECRET_KEY}",
    ]
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write("\n".join(lines) + "\n")


def read_backup(folder: Path) -> Backup:
    """Return a backup whose signature and digests hold. Raises: Invalid for anything else."""
    try:
        manifest = json.loads((folder / MANIFEST_FILE).read_text())
        signature = manifest.pop("signature")
        made_at = datetime.fromisoformat(manifest["made_at"])
    except (OSError, ValueError, KeyError, AttributeError):
        raise Invalid(_("This folder holds no complete backup.")) from None
    if not hmac.compare_digest(signature, _signature(manifest)):
        raise Invalid(_("This backup was not made with this installation's seal key; it is not loaded."))
    for part, digest in manifest["files"].items():
        if _digest(folder / part) != digest:
            raise Invalid(
                _("The file %(name)s of this backup was changed; it is not loaded.") % {"name": part}
            )
    return Backup(folder, made_at, manifest)


def load_backup(backup: Backup, *, admin_url: str) -> None:
    """Put database and media back in place of what stands there; the old media folder is kept beside the new one."""
    name = parse_dsn(admin_url)["dbname"]
    maintenance = make_dsn(admin_url, dbname="postgres")
    with autocommit(maintenance) as admin:
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
    prepare_cluster(maintenance, database=name, passwords={})
    _run(
        [
            "pg_restore",
            "--exit-on-error",
            "--single-transaction",
            "--dbname",
            admin_url,
            str(backup.folder / DATABASE_FILE),
        ]
    )
    media: Path = settings.MEDIA_ROOT
    arriving = media.with_name(f"{media.name}.arriving")
    shutil.rmtree(arriving, ignore_errors=True)
    with tarfile.open(backup.folder / MEDIA_FILE) as archive:
        archive.extractall(arriving, filter="data")
    if media.exists():
        media.rename(media.with_name(f"{media.name}.before-{now():%Y%m%d-%H%M%S}"))
    found = arriving / "media"
    found.mkdir(exist_ok=True)
    found.rename(media)
    arriving.rmdir()


def _run(command: list[str]) -> None:
    done = subprocess.run(  # noqa: S603  # fixed program names, arguments of our own making
        [str(installation() / "bin" / command[0]), *command[1:]], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Invalid(f"{command[0]}: {done.stderr.strip()[-600:]}")


def _digest(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(_CHUNK):
            found.update(part)
    return found.hexdigest()


def _signature(manifest: Mapping[str, Any]) -> str:
    body = json.dumps(manifest, sort_keys=True, separators=(",", ":")).encode()
    return hmac.new(f"backup:{settings.SEAL_KEY}".encode(), body, hashlib.sha256).hexdigest()
