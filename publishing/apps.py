"""Wiring of the publishing engine."""

from django.apps import AppConfig


class PublishingConfig(AppConfig):
    """The app that carries approved posts to their networks."""

    name = "publishing"
