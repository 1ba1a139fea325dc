"""`manage.py update_messages`: bring the catalogues up to date with the code."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from collab.messages import update


class Command(BaseCommand):
    """Gather the texts of code and templates into the catalogues."""

    help = "Gathers texts into the message catalogues."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Say how many texts there are and how many wait for a translation."""
        for language, _name in settings.LANGUAGES:
            if language == settings.LANGUAGE_CODE:
                continue
            catalogue = update(settings.BASE_DIR, language)
            missing = [message for message in catalogue if message.id and not message.string]
            self.stdout.write(f"{language}: {len(catalogue)} texts, {len(missing)} without translation")
