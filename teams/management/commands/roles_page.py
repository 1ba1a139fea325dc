"""`manage.py roles_page`: print the page of roles and rights."""

from typing import Any

from django.core.management.base import BaseCommand

from teams.roles_page import page


class Command(BaseCommand):
    """Print `docs/roles.md` as it should be."""

    help = "Prints the table of roles and rights as Markdown."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the page."""
        self.stdout.write(page(), ending="")
