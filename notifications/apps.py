"""Wiring of notices."""

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    """Notices and their mails."""

    name = "notifications"
