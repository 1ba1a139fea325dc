"""`manage.py compile_messages`: write the binary catalogues."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from collab.messages import compile_all


class Command(BaseCommand):
    """Compile the catalogues with Babel."""

    help = "Compiles the message catalogues."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Name what was written."""
        for path in compile_all(settings.BASE_DIR):
            self.stdout.write(str(path.relative_to(settings.BASE_DIR)))
