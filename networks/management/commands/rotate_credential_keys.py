"""Wraps the data keys of all workspaces with the current key of the ring."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.envelope import EnvelopeError, ring
from networks.services.credentials import rewrap_key
from teams.models import Workspace
from teams.services.feeds import rewrap_feeds
from teams.services.providers import rewrap_provider


class Command(BaseCommand):
    """Rotate the keys of stored credentials while everything runs."""

    help = (
        "Wraps every workspace's data key with the first key of COLLAB_KEYS. Put the new key in front, restart,"
        " run this, then take the old key away."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Go through all workspaces; one that fails does not stop the others."""
        changed, broken = 0, []
        for workspace_id, slug in Workspace.objects.order_by("pk").values_list("pk", "slug"):
            try:
                changed += (
                    rewrap_key(workspace_id) + rewrap_feeds(workspace_id) + rewrap_provider(workspace_id)
                )
            except EnvelopeError as error:
                broken.append(f"{slug}: {error}")
        self.stdout.write(f"{changed} data keys are now wrapped with {ring().current_id}.")
        if broken:
            raise CommandError("Not rotated, and left as they were: " + "; ".join(broken))
