"""Notices that need a look into several apps at once."""

from home.receivers import absences, posts


def register() -> None:
    """Register the kinds of notice and the subscriptions, at start."""
    posts.register()
    absences.register()
