"""What the bell of the shell shows."""

from django.http import HttpRequest

from notifications.selectors import count_unread


def unread(request: HttpRequest) -> int:
    """Return how many notices the reader has not read."""
    return count_unread(request.actor)  # type: ignore[attr-defined]  # set by the middleware
