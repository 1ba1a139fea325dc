"""The roof: settings, root URLs, Celery, API router, navigation, and the `make up` runtime.

Wires the apps together; holds no rules and no models.
"""

from collab.celery import app as celery_app

__all__ = ["celery_app"]
