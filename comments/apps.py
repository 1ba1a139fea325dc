"""Wiring of comments."""

from django.apps import AppConfig


class CommentsConfig(AppConfig):
    """Comments on any subject."""

    name = "comments"
