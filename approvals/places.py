"""Where requests lie: with the thing they are about."""

from collections.abc import Sequence

from django.db.models import Q

from approvals.models import Request
from core.errors import NotFound
from teams.actors import Actor, Bounds
from teams.places import places_of, subjects_within
from teams.subjects import load_subject


def places_of_request(request: Request) -> Sequence[frozenset[str]]:
    """Return the scopes of what the request is about: itself, and where it lies."""
    itself = frozenset({str(request.ref)})
    try:
        return (itself, *places_of(load_subject(Actor.system(request.workspace_id), request.ref)))
    except NotFound:
        return (itself,)


def requests_within(scopes: frozenset[str]) -> Q:
    """Return the condition on requests about something that lies within scopes."""
    return subjects_within(Bounds(only=scopes))
