"""`manage.py verify_activity`: check the sealed record."""

import re
from argparse import ArgumentTypeError
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
        parser.add_argument(
            "--head",
            type=_head,
            metavar="POSITION:HASH",
            help="an earlier head of this workspace, kept elsewhere: shows a chain that was cut short",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print a line for each workspace. Raises: CommandError on a break."""
        slug, known = options["workspace"], options["head"]
        if known and not slug:
            raise CommandError("A head belongs to one workspace: name it with --workspace.")
        workspaces = Workspace.objects.filter(slug=slug) if slug else Workspace.objects.order_by("slug")
        if slug and not workspaces.exists():
            raise CommandError(f"There is no workspace “{slug}”.")
        broken = False
        for workspace in workspaces:
            finding = next(verify(workspace.pk, known_head=known), None)
            if finding is None:
                length, last = head(workspace.pk)
                self.stdout.write(
                    f"{workspace.slug}: {length} entries, chain holds, head {length}:{last or '-'}"
                )
                continue
            broken = True
            where = f"position {finding.position}" if finding.position else "unsealed"
            self.stdout.write(
                f"{workspace.slug}: BROKEN at {where}, entry {finding.entry_id}: {finding.what}"
            )
        if broken:
            raise CommandError("The activity record does not hold.")


def _head(text: str) -> tuple[int, str]:
    position, _colon, link = text.partition(":")
    if not position.isdecimal() or not re.fullmatch(r"[0-9a-f]{64}", link):
        raise ArgumentTypeError("give POSITION:HASH as an earlier run printed it")
    return int(position), link
