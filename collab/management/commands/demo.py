"""`manage.py demo`: load the demo workspaces; where they stand already, nothing is changed."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from collab.demo.loading import load_demo
from collab.demo.people import COLLEAGUES, OWNERS, PASSWORD
from core.errors import WrongState


class Command(BaseCommand):
    """Load what is missing and say who can log in."""

    help = (
        "Loads the demo workspaces acme and other, two months around today. Running it again changes nothing."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Load the demo. Raises: CommandError in production."""
        try:
            loaded = load_demo()
        except WrongState as refusal:
            raise CommandError(refusal.message) from refusal
        if not loaded.slugs:
            self.stdout.write("The demo is loaded already; nothing was changed.")
        for slug in loaded.slugs:
            self.stdout.write(f"Loaded the workspace {slug}.")
        self.stdout.write(f"Log in with the password {PASSWORD}:")
        owners = [(email, name) for _key, name, email in OWNERS.values()]
        for email, name in (*owners, *((email, name) for _key, name, email, *_ in COLLEAGUES)):
            self.stdout.write(f"  {email:<18} {name}")
