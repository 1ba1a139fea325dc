"""`manage.py restore FOLDER`: put a backup back; everything outgoing stays paused until somebody has looked."""

import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from collab.backups import load_backup, read_backup
from core.errors import Invalid
from publishing.services.restores import after_restore


class Command(BaseCommand):
    """Load a signed backup in place of what stands there."""

    help = "Restores database and media from a backup made by this installation."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the backup's folder and the confirmation."""
        parser.add_argument("folder", type=Path)
        parser.add_argument("--yes", action="store_true", help="replace what stands there")

    def handle(self, *args: Any, **options: Any) -> None:
        """Restore and say what is held. Raises: CommandError."""
        admin_url = os.environ.get("DATABASE_ADMIN_URL")
        if not admin_url:
            raise CommandError("DATABASE_ADMIN_URL is needed to restore.")
        if not options["yes"]:
            raise CommandError("This replaces the whole database and all media. Say --yes to go on.")
        connections.close_all()
        try:
            backup = read_backup(options["folder"])
            load_backup(backup, admin_url=admin_url)
        except (Invalid, OSError) as error:
            raise CommandError(f"Nothing was restored: {error}") from error
        held = after_restore()
        self.stdout.write(
            f"Restored what stood at {backup.made_at:%Y-%m-%d %H:%M} UTC. Outgoing posts are paused in every"
            f" workspace; {held} deliveries that fell due since wait for somebody to say whether they are live."
        )
