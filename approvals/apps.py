"""Wiring of approvals."""

from django.apps import AppConfig


class ApprovalsConfig(AppConfig):
    """The approval engine."""

    name = "approvals"
