"""`manage.py backup FOLDER`: the database and the media; `--keys FILE` writes the keys apart."""

import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from activity.services.sealing import head
from collab.backups import make_backup, write_keys
from core.errors import Invalid
from teams.models import Workspace


class Command(BaseCommand):
    """Make one backup while everything runs; the database is dumped as of one instant."""

    help = "Backs up database and media; keep the keys elsewhere."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the folder in which the backup is made."""
        parser.add_argument("folder", type=Path)
        parser.add_argument(
            "--keys", type=Path, help="also write the keys, to this new file; keep it elsewhere"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the new backup's folder. Raises: CommandError."""
        admin_url = os.environ.get("DATABASE_ADMIN_URL")
        if not admin_url:
            raise CommandError(
                "DATABASE_ADMIN_URL is needed: row-level security hides the rows from other roles."
            )
        heads = {workspace.slug: head(workspace.pk) for workspace in Workspace.objects.order_by("slug")}
        try:
            made = make_backup(options["folder"], admin_url=admin_url, heads=heads)
        except (Invalid, OSError) as error:
            raise CommandError(f"No backup was made: {error}") from error
        if options["keys"]:
            write_keys(options["keys"])
        self.stdout.write(str(made.folder))
