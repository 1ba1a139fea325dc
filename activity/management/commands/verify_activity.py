"""`manage.py verify_activity`: check the sealed record."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from activity.services.sealing import head, verify
from teams.models import Workspace


class Command(BaseCommand):
    """Verify the chain of one workspace or of all; exit status 1 and the first bad row on a break."""

    help = "Verifies the hash chain of the activity record."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take one workspace's slug."""
        parser.add_argument("--workspace", help="slug of one workspace; all without it")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print a line for each workspace. Raises: CommandError on a break."""
        slug = options["workspace"]
        workspaces = Workspace.objects.filter(slug=slug) if slug else Workspace.objects.order_by("slug")
        if slug and not workspaces.exists():
            raise CommandError(f"There is no workspace “{slug}”.")
        broken = False
        for workspace in workspaces:
            finding = next(verify(workspace.pk), None)
            if finding is None:
                length, last = head(workspace.pk)
                self.stdout.write(f"{workspace.slug}: {length} entries, chain holds, head {last[:16] or '-'}")
                continue
            broken = True
            where = f"position {finding.position}" if finding.position else "unsealed"
            self.stdout.write(
                f"{workspace.slug}: BROKEN at {where}, entry {finding.entry_id}: {finding.what}"
            )
        if broken:
            raise CommandError("The activity record does not hold.")
