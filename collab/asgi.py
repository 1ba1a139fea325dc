"""The event stream, and nothing else: one `changed` event carries a reference, never content."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "collab.settings")

import django

django.setup()

from collab.live import application  # noqa: E402  # Django must be set up before models are imported

__all__ = ["application"]
